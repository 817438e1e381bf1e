import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fuota_constructs.local import cloud as clouds
from fuota_constructs.local.cloud import LocalCloud

Fuota = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Clouds of these tests are noted apart from the developer's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUOTA_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="module")
def cloud(state_folder: None) -> Iterator[LocalCloud]:
    """A running cloud."""
    running = clouds.start(clouds.free_port())
    yield running
    clouds.stop(running)


@pytest.fixture
def fuota(state_folder: None, tmp_path: Path) -> Fuota:
    """Runs the command as a user does, in an empty folder."""

    def fuota(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "fuota_constructs.cli", *arguments],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "100", **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return fuota
