"""make sets up .venv, keeps it while it serves, and makes it anew when its Python or its folder is gone."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from checkouts import DEMO, Checkout, copy

# What the editable install and the look for the CDK CLI need, and one package that only development has.
BUILD = (
    *("editables", "hatch-fancy-pypi-readme", "hatchling"),
    *("packaging", "pathspec", "platformdirs", "pluggy", "tomlkit", "trove-classifiers"),
)
ONLY = (*BUILD, "iniconfig")
MADE_ANEW = "making .venv\n"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout whose locks hold little, set up for the demo."""
    made = copy(tmp_path_factory.mktemp("venv") / "a checkout", only=ONLY)  # with a space, as folders have
    assert MADE_ANEW in made.make(DEMO)
    return made


@pytest.fixture
def restored(small: Checkout) -> Iterator[Checkout]:
    """The same, for a test that breaks its .venv."""
    venv, kept = small.folder / ".venv", small.folder / "kept"
    shutil.copytree(venv, kept, symlinks=True)
    yield small
    venv.unlink() if venv.is_file() else shutil.rmtree(venv)
    kept.rename(venv)


def serves(checkout: Checkout) -> bool:
    where = checkout.run(checkout.own_python, "-I", "-c", "import fuota_constructs; print(fuota_constructs.__file__)")
    return where == f"{checkout.folder / 'fuota_constructs' / '__init__.py'}\n"


def test_development_adds_to_what_the_demo_needs(restored: Checkout) -> None:
    assert restored.installed().keys() == set(ONLY) - {"iniconfig"}
    assert MADE_ANEW not in restored.make("setup")
    assert restored.installed().keys() == set(ONLY)
    assert "Nothing to be done" in restored.make("setup")
    assert "up to date" in restored.make(DEMO)


def test_settings_of_pip_do_not_lead_elsewhere(restored: Checkout, tmp_path: Path) -> None:
    elsewhere = {f"PIP_{name}": str(tmp_path / name) for name in ("TARGET", "PREFIX", "ROOT", "CONSTRAINT")}
    restored.make("setup", PIP_USER="1", PYTHONPATH=str(tmp_path), **elsewhere)
    assert restored.installed().keys() == set(ONLY)
    assert list(tmp_path.iterdir()) == []


def test_a_changed_lock_is_installed_into_the_same_venv(restored: Checkout) -> None:
    os.utime(restored.folder / DEMO, (0, 0))  # set up before the lock was written
    said = restored.make(DEMO)
    assert "installing" in said
    assert MADE_ANEW not in said


def test_a_venv_made_by_hand_is_kept(checkout: Callable[..., Checkout]) -> None:
    made = checkout(only=ONLY)
    made.run(sys.executable, "-m", "venv", ".venv")
    assert MADE_ANEW not in made.make(DEMO)
    assert serves(made)


def gone(python: Path) -> None:
    python.unlink()
    python.symlink_to("/opt/a-python-that-is-gone/bin/python3")


def does_not_start(python: Path) -> None:
    python.unlink()
    python.write_text("#!/bin/sh\necho 'cannot execute binary file' >&2; exit 126\n", "utf-8")
    python.chmod(0o755)


def is_no_program(python: Path) -> None:
    python.unlink()
    python.write_bytes(b"\x7fELF of another machine")
    python.chmod(0o755)


def is_older(python: Path) -> None:
    [packages] = python.parents[1].glob("lib/python3.*/site-packages")
    (packages / "older.pth").write_text("import sys; sys.version_info = (3, 10, 13, 'final', 0)\n", "utf-8")


def is_another_minor_version(python: Path) -> None:
    """As after an upgrade of the system: the packages lie where the new Python does not look."""
    [packages] = python.parents[1].glob("lib/python3.*")
    packages.rename(packages.with_name("python3.10"))


def is_half_made(python: Path) -> None:
    """As after Ctrl-C while it was made: without pip."""
    for packages in python.parents[1].glob("lib/python3.*/site-packages/pip*"):
        packages.rename(packages.with_name(f"was-{packages.name}"))


def is_a_file(python: Path) -> None:
    venv = python.parents[1]
    venv.rename(venv.with_name("was-venv"))
    venv.touch()


@pytest.mark.parametrize(
    "broken", [gone, does_not_start, is_no_program, is_older, is_another_minor_version, is_half_made, is_a_file]
)
def test_a_venv_whose_python_does_not_serve_is_to_be_made_anew(
    broken: Callable[[Path], None], restored: Checkout
) -> None:
    assert "up to date" in restored.make("--dry-run", DEMO)
    broken(restored.own_python)
    assert MADE_ANEW.strip() in restored.make("--dry-run", DEMO)
    assert MADE_ANEW.strip() in restored.make("--dry-run", "setup")


def test_a_venv_whose_python_is_gone_is_made_anew(restored: Checkout) -> None:
    gone(restored.own_python)
    assert MADE_ANEW in restored.make(DEMO)
    assert serves(restored)
    assert "up to date" in restored.make(DEMO)


def test_the_venv_of_a_folder_that_moved_is_made_anew(checkout: Callable[..., Checkout]) -> None:
    made = checkout(only=ONLY)
    made.make(DEMO)
    moved = Checkout(made.folder.rename(made.folder.with_name("elsewhere")))
    assert MADE_ANEW in moved.make(DEMO)
    assert serves(moved)
    assert "up to date" in moved.make(DEMO)


def test_fails_to_make_a_venv_with_an_older_python(checkout: Callable[..., Checkout], tmp_path: Path) -> None:
    old = tmp_path / "python3.10"
    old.write_text(
        f"#!/bin/sh\nshift\nexec '{sys.executable}' -c \"import sys; sys.version_info = (3, 10, 13);"
        ' sys.version = \'3.10.13 (main)\'; exec(sys.argv[1])" "$@"\n',
        "utf-8",
    )
    old.chmod(0o755)
    made = checkout(only=ONLY, python=str(old))
    with pytest.raises(AssertionError, match=r"python 3\.11 or newer is needed and .* is 3\.10\.13: run make PYTHON="):
        made.make(DEMO)
    assert not (made.folder / ".venv").exists()
