"""Ours: FuotaTask as the README shows it, with the bucket and role it makes and every parameter checked.

It does more than the peers: the firmware goes along, from the local file into the bucket.
"""

import sys
from pathlib import Path

import aws_cdk as cdk

from fuota_constructs import DlClass, FirmwareImage, FuotaTask, MulticastGroup, RfRegion

app = cdk.App()
stack = cdk.Stack(app, "Bench")
group = MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
image = FirmwareImage.from_asset(Path(__file__).parents[2] / "firmware" / "sensor-1.1.0.bin")
for n in range(int(sys.argv[1])):
    FuotaTask(
        stack,
        f"Task{n}",
        fuota_task_name=f"task-{n}",
        firmware_image=image,
        rf_region=RfRegion.EU868,
        redundancy_percent=30,
        fragment_size_bytes=112,
        fragment_interval=cdk.Duration.seconds(7),
        multicast_groups=[group],
    )
app.synth()
