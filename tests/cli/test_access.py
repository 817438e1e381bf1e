"""How the commands find a task, on AWS and in the accounts and Regions of a local cloud."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from fuota_constructs.local import cloud as clouds

if TYPE_CHECKING:
    from pathlib import Path

    from fuota_constructs.local.cloud import LocalCloud

Fuota = Callable[..., subprocess.CompletedProcess[str]]
THERE = ("444455556666", "us-west-2")
OPTIONS = ("--account", THERE[0], "--region", THERE[1])
COMMANDS = ("status", "preflight", "start", "report")


def _make(cloud: LocalCloud, name: str, account: str | None = None, region: str | None = None) -> dict[str, Any]:
    service = cloud.client("iotwireless", account=account, region=region)
    made: dict[str, Any] = service.create_fuota_task(
        Name=name, FirmwareUpdateImage="s3://bucket/key", FirmwareUpdateRole="arn:aws:iam::444455556666:role/r"
    )
    return made


def test_port_means_the_local_cloud_and_the_variable_does_not(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    port = str(cloud.port)
    assert f"(local cloud :{port})" in fuota("status", "street", "--port", port).stdout
    assert f"(local cloud :{port})" in fuota("status", "street", "--local", FUOTA_LOCAL_PORT=port).stdout
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    elsewhere = fuota("status", "street", "--region", "eu-west-1", FUOTA_LOCAL_PORT=port, **nowhere)
    assert elsewhere.returncode == 1
    assert "http://127.0.0.1:9 does not answer" in elsewhere.stderr
    assert "or unset AWS_ENDPOINT_URL to talk to AWS" in elsewhere.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--local", "--profile", "x"), "--local and --profile are for different clouds: give one of them"),
        (("--port", "4600", "--profile", "x"), "--port and --profile are for different clouds: give one of them"),
        (("--account", THERE[0]), "--account is for the local cloud: add --local or --port"),
        (("--local", "--account", "12"), "'12' is not an AWS account id: give 12 digits"),
    ],
)
@pytest.mark.parametrize("command", COMMANDS)
def test_fails_on_options_that_contradict_each_other(
    command: str, options: tuple[str, ...], message: str, fuota: Fuota
) -> None:
    done = fuota(command, "street", *options)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())


@pytest.mark.parametrize("by", ["name", "id", "arn"])
def test_finds_a_task_in_any_account_and_region_of_the_cloud(
    by: str, cloud: LocalCloud, task: str, fuota: Fuota
) -> None:
    made = _make(cloud, "reg", *THERE)
    wanted = {"name": "reg", "id": made["Id"], "arn": made["Arn"]}[by]
    headline = f"FUOTA task reg ({made['Id']}) (local cloud :{cloud.port}, account {THERE[0]}/{THERE[1]})"
    hint = f"fuota start {made['Id']} --local --port {cloud.port} {' '.join(OPTIONS)}"
    for options in ((), OPTIONS, OPTIONS[:2], OPTIONS[2:]):
        done = fuota("status", wanted, "--port", str(cloud.port), *options, COLUMNS="200")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"{headline}\n")
        assert f"\n  {hint}\n" in done.stdout
    content = json.loads(fuota("status", wanted, "--port", str(cloud.port), "--json").stdout)
    assert (content["place"]["account"], content["place"]["region"]) == THERE
    assert content["next_steps"][-1] == hint


def test_says_where_a_task_is_that_was_looked_for_elsewhere(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    _make(cloud, "reg", *THERE)
    done = fuota("status", "reg", "--port", str(cloud.port), "--region", "eu-west-1")
    assert done.returncode == 1
    expected = (
        f"fuota: FUOTA task 'reg' is not in local cloud :{cloud.port}, Region eu-west-1: give {' '.join(OPTIONS)}\n"
    )
    assert done.stderr == expected
    environment = fuota("status", "reg", **cloud.environment())  # as after eval "$(fuota local env)"
    assert environment.returncode == 1
    assert "no FUOTA task in eu-west-1 has the name 'reg': " in environment.stderr
    assert f"has it: give --local {' '.join(OPTIONS)}\n" in environment.stderr


def test_asks_which_one_where_two_places_have_the_name(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    _make(cloud, "street", *THERE)
    done = fuota("status", "street", "--port", str(cloud.port))
    assert done.returncode == 1
    assert f"2 accounts and Regions of the local cloud :{cloud.port} have a FUOTA task 'street': add" in done.stderr
    assert f"--account 000000000000 --region eu-west-1 or {' '.join(OPTIONS)}\n" in done.stderr
    assert fuota("status", "street", "--port", str(cloud.port), *OPTIONS).returncode == 0


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("stret", "no FUOTA task in local cloud :{} has the name 'stret': did you mean street?"),
        ("zzz", "has the name 'zzz': 2 tasks have other names; give the id"),
        ("12345678-1234-1234-1234-123456789012", "in local cloud :{}: it was deleted, or is in another cloud"),
    ],
)
def test_says_that_no_place_has_the_task(wanted: str, message: str, cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    _make(cloud, "other", *THERE)
    done = fuota("status", wanted, "--port", str(cloud.port))
    assert done.returncode == 1
    assert message.format(cloud.port) in done.stderr
    assert done.stderr.endswith(f" (`fuota list --local --port {cloud.port}` lists all)\n")


def test_says_that_a_region_is_none(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    done = fuota("status", "street", "--port", str(cloud.port), "--region", "eu_west_1")
    assert done.returncode == 2
    assert "Invalid value for '--region': 'eu_west_1' is no AWS Region: give one such as eu-west-1" in done.stderr
    assert fuota("list", "--port", str(cloud.port), "--region", "").returncode == 2  # a variable that is not set
    assert fuota("local", "status", "--port", str(cloud.port)).returncode == 0


@pytest.mark.parametrize(
    "environment",
    [
        {"AWS_PROFILE": "not-there"},
        {"AWS_DEFAULT_PROFILE": "not-there"},
        {"AWS_CONFIG_FILE": "malformed"},
        {"HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9", "NO_PROXY": ""},
        {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ENDPOINT_URL_IOT_WIRELESS": "http://127.0.0.1:9"},
        {"AWS_REGION": "ap-northeast-1", "AWS_DEFAULT_REGION": ""},
        {"AWS_SESSION_TOKEN": "expired", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"},
        {"AWS_CA_BUNDLE": "/none.pem", "REQUESTS_CA_BUNDLE": "/none.pem"},
    ],
    ids=lambda environment: next(iter(environment)),
)
def test_no_setting_for_aws_keeps_the_local_cloud_away(
    environment: dict[str, str], cloud: LocalCloud, task: str, fuota: Fuota, tmp_path: Path
) -> None:
    (tmp_path / "malformed").write_text("[profile\n= nonsense")
    for command in ("status", "preflight"):
        done = fuota(command, "street", "--port", str(cloud.port), **environment)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"(local cloud :{cloud.port})" in done.stdout


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "there are no AWS credentials: log in (`aws sso login`), give --profile, or set AWS_ACCESS_KEY_ID"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, "no AWS Region is set: give --region, set AWS_REGION, or set a"),
        ({"AWS_PROFILE": "nobody"}, "there is no AWS profile 'nobody'"),
    ],
)
@pytest.mark.parametrize("command", COMMANDS)
def test_what_could_not_be_looked_at_is_1(
    command: str, environment: dict[str, str], message: str, fuota: Fuota, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    files = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
    files |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "eu-west-1", "HOME": "/nonexistent"}
    more = ("--html", "page.html") if command == "report" else ()
    done = fuota(command, "street", *more, **{**files, **environment})
    assert done.returncode == 1
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_names_the_local_cloud_that_an_endpoint_leads_to(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    here = cloud.environment()
    done = fuota("status", "street", **here)
    assert done.stdout.startswith(f"FUOTA task street ({task}) (local cloud :{cloud.port})\n")
    assert f"  fuota start {task} --local --port {cloud.port}\n" in done.stdout
    unknown = fuota("status", "street", FUOTA_STATE_DIR="elsewhere", COLUMNS="200", **here)
    assert f"({cloud.url}, account 000000000000/eu-west-1)\n" in unknown.stdout
    assert f"  AWS_ENDPOINT_URL={cloud.url} fuota start {task} --region eu-west-1\n" in unknown.stdout


def test_every_printed_step_can_be_pasted(
    cloud: LocalCloud, task: str, fuota: Fuota, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From one task to the end of its session by pasting only, in an account that is not the cloud's own."""
    cloud.client("iotwireless").update_fuota_task(Id=task, Name="street lights' $HOME; `id`")
    shell_bin = tmp_path / "bin"
    shell_bin.mkdir()
    (shell_bin / "fuota").write_text(f'#!/bin/sh\nexec {sys.executable} -m fuota_constructs.cli "$@"\n')
    (shell_bin / "fuota").chmod(0o755)
    monkeypatch.setenv("PATH", str(shell_bin), prepend=":")

    def paste(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)

    def steps(output: str) -> list[str]:
        return re.findall(r"^(?:  |watch it: )(fuota .*)$", output, flags=re.MULTILINE)

    preflight, start = steps(fuota("status", task, "--port", str(cloud.port)).stdout)
    checked = paste(preflight)
    assert (checked.returncode, steps(checked.stdout)) == (0, [start])
    started = paste(start)
    assert started.returncode == 0, started.stderr
    [watch] = steps(started.stdout)
    cloud.admin("clock", method="POST", content={"advance_seconds": 200_000})
    watched = paste(watch)
    assert watched.returncode in {0, 3}
    assert f"(local cloud :{cloud.port})" in " ".join(watched.stdout.split())
    for command in steps(watched.stdout):
        assert paste(command).returncode in {0, 3}, command


def test_a_silent_endpoint_is_1_and_names_the_port(state_folder: None, fuota: Fuota) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert clouds.find(port) is None
    done = fuota("status", "street", "--port", str(port))
    assert done.returncode == 1
    expected = f"fuota: no local cloud runs on port {port}: start one with `fuota local up --detach --port {port}`\n"
    assert done.stderr == expected
