"""Every example passes a rehearsal, and so does an app that imports everything: all in one cloud, which saves time."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from fuota_constructs.local import cloud as clouds
from fuota_constructs.local.fleet import Fleet
from fuota_constructs.local.testing import FuotaCloud

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
# That of the rollout has no task that waits; tests/cli/rollout rehearses it.
EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/app.py") if path.parent.name != "rollout")


@pytest.fixture(scope="module")
def cloud(start_cloud: Callable[..., AbstractContextManager[clouds.LocalCloud]]) -> Iterator[FuotaCloud]:
    """One cloud for all: a rehearsal takes the tasks that are Pending, which are those deployed last."""
    with start_cloud(requests_per_second=clouds.REHEARSED_REQUESTS_PER_SECOND) as running:
        yield FuotaCloud(running)


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_passes_its_rehearsal(cloud: FuotaCloud, name: str) -> None:
    folder = ROOT / "examples" / name
    cloud.deploy(folder)
    own = folder / "fleet.yaml"
    # What `fuota rehearse` takes by default.
    fleet = Fleet.from_file(own) if own.exists() else Fleet.of(devices=200, loss="10%", seed=1)
    outcome = cloud.rehearse(fleet)
    assert outcome.require("99%").line == f"PASSED {outcome.succeeded}/200 devices (99 % required)"  # and no doubt
    targets = {task.image.delta.target_sha256 if task.image.delta else task.image.sha256 for task in outcome.tasks}
    assert {device.firmware_sha256 for device in outcome.devices if device.has_image} == targets


@pytest.mark.parametrize("document", ["README.md", "docs/how-to/existing-resources.md", "docs/how-to/class-b.md"])
def test_the_first_app_of_a_document_passes_its_rehearsal(cloud: FuotaCloud, document: str, tmp_path: Path) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    app, *_ = re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    settings = re.findall(r"^```json\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    (tmp_path / "app.py").write_text(app, encoding="utf-8")
    (tmp_path / "cdk.json").write_text(settings[0] if settings else '{"app": "python3 app.py"}', encoding="utf-8")
    for folder in ("firmware", "devices"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    cloud.deploy(tmp_path)
    verdict = cloud.rehearse(Fleet.of(devices=200, loss="10%", seed=1)).require("99%")
    assert verdict.line.endswith(" devices (99 % required)")


def test_an_app_that_imports_everything_passes_on_stand_ins(
    cloud: FuotaCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.deploy(ROOT / "tests" / "e2e" / "apps" / "imports")
    said = capsys.readouterr().out
    for expected in (
        "the app names no account and refers to 111122223333: it is rehearsed as if it went there",
        "stand-in: bucket acme-firmware-eu with meters/2.4.1.bin: 30,000 random bytes\n",
        "stand-in: bucket acme-firmware-eu with meters/2.5.0.bin: 20,000 random bytes, as the app does not say",
        "stand-in: role acme-updates, taken to trust iotwireless.amazonaws.com",
        "stand-in: multicast group aaaa1111-1111-4111-8111-111111111111 and 1 more",
        "stand-in: wireless device dddd1111-1111-4111-8111-000000000000 and 9 more",
        "stand-in: FUOTA task cccc1111-1111-4111-8111-111111111111, made elsewhere, so its session is not rehearsed",
    ):
        assert expected in said
    outcome = cloud.rehearse(Fleet.of(devices=40, loss="10%", seed=1))
    outcome.require("99%")
    sizes = {task.name: (len(outcome.devices_of(task)), task.image.size_bytes) for task in outcome.tasks}
    assert sizes == {"for-groups": (40, 30_000), "for-devices": (10, 20_000)}


def test_fails_when_the_app_only_imports_a_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUOTA_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "cdk.json").write_text('{"app": "python3 app.py"}')
    (tmp_path / "app.py").write_text(
        "import aws_cdk as cdk\nfrom aws_cdk import aws_iam as iam\nfrom fuota_constructs import FuotaTask\n"
        "app = cdk.App()\nstack = cdk.Stack(app, 'Operators')\n"
        "task = FuotaTask.from_fuota_task_id(stack, 'Task', '8c3c6d0e-1f5b-4f0b-9b43-2f1b6f7f6a10')\n"
        "task.grants.start(iam.Role(stack, 'Operator', assumed_by=iam.AccountRootPrincipal()))\napp.synth()\n"
    )
    command = [sys.executable, "-m", "fuota_constructs.cli", "rehearse"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "made elsewhere, so its session is not rehearsed here" in " ".join(done.stdout.split())
    assert done.stdout.splitlines()[-1].startswith("FAILED not rehearsed: no FUOTA task that is Pending was deployed")
