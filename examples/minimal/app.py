"""The least a FUOTA task needs: an image, a region, a group, and how it is sent; the rest has a default.

The three numbers are those of `fuota plan ../../firmware/sensor-1.1.0.bin --rf-region EU868 --data-rate 3 --recommend`.
"""

from pathlib import Path

import aws_cdk as cdk

from fuota_constructs import DlClass, FirmwareImage, FuotaTask, MulticastGroup, RfRegion

FIRMWARE = Path(__file__).parents[2] / "firmware" / "sensor-1.1.0.bin"

app = cdk.App()
stack = cdk.Stack(app, "FuotaMinimal")

meters = MulticastGroup(stack, "Meters", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
task = FuotaTask(
    stack,
    "Update",
    firmware_image=FirmwareImage.from_asset(FIRMWARE),
    rf_region=RfRegion.EU868,
    redundancy_percent=21,
    fragment_size_bytes=112,
    fragment_interval=cdk.Duration.seconds(7),
    multicast_groups=[meters],
)
cdk.CfnOutput(stack, "FuotaTaskId", value=task.fuota_task_id)

app.synth()
