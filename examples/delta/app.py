"""What changed instead of the whole image: 677 bytes take devices from 1.1.0 to 1.2.0, which has 22,864.

The three numbers are those of `fuota plan ../../firmware/sensor-1.2.0.bin --delta-from ../../firmware/sensor-1.1.0.bin
--rf-region EU868 --recommend --loss 12%`. `fuota rehearse` takes fleet.yaml: 200 devices that have the base, and insist
on the descriptor that names it.
"""

from pathlib import Path

import aws_cdk as cdk

from fuota_constructs import Descriptor, DlClass, FirmwareImage, FuotaTask, MulticastGroup, RfRegion

FIRMWARE = Path(__file__).parents[2] / "firmware"

app = cdk.App()
stack = cdk.Stack(app, "FuotaDelta")

sensors = MulticastGroup(stack, "Sensors", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
image = FirmwareImage.delta(base=FIRMWARE / "sensor-1.1.0.bin", target=FIRMWARE / "sensor-1.2.0.bin")
FuotaTask(
    stack,
    "Update",
    firmware_image=image,
    descriptor=Descriptor.of_base(image),
    rf_region=RfRegion.EU868,
    redundancy_percent=81,
    fragment_size_bytes=34,
    fragment_interval=cdk.Duration.seconds(24),
    planned_loss_percent=12,
    multicast_groups=[sensors],
)

app.synth()
