"""One task whose redundancy and description come from the context."""

import aws_cdk as cdk

from fuota_constructs import DlClass, FirmwareImage, FuotaTask, MulticastGroup, RfRegion

app = cdk.App()
stack = cdk.Stack(app, "Lifecycle")
redundancy = app.node.try_get_context("redundancy")
group = MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
task = FuotaTask(
    stack,
    "Task",
    firmware_image=FirmwareImage.from_asset("firmware.bin"),
    rf_region=RfRegion.EU868,
    description=app.node.try_get_context("description"),
    redundancy_percent=int(redundancy) if redundancy else None,
    fragment_size_bytes=100,
    fragment_interval=cdk.Duration.seconds(5),
    descriptor=b"\x01\x02\x03\x04",
    multicast_groups=[group],
)
cdk.CfnOutput(stack, "TaskId", value=task.fuota_task_id)
app.synth()
