import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fuota_constructs.local import cloud as clouds
from fuota_constructs.local.cloud import LocalCloud

sys.path.insert(0, str(Path(__file__).parent))

from wire import Wire  # the folder's own module


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """One running local cloud for all tests of this folder; each makes its own resources in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUOTA_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        running = clouds.start(clouds.free_port())
        yield running
        clouds.stop(running)


@pytest.fixture(scope="module")
def iam_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A cloud that enforces IAM, with TLS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUOTA_STATE_DIR", str(tmp_path_factory.mktemp("iam stäte")))
        running = clouds.start(clouds.free_port(), iam=True)
        yield running
        clouds.stop(running)


@pytest.fixture
def state_dir(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state folder of the test's own."""
    monkeypatch.setenv("FUOTA_STATE_DIR", f"{tmp_path}/state")


@pytest.fixture(params=["plain", "iam"])
def wire(request: pytest.FixtureRequest) -> Wire:
    """The port of a running cloud, once without and once with IAM and TLS."""
    return Wire(request.getfixturevalue("cloud" if request.param == "plain" else "iam_cloud"))
