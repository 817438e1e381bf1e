"""One task whose redundancy and description come from the context, in an account and Region of its own."""

import aws_cdk as cdk

from fuota_constructs import DlClass, FirmwareImage, FuotaTask, MulticastGroup, RfRegion

app = cdk.App()
stack = cdk.Stack(app, "Lifecycle", env=cdk.Environment(account="210987654321", region="us-east-1"))
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
