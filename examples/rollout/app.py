"""A fleet that is updated in three waves: a canary that somebody approves, half of the fleet, and the rest.

Rehearse it with `fuota rehearse`: the days of the bakes pass in seconds. Deployed, nothing starts by itself:
`fuota rollout start FuotaRollout/Meters`.
"""

from pathlib import Path

import aws_cdk as cdk

from fuota_constructs import (
    DeviceList,
    DlClass,
    FirmwareImage,
    FuotaRollout,
    RfRegion,
    RolloutTargets,
    RolloutWave,
)

FIRMWARE = Path(__file__).parents[2] / "firmware" / "sensor-1.1.0.bin"

app = cdk.App()
stack = cdk.Stack(app, "FuotaRollout")

FuotaRollout(
    stack,
    "Meters",
    firmware_image=FirmwareImage.from_asset(FIRMWARE),
    rf_region=RfRegion.EU868,
    dl_class=DlClass.CLASS_C,
    redundancy_percent=30,
    fragment_size_bytes=112,
    fragment_interval=cdk.Duration.seconds(7),
    targets=RolloutTargets.devices(DeviceList.from_file(Path(__file__).with_name("meters.csv"))),
    waves=[
        RolloutWave.devices(14, name="canary", bake=cdk.Duration.days(2), approval=True),
        RolloutWave.percent(50, name="half", bake=cdk.Duration.days(1)),
        RolloutWave.percent(100, name="rest"),
    ],
    success_percent=80,
)

app.synth()
