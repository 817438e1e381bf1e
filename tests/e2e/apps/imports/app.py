"""Everything a production app imports: bucket with image, role, groups by id and ARN, devices, a task to watch."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from fuota_constructs import FirmwareImage, FuotaMonitor, FuotaTask, MulticastGroup, RfRegion

ACCOUNT = "111122223333"

app = cdk.App()
stack = cdk.Stack(app, "Imports")
bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "acme-firmware-eu")
role = iam.Role.from_role_arn(stack, "Role", f"arn:aws:iam::{ACCOUNT}:role/fuota/acme-updates")
sent = {
    "rf_region": RfRegion.US915,
    "redundancy_percent": 25,
    "fragment_interval": cdk.Duration.seconds(1),
    "firmware_update_role": role,
}
groups = [
    MulticastGroup.from_multicast_group_id(stack, "ById", "aaaa1111-1111-4111-8111-111111111111"),
    MulticastGroup.from_multicast_group_arn(
        stack,
        "ByArn",
        f"arn:aws:iotwireless:eu-west-1:{ACCOUNT}:MulticastGroup/bbbb1111-1111-4111-8111-111111111111",
    ),
]
FuotaTask(
    stack,
    "ForGroups",
    fuota_task_name="for-groups",
    firmware_image=FirmwareImage.from_bucket(bucket, "meters/2.4.1.bin", size_bytes=30_000),
    fragment_size_bytes=106,
    multicast_groups=groups,
    **sent,
)
FuotaTask(
    stack,
    "ForDevices",
    fuota_task_name="for-devices",
    firmware_image=FirmwareImage.from_bucket(bucket, "meters/2.5.0.bin"),
    wireless_devices=[f"dddd1111-1111-4111-8111-{n:012}" for n in range(10)],
    **sent,
)
elsewhere = FuotaTask.from_fuota_task_id(stack, "Elsewhere", "cccc1111-1111-4111-8111-111111111111")
elsewhere.grants.start(iam.Role(stack, "Operator", assumed_by=iam.AccountRootPrincipal()))
FuotaMonitor(stack, "Monitor", task=elsewhere)
app.synth()
