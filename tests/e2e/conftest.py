import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fuota_constructs.local import cloud as clouds
from fuota_constructs.local.cloud import LocalCloud
from fuota_constructs.local.overview import overview

APPS = Path(__file__).parent / "apps"
REPOSITORY = Path(__file__).parents[2]
LOCK = REPOSITORY / "requirements-dev.lock"


@dataclass(frozen=True)
class Deployed:
    """What a run of the `fuota` command said and how it ended."""

    code: int
    output: str


@dataclass(frozen=True)
class App:
    """A copy of one of the apps, and the cloud it is deployed to."""

    cloud: LocalCloud
    folder: Path

    def fuota(self, *arguments: str, **variables: str) -> Deployed:
        """Run `fuota local <command> ...` in the folder of the app, with more environment variables."""
        command, *rest = arguments
        behind = ["--", *rest] if rest else []
        done = subprocess.run(
            [sys.executable, "-m", "fuota_constructs.cli", "local", command, "--port", str(self.cloud.port), *behind],
            cwd=self.folder,
            env={**os.environ, "CDK_VALIDATION": "false", **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Deployed(done.returncode, done.stdout)

    def succeeds(self, *arguments: str, **variables: str) -> str:
        """As `fuota`, for a run that has to end well."""
        done = self.fuota(*arguments, **variables)
        assert done.code == 0, done.output
        return done.output

    def tasks(self) -> list[dict[str, Any]]:
        """All FUOTA tasks of the cloud."""
        tasks: list[dict[str, Any]] = overview(self.cloud)["fuota_tasks"]
        return tasks


@pytest.fixture(scope="session")
def run() -> Callable[..., str]:
    """Runs a command that has to end well, and answers what it printed."""

    def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
        words = [str(part) for part in command]
        done = subprocess.run(
            words, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    return run


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory, run: Callable[..., str]) -> Callable[[str], Path]:
    """Installs the wheel with some extras into a fresh environment, in the locked versions; answers its programs."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, REPOSITORY, cwd=folder)
    [wheel] = folder.glob("*.whl")

    constraints = folder / "constraints.txt"
    pins = re.findall(
        r"^([a-z0-9][\w.-]*)(?:\[.*?\])?(==\S+(?: ; .*?)?)(?= \\$|$)", LOCK.read_text("utf-8"), re.MULTILINE
    )
    constraints.write_text("\n".join(map("".join, pins)), "utf-8")

    def installed(extras: str) -> Path:
        environment = tmp_path_factory.mktemp("installed")
        run(sys.executable, "-m", "venv", "--without-pip", environment / "venv", cwd=environment)
        programs: Path = environment / "venv" / "bin"
        # The pip of the set-up, as that one has reached its index.
        pip = (sys.executable, "-m", "pip", "--python", programs / "python", "--quiet", "--disable-pip-version-check")
        what = f"{wheel}[{extras}]" if extras else wheel
        run(*pip, "install", "--no-compile", "--constraint", constraints, what, cwd=environment)
        return programs

    return installed


@pytest.fixture(scope="module", autouse=True)
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Clouds of these tests are noted apart from the developer's own, in a folder as people name theirs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUOTA_STATE_DIR", str(tmp_path_factory.mktemp("stäte dir ☃")))
        yield


@pytest.fixture(scope="module")
def cloud(state_folder: None) -> Iterator[LocalCloud]:
    """A cloud for one module of tests."""
    running = clouds.start(clouds.free_port(), requests_per_second=clouds.REHEARSED_REQUESTS_PER_SECOND)
    yield running
    clouds.stop(running)


@pytest.fixture(scope="session")
def app_on(tmp_path_factory: pytest.TempPathFactory) -> Callable[[LocalCloud, str], App]:
    """Copies an app to a folder of its own, as people name theirs, with a firmware image, to be deployed to a cloud."""

    def app_on(cloud: LocalCloud, name: str) -> App:
        folder = tmp_path_factory.mktemp("Prüf stand (neu) ☃ ") / name
        shutil.copytree(APPS / name, folder)
        (folder / "firmware.bin").write_bytes(bytes(range(256)) * 4)
        return App(cloud, folder)

    return app_on
