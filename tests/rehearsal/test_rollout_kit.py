"""Rollouts in the testing kit: the tests of its page, run as they stand there, and what they leave out."""

import re
from pathlib import Path

import pytest

from fuota_constructs.local.errors import LocalCloudError
from fuota_constructs.local.testing import FuotaCloud

pytestmark = pytest.mark.e2e

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "test-with-pytest.md"
APP = """
import aws_cdk as cdk
from fuota_constructs import *

app = cdk.App()
stack = cdk.Stack(app, "Fleet")
devices = DeviceList.of([f"00000001-0000-4000-8000-{n:012x}" for n in range(40)])
FuotaRollout(
    stack,
    "Meters",
    firmware_image=FirmwareImage.from_asset("firmware.bin"),
    rf_region=RfRegion.EU868,
    dl_class=DlClass.CLASS_C,
    redundancy_percent=100,
    fragment_size_bytes=40,
    fragment_interval=cdk.Duration.seconds(30),
    targets=RolloutTargets.devices(devices),
    waves=[RolloutWave.devices(14, approval=True), RolloutWave.percent(50), RolloutWave.percent(100)],
    success_percent=70,
)
app.synth()
"""


@pytest.fixture
def documented(tmp_path: Path):
    """The tests of the page, with an app at the path they name."""
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "cdk.json").write_text('{"app": "python3 app.py"}')
    (tmp_path / "firmware.bin").write_bytes(bytes(range(200)) * 4)
    blocks = re.findall(r"^```py\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    [block] = [block for block in blocks if "fuota_cloud.rollout(" in block]
    names: dict = {}
    exec(compile(block.replace("path/to/cdk/app", str(tmp_path)), PAGE.name, "exec"), names)  # noqa: S102  # the test
    return names


def test_the_canary_waits_for_an_approval_as_documented(documented, fuota_cloud: FuotaCloud, fleet) -> None:
    with pytest.raises(LocalCloudError, match="no rollouts to rehearse are deployed"):
        fuota_cloud.rollout(fleet(devices=40))
    documented["test_the_canary_waits_for_an_approval"](fuota_cloud, fleet)
    with pytest.raises(LocalCloudError, match="no rollouts named Water are deployed: there are Fleet/Meters"):
        fuota_cloud.rollout(fleet(devices=40), "Water")

    again = fuota_cloud.rollout(fleet(devices=40), "Meters")
    with pytest.raises(LocalCloudError, match=r"rollout Fleet/Meters is HELD \(.*\) and never was as the test waits"):
        again.until(lambda now: now.waves[1].delivered > 0, approve=False)
    again.skip()
    on_air = again.until(lambda now: now.waves[1].outcome == "RUNNING" and now.control.get("Step") == "look")
    assert on_air.waves[0].outcome == "SKIPPED"
    again.abort(end_sessions=True)
    result = again.run()
    assert (result.status, result.waves[1].outcome, result.waves[2].attempted) == ("ABORTED", "ABORTED", 0)
    assert fuota_cloud.client("iotwireless").list_fuota_tasks()["FuotaTaskList"] == []


def test_bricks_end_it_in_the_canary_as_documented(documented, fuota_cloud: FuotaCloud, fleet) -> None:
    documented["test_bricks_end_it_in_the_canary"](fuota_cloud, fleet)
