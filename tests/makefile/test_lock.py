"""The locks are complete, so that nothing is left for a resolver to ask PyPI for, and agree with each other."""

import importlib.metadata
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from checkouts import DEMO_LOCK, DEVELOPMENT_LOCK, REPOSITORY, locked, versions
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
GROUPS = {DEMO_LOCK: "install", DEVELOPMENT_LOCK: "dev"}


def group(name: str) -> Iterator[str]:
    for each in PYPROJECT["dependency-groups"][name]:
        yield from group(each["include-group"]) if isinstance(each, dict) else [each]


def asked_for(lock: Path) -> Iterator[tuple[str, Requirement]]:
    """Every requirement the packages of a lock have on this Python, and whose it is."""
    project: dict[str, Any] = PYPROJECT["project"]
    own = [*project["dependencies"], *group(GROUPS[lock])]
    own += [each for extra in project["optional-dependencies"].values() for each in extra]
    yield from (("pyproject.toml", Requirement(each)) for each in own if not each.startswith("fuota-constructs["))
    for name, pinned in locked(lock).items():
        for each in map(Requirement, importlib.metadata.requires(name) or []):
            environments = [{"extra": extra} for extra in ("", *pinned.extras)]
            if each.marker is None or any(each.marker.evaluate(environment) for environment in environments):
                yield name, each


@pytest.mark.parametrize("lock", GROUPS, ids=lambda lock: lock.name)
def test_the_lock_is_what_is_installed(lock: Path) -> None:
    pinned = versions(lock)
    assert {name: importlib.metadata.version(name) for name in pinned} == pinned, "run make setup first"


@pytest.mark.parametrize("lock", GROUPS, ids=lambda lock: lock.name)
def test_the_lock_is_complete(lock: Path) -> None:
    pinned = locked(lock)
    for whose, requirement in asked_for(lock):
        found = pinned.get(canonicalize_name(requirement.name))
        assert found is not None, f"{whose} needs {requirement}, which {lock.name} lacks: run make lock"
        [pin] = found.specifier
        assert pin.operator == "=="
        assert requirement.specifier.contains(pin.version), f"{whose} needs {requirement}, {lock.name} has {found}"
        # pips before 23.3 ask PyPI for name[extra] when the lock has only name.
        assert requirement.extras <= found.extras, f"{whose} needs {requirement}, {lock.name} has {found}"


@pytest.mark.parametrize("lock", GROUPS, ids=lambda lock: lock.name)
def test_every_package_has_its_hashes(lock: Path) -> None:
    text = lock.read_text("utf-8")
    entries = [entry for entry in text.replace("\\\n", "").splitlines() if entry and not entry.lstrip().startswith("#")]
    assert len(entries) >= len(locked(lock))
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)


def test_the_demo_has_the_versions_of_development() -> None:
    demo, development = DEMO_LOCK.read_text("utf-8"), DEVELOPMENT_LOCK.read_text("utf-8")
    pins = [line for line in demo.splitlines() if line and not line.lstrip().startswith("#")]
    assert set(pins) <= set(development.splitlines())


def test_the_demo_has_no_development_tools() -> None:
    tools = {"mypy", "pytest", "ruff", "uv", "cdk-nag", "cfn-lint", "hypothesis", "basedpyright", "build", "coverage"}
    assert tools <= locked(DEVELOPMENT_LOCK).keys()
    assert not tools & locked(DEMO_LOCK).keys()
