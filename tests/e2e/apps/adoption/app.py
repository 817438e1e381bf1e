"""A task that exists, adopted; with `fail` beside one that cannot be made."""

import aws_cdk as cdk

from fuota_constructs import DlClass, FirmwareImage, FuotaTask, MulticastGroup, RfRegion

app = cdk.App()
stack = cdk.Stack(app, "Adoption")
image = FirmwareImage.from_asset("firmware.bin")
task = FuotaTask(
    stack,
    "Task",
    firmware_image=image,
    rf_region=RfRegion.EU868,
    redundancy_percent=20,
    fragment_size_bytes=48,
    multicast_groups=[MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)],
    adopt_fuota_task_id=app.node.try_get_context("task"),
)
if app.node.try_get_context("fail"):
    nowhere = ["00000000-0000-4000-8000-000000000000"]
    failing = FuotaTask(stack, "Failing", firmware_image=image, rf_region=RfRegion.EU868, wireless_devices=nowhere)
    failing.node.add_dependency(task)
app.synth()
