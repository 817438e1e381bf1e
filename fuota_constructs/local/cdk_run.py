"""Runs of the pinned CDK CLI against a local cloud. Each has a cdk.out of its own, and leaves the app's files alone."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from fuota_constructs.local import cdk_cli, environment_variables, node
from fuota_constructs.local.cloud import LocalCloud
from fuota_constructs.local.errors import LocalCloudError

CONTEXT = "cdk.context.json"
# Options that say who one is on AWS, and how to get there. Empty, they also outdo cdk.json and ~/.cdk.json.
_DIRECT = ("--profile=", "--proxy=")
_ACCESS = frozenset({"--profile", "--proxy", "--role-arn", "-r", "--ca-bundle-path", "--ec2creds", "-i"})

ENDED_SECONDS = 1.0
Listen = Callable[[str], None]
"""Gets the output of the CDK CLI line by line, instead of ours."""


@dataclass(frozen=True)
class CdkRun:
    """One command of ours, in which the CDK CLI may run several times, with folders that go when it is over.

    That of temporary files is where others are: sockets in it need a short path.
    """

    cloud: LocalCloud
    folder: Path
    temporary: Path

    @classmethod
    def begin(cls, cloud: LocalCloud) -> Self:
        """Make the folders, with a copy of the app's cdk.context.json."""
        runs = cloud.folder / "runs"
        runs.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=runs))
        if Path(CONTEXT).is_file():
            shutil.copy(CONTEXT, folder)
        return cls(cloud, folder, Path(tempfile.mkdtemp(prefix="fuota-")))

    def __enter__(self) -> Self:
        """Nothing more: `begin` has done it."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.end()

    def end(self) -> None:
        """Remove the folders."""
        for folder in (self.folder, self.temporary):
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def assembly(self) -> Path:
        """The cdk.out of this run."""
        return self.folder / "cdk.out"

    def cdk(
        self,
        arguments: Sequence[str],
        *,
        account: str | None = None,
        region: str | None = None,
        away: bool = False,
        asks: bool = False,
        listen: Listen | None = None,
    ) -> int:
        """Run the CDK CLI in the current folder, or `away` from the app's cdk.json; answers its exit code.

        `account` and `region` are those of stacks that name none. Its output is on ours unless somebody listens. It has
        no input unless it `asks` things.
        """
        own = self.cloud.environment(account=account, region=region)
        variables = {
            **cdk_cli.environment(environment_variables.of_app(os.environ, own)),
            "CDK_HOME": str(self.folder / "cdk-home"),
            "TMPDIR": str(self.temporary),
            "FUOTA_COMPILED_CLI": str(cdk_cli.compiled_folder()),
            "FUOTA_CONTEXT_OF_APP": str(Path.cwd() / CONTEXT),
            "FUOTA_CONTEXT_OF_RUN": str(self.folder / CONTEXT),
        }
        # A group of its own: Ctrl-C is ours to handle, and it is ended as a whole, with the app that it starts.
        # But only the group of the terminal may read what is typed there; then the app alone has one of its own.
        is_apart = not (asks and os.isatty(0))
        preloads = ["compiled_once.js", "cdk_context.js", "short_waits.js", *([] if is_apart else ["app_apart.js"])]
        preloaded = [f"--require={Path(__file__).parent / each}" for each in preloads]
        trust = [f"--ca-bundle-path={self.cloud.ca_bundle}"] if self.cloud.ca_bundle else []
        command = [str(node.node()), *preloaded, str(cdk_cli.ensure()), *_DIRECT, *trust, *arguments]
        folder = self.folder if away else None
        pipe = None if listen is None else subprocess.PIPE
        with subprocess.Popen(  # noqa: S603  # the CDK CLI, without a shell
            command,
            env=variables,
            cwd=folder,
            stdin=None if asks else subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe and subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            process_group=0 if is_apart else None,
        ) as running:
            try:
                if listen is not None:
                    for line in running.stdout or ():
                        listen(line.rstrip())
                return running.wait()
            except BaseException:
                _end(running, whole_group=is_apart)
                raise


def _end(running: subprocess.Popen[str], *, whole_group: bool) -> None:
    """Kill it, and wait until nothing of it writes files any more."""
    if not whole_group:
        running.terminate()  # it ends the app
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(ENDED_SECONDS)
        running.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):  # none is left; macOS: only dead ones are
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        deadline = time.monotonic() + ENDED_SECONDS
        while time.monotonic() < deadline:
            os.killpg(running.pid, 0)
            time.sleep(0.01)


def refuse_access_options(arguments: Sequence[str]) -> None:
    """Raise LocalCloudError for an option that chooses credentials or a way to AWS."""
    for argument in arguments:
        if (name := argument.partition("=")[0]) in _ACCESS:
            raise LocalCloudError(f"{name} is for AWS, and the local cloud has its own keys and way: leave it out")
