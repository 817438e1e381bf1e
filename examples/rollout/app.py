"""A fleet of 1,000 that is updated in three waves: a canary that somebody approves, a tenth, and the rest.

Rehearse it with `fuota rehearse`: the days of the bakes pass within a minute, and some meters of fleet.yaml hear so
badly that they are tried again. Deployed, nothing starts by itself: `fuota rollout start FuotaRollout/Meters`.
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
    redundancy_percent=36,
    fragment_size_bytes=112,
    fragment_interval=cdk.Duration.seconds(7),
    targets=RolloutTargets.devices(DeviceList.from_file(Path(__file__).with_name("meters.csv"))),
    waves=[
        RolloutWave.devices(30, name="canary", bake=cdk.Duration.days(2), approval=True),
        RolloutWave.percent(10, name="tenth", bake=cdk.Duration.days(1)),
        RolloutWave.percent(100, name="rest", bake=cdk.Duration.days(1)),
    ],
    success_percent=90,
    retries=2,
    most_redundancy_percent=60,
    planned_loss_percent=20,  # of the meters in basements; the others hear better
)

app.synth()
