"""Ours with a bucket given to it: what loading aws_cdk.aws_s3 costs."""

import sys

import aws_cdk as cdk

from fuota_constructs import DlClass, FirmwareBucket, FirmwareImage, FuotaTask, MulticastGroup, RfRegion

app = cdk.App()
stack = cdk.Stack(app, "Bench")
bucket = FirmwareBucket(stack, "Firmware")
group = MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
image = FirmwareImage.from_bucket(bucket, "firmware/sensor.bin", size_bytes=22_856)
for n in range(int(sys.argv[1])):
    FuotaTask(
        stack,
        f"Task{n}",
        fuota_task_name=f"task-{n}",
        firmware_image=image,
        firmware_bucket=bucket,
        rf_region=RfRegion.EU868,
        redundancy_percent=30,
        fragment_size_bytes=112,
        fragment_interval=cdk.Duration.seconds(7),
        multicast_groups=[group],
    )
app.synth()
