"""The rig of rollouts, see rollout_rig.py, and rollouts as an app has them."""

import sys
from pathlib import Path

import aws_cdk as cdk
import pytest

from fuota_constructs import DeviceList, DlClass, FirmwareImage, FuotaRollout, RfRegion, RolloutTargets

# A plain module beside the tests: pytest's importlib mode does not put folders on the path by itself.
sys.path.insert(0, str(Path(__file__).parent))

from rollout_rig import DEVICES, rig, wireless  # noqa: F401  # pytest finds fixtures by their names here
from rollout_stores import cloud  # noqa: F401  # pytest finds fixtures by their names here


@pytest.fixture
def rollout_of(stack, tmp_path):
    (tmp_path / "meter.bin").write_bytes(b"firmware" * 2500)

    def make(name="Rollout", **given):
        return FuotaRollout(
            stack,
            name,
            **{
                "firmware_image": FirmwareImage.from_asset(tmp_path / "meter.bin"),
                "rf_region": RfRegion.EU868,
                "dl_class": DlClass.CLASS_C,
                "redundancy_percent": 30,
                "fragment_size_bytes": 112,
                "fragment_interval": cdk.Duration.seconds(30),
                "targets": RolloutTargets.devices(DeviceList.of(DEVICES)),
                **given,
            },
        )

    return make
