"""Throwaway checkouts that make sets up, and what the locks hold."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[2]
DEMO_LOCK = REPOSITORY / "requirements-demo.lock"
DEVELOPMENT_LOCK = REPOSITORY / "requirements-dev.lock"
# What a set-up and the demo run on.
FILES = (
    "Makefile",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "package.json",
    "package-lock.json",
    "app.py",
    "cdk.json",
)
FOLDERS = ("fuota_constructs", "firmware", "devices")
DEMO = ".venv/.set-up-for-demo"
# Of the surroundings, what would reach into the throwaway environment.
NOT_PASSED_ON = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "JSII_NODE")


@dataclass(frozen=True)
class Checkout:
    """A copy of this checkout, with a .venv of its own as soon as make has run."""

    folder: Path
    python: str = sys.executable

    @property
    def own_python(self) -> Path:
        return self.folder / ".venv" / "bin" / "python"

    def make(self, *arguments: str, **environment: str) -> str:
        """Run make, which has to end well; answers what it said."""
        return self.run("make", *arguments, f"PYTHON={self.python}", **environment)

    def run(self, *command: str | Path, **environment: str) -> str:
        """Run a command in the folder, which has to end well; answers what it said."""
        done = subprocess.run(
            [str(word) for word in command],
            cwd=self.folder,
            env={name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def installed(self) -> dict[str, str]:
        """The versions in .venv by name; those of pip, what comes with it, and the package itself aside."""
        code = "import importlib.metadata as m; [print(d.name, d.version) for d in m.distributions()]"
        lines = self.run(self.own_python, "-I", "-c", code).splitlines()
        found = {canonicalize_name(name): version for name, version in map(str.split, lines)}
        return {name: found[name] for name in found.keys() - {"pip", "setuptools", "fuota-constructs"}}


def copy(folder: Path, *, only: tuple[str, ...] = (), python: str = sys.executable) -> Checkout:
    """A checkout in a folder that is made for it; its locks hold everything, or only some packages."""
    folder.mkdir()
    for name in FILES:
        shutil.copy(REPOSITORY / name, folder / name)
    for name in FOLDERS:
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for lock in (DEMO_LOCK, DEVELOPMENT_LOCK):
        entries = [entry for entry in _entries(lock) if not only or canonicalize_name(_requirement(entry).name) in only]
        (folder / lock.name).write_text("".join(entries), "utf-8")
    return Checkout(folder, python)


def locked(lock: Path) -> dict[str, Requirement]:
    """What a lock holds for this Python, by name."""
    requirements = [_requirement(entry) for entry in _entries(lock)]
    return {canonicalize_name(each.name): each for each in requirements if not each.marker or each.marker.evaluate()}


def versions(lock: Path) -> dict[str, str]:
    """The versions of a lock for this Python, by name."""
    return {name: str(each.specifier).removeprefix("==") for name, each in locked(lock).items()}


def _entries(lock: Path) -> list[str]:
    """A requirement each, with its hashes."""
    entries: list[str] = []
    for line in lock.read_text("utf-8").splitlines(keepends=True):
        if not line.startswith((" ", "#")):
            entries.append("")
        entries[-1] += line
    return entries


def _requirement(entry: str) -> Requirement:
    return Requirement(entry.splitlines()[0].removesuffix("\\").strip())
