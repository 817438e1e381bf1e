import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from fuota_constructs.local.cloud import LocalCloud

sys.path.insert(0, str(Path(__file__).parent))

from told_function import ToldFunction  # the folder's own modules
from wire import Wire


@pytest.fixture(scope="session")
def cloud(start_cloud: Callable[..., AbstractContextManager[LocalCloud]]) -> Iterator[LocalCloud]:
    """One running local cloud for all tests of this folder; each makes its own resources in it."""
    with start_cloud() as running:
        yield running


@pytest.fixture(scope="session")
def told(cloud: LocalCloud) -> ToldFunction:
    """A function of the cloud that answers as the custom resources say that it is behind."""
    return ToldFunction(cloud)


@pytest.fixture
def stack() -> str:
    """The name of a stack of the test's own."""
    return f"s-{uuid.uuid4().hex}"


@pytest.fixture(scope="module")
def iam_cloud(start_cloud: Callable[..., AbstractContextManager[LocalCloud]]) -> Iterator[LocalCloud]:
    """A cloud that enforces IAM, with TLS."""
    with start_cloud("iam stäte", iam=True) as running:
        yield running


@pytest.fixture
def state_dir(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state folder of the test's own."""
    monkeypatch.setenv("FUOTA_STATE_DIR", f"{tmp_path}/state")


@pytest.fixture(params=["plain", "iam"])
def wire(request: pytest.FixtureRequest) -> Wire:
    """The port of a running cloud, once without and once with IAM and TLS."""
    return Wire(request.getfixturevalue("cloud" if request.param == "plain" else "iam_cloud"))
