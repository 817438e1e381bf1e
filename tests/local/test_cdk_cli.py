"""The pinned CDK CLI: where it comes from, where it goes, and what it runs under."""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fuota_constructs.local import cdk_cli, node
from fuota_constructs.local.errors import LocalCloudError

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder with nothing in it."""
    monkeypatch.setenv("FUOTA_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_pin_is_the_repositorys_package_json() -> None:
    wanted = json.loads((REPOSITORY / "package.json").read_text("utf-8"))["dependencies"]["aws-cdk"]
    assert cdk_cli.version() == wanted
    assert wanted[0].isdigit()


def test_the_wheel_takes_the_pin_along() -> None:
    pyproject = (REPOSITORY / "pyproject.toml").read_text("utf-8")
    for name in ("package.json", "package-lock.json"):
        assert f'"{name}" = "fuota_constructs/local/cdk_cli_manifest/{name}"' in pyproject


def test_installs_once_and_runs_without_any_node_on_path(empty_cache: Path) -> None:
    said: list[str] = []
    first = cdk_cli.ensure(said.append)
    second = cdk_cli.ensure(said.append)
    assert first == second
    assert len(said) == 1
    assert cdk_cli.version() in said[0]
    done = subprocess.run(
        cdk_cli.command("--version"), env=cdk_cli.environment({"PATH": ""}), capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(cdk_cli.version())


def test_two_installations_at_once_both_succeed(empty_cache: Path) -> None:
    with ThreadPoolExecutor() as pool:
        paths = list(pool.map(lambda _: cdk_cli.ensure(), range(2)))
    assert paths[0] == paths[1]
    assert paths[0].is_file()
    assert [path.name for path in (empty_cache / "cdk-cli").iterdir()] == [paths[0].parents[3].name]


def test_another_lock_file_is_another_installation(
    empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = cdk_cli.program()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    with (tmp_path / "package-lock.json").open("a") as lock:
        lock.write("\n")
    monkeypatch.setattr(cdk_cli, "manifest_folder", lambda: tmp_path)
    assert cdk_cli.program() != before


def test_fails_saying_what_to_set_where_the_cache_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FUOTA_CACHE_DIR", str(tmp_path / "file" / "cache"))
    with pytest.raises(LocalCloudError, match=r"cannot write to .*: set FUOTA_CACHE_DIR to a folder"):
        cdk_cli.ensure()


def test_fails_with_what_npm_said(empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    (tmp_path / "package-lock.json").write_text((tmp_path / "package-lock.json").read_text().replace("aws-cdk", "x"))
    monkeypatch.setattr(cdk_cli, "version", lambda: "2.0.0")
    monkeypatch.setattr(cdk_cli, "manifest_folder", lambda: tmp_path)
    with pytest.raises(LocalCloudError, match=r"npm could not install the CDK CLI 2\.0\.0 \(exit code 1\)") as failure:
        cdk_cli.ensure()
    assert "in sync" in str(failure.value)
    assert not list((empty_cache / "cdk-cli").iterdir())


def test_the_app_gets_our_interpreter_and_a_node_where_it_has_none() -> None:
    environment = cdk_cli.environment({"PATH": "/usr/bin"})
    folders = environment["PATH"].split(os.pathsep)
    assert folders == [str(Path(sys.executable).parent), "/usr/bin", str(node.tools())]
    assert environment["JSII_NODE"] == str(node.node())
    assert environment["CDK_DISABLE_CLI_TELEMETRY"] == "true"
    assert environment["CDK_NOTICES"] == "false"


def test_another_active_virtual_environment_keeps_its_own_interpreter() -> None:
    environment = cdk_cli.environment({"PATH": "/other/bin", "VIRTUAL_ENV": "/other"})
    assert environment["PATH"].split(os.pathsep) == ["/other/bin", str(node.tools())]


def test_the_module_installs_it_for_make_setup(empty_cache: Path) -> None:
    command = [sys.executable, "-m", "fuota_constructs.local.cdk_cli"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == f"CDK CLI {cdk_cli.version()}: {cdk_cli.program()}"
