"""A task in a nested stack, and one in a second stack that shares the first stack's group and bucket."""

import aws_cdk as cdk

from fuota_constructs import DlClass, FirmwareBucket, FirmwareImage, FuotaTask, MulticastGroup, RfRegion

app = cdk.App()
first = cdk.Stack(app, "First")
second = cdk.Stack(app, "Second")
bucket = FirmwareBucket(first, "Bucket", removal_policy=cdk.RemovalPolicy.DESTROY)
group = MulticastGroup(first, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_B)
for scope, name in ((cdk.NestedStack(first, "Nested"), "nested"), (second, "second")):
    FuotaTask(
        scope,
        "Task",
        firmware_image=FirmwareImage.from_asset("firmware.bin"),
        rf_region=RfRegion.EU868,
        fuota_task_name=name,
        fragment_size_bytes=50,
        multicast_groups=[group],
        firmware_bucket=bucket,
    )
app.synth()
