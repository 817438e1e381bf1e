"""A task in a nested stack, and one in a second stack that shares the first stack's group, bucket and role."""

import aws_cdk as cdk

from fuota_constructs import (
    DlClass,
    FirmwareBucket,
    FirmwareImage,
    FirmwareUpdateRole,
    FuotaTask,
    MulticastGroup,
    RfRegion,
)

app = cdk.App()
first = cdk.Stack(app, "First")
second = cdk.Stack(app, "Second")
bucket = FirmwareBucket(first, "Bucket")
role = FirmwareUpdateRole(first, "Role")
group = MulticastGroup(first, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_B)
for scope, name in ((cdk.NestedStack(first, "Nested"), "nested"), (second, "second")):
    FuotaTask(
        scope,
        "Task",
        firmware_image=FirmwareImage.from_asset("firmware.bin"),
        rf_region=RfRegion.EU868,
        fuota_task_name=name,
        redundancy_percent=30,
        fragment_size_bytes=50,
        fragment_interval=cdk.Duration.seconds(7),
        multicast_groups=[group],
        firmware_bucket=bucket,
        firmware_update_role=role,
    )
app.synth()
