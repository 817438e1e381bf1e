"""Groups of two LoRaWAN regions in one app: one task for each region, because regions do not mix in a task.

EU868 obeys a duty cycle, so a fragment every 7 s; US915 has none, and carries nearly as much.
"""

from dataclasses import dataclass
from pathlib import Path

import aws_cdk as cdk

from fuota_constructs import DlClass, FirmwareImage, FuotaTask, MulticastGroup, RfRegion

FIRMWARE = Path(__file__).parents[2] / "firmware" / "sensor-1.1.0.bin"


@dataclass(frozen=True)
class Fleet:
    """How one fleet is updated."""

    rf_region: RfRegion
    fragment_size_bytes: int
    fragment_interval: cdk.Duration


FLEETS = {
    "Europe": Fleet(RfRegion.EU868, fragment_size_bytes=112, fragment_interval=cdk.Duration.seconds(7)),
    "America": Fleet(RfRegion.US915, fragment_size_bytes=106, fragment_interval=cdk.Duration.seconds(1)),
}

app = cdk.App()
stack = cdk.Stack(app, "FuotaTwoRegions")
image = FirmwareImage.from_asset(FIRMWARE)

for name, fleet in FLEETS.items():
    group = MulticastGroup(stack, f"{name}Sensors", rf_region=fleet.rf_region, dl_class=DlClass.CLASS_C)
    FuotaTask(
        stack,
        f"{name}Update",
        firmware_image=image,
        rf_region=fleet.rf_region,
        redundancy_percent=25,
        fragment_size_bytes=fleet.fragment_size_bytes,
        fragment_interval=fleet.fragment_interval,
        multicast_groups=[group],
    )

app.synth()
