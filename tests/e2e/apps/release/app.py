"""A task with the default bucket and role, and a synthesizer of its own."""

import aws_cdk as cdk

from fuota_constructs import DlClass, FirmwareImage, FuotaTask, MulticastGroup, RfRegion

app = cdk.App(default_stack_synthesizer=cdk.DefaultStackSynthesizer(qualifier="acme1", bucket_prefix="fleet/"))
stack = cdk.Stack(app, "Release")
group = MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
FuotaTask(
    stack,
    "Update",
    firmware_image=FirmwareImage.from_asset("firmware.bin"),
    rf_region=RfRegion.EU868,
    fuota_task_name="release",
    fragment_size_bytes=50,
    multicast_groups=[group],
)
app.synth()
