"""Starting, finding and stopping local clouds."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fuota_constructs.local import cloud as clouds
from fuota_constructs.local.cloud import LocalCloud
from fuota_constructs.local.cloud_secret import make_secret
from fuota_constructs.local.errors import LocalCloudError


def _children_of_group(group: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it may end while we look
            state, _, pgid = status.read_text().rpartition(")")[2].split()[:3]
            if int(pgid) == group and state != "Z":
                found.append(int(status.parent.name))
    return found


def _wait_until_gone(pid: int) -> bool:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if not _children_of_group(pid):
            return True
        time.sleep(0.1)
    return False


def _listening_addresses(port: int) -> set[str]:
    addresses = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            _, local, _, state = line.split()[:4]
            address, _, number = local.partition(":")
            if state == "0A" and int(number, 16) == port:
                addresses.add(address)
    return addresses


def _sockets_listening(pid: int) -> int:
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        target = str(link.readlink())
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    listening = 0
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            listening += fields[3] == "0A" and fields[9] in inodes
    return listening


def test_listens_on_127_0_0_1_only_and_on_one_port(cloud: LocalCloud) -> None:
    assert _listening_addresses(cloud.port) == {"0100007F"}
    assert _sockets_listening(cloud.pid) == 1


def test_two_clouds_at_once_know_nothing_of_each_other(cloud: LocalCloud, state_dir: None) -> None:
    other = clouds.start(clouds.free_port(), region="us-east-1", account="1" * 12)
    try:
        made = cloud.client("iotwireless").create_multicast_group(LoRaWAN={"RfRegion": "EU868", "DlClass": "ClassC"})
        groups = other.client("iotwireless").list_multicast_groups()["MulticastGroupList"]
        assert made["Id"] not in [group["Id"] for group in groups]
        assert other.client("sts").get_caller_identity()["Account"] == "1" * 12
    finally:
        clouds.stop(other)


def test_stopping_ends_the_process_and_frees_the_port(state_dir: None) -> None:
    cloud = clouds.start(clouds.free_port())
    assert clouds.find(cloud.port) == cloud
    clouds.stop(cloud)
    assert clouds.find(cloud.port) is None
    assert _wait_until_gone(cloud.pid)
    clouds.stop(clouds.start(cloud.port))


def test_knows_its_folder_wherever_those_of_later_clouds_are(
    state_dir: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = clouds.start(clouds.free_port(), iam=True)
    monkeypatch.setenv("FUOTA_STATE_DIR", str(tmp_path / "later"))
    try:
        assert cloud.client("sts").get_caller_identity()["Account"] == cloud.account
    finally:
        clouds.stop(cloud)
    assert [path.name for path in cloud.folder.iterdir()] == ["cloud.log"]


def test_a_free_port_is_one_that_no_connection_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    for _ in range(20):
        random.seed(1)  # as tests do
        asked.append(clouds.free_port())
    assert max(asked) < 32_768
    assert len(set(asked)) > 10
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(clouds, "_PORTS", range(port, port + 1))
        with pytest.raises(LocalCloudError, match=rf"no port from {port} to {port} is free: end what listens there"):
            clouds.free_port()


def test_stopping_twice_is_no_error(state_dir: None) -> None:
    cloud = clouds.start(clouds.free_port())
    clouds.stop(cloud)
    clouds.stop(cloud)


def test_nothing_is_left_in_its_folder_but_the_log(state_dir: None) -> None:
    cloud = clouds.start(clouds.free_port(), iam=True)
    assert cloud.client("sts").get_caller_identity()["Account"] == cloud.account
    clouds.stop(cloud)
    assert [path.name for path in cloud.folder.iterdir()] == ["cloud.log"]


def test_the_latest_logs_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUOTA_STATE_DIR", str(tmp_path))
    folders = [tmp_path / "clouds" / str(port) for port in range(20_000, 20_000 + clouds.LOGS_KEPT + 2)]
    for age, folder in enumerate(folders):
        folder.mkdir(parents=True)
        (folder / "cloud.log").write_text("what was said", "utf-8")
        os.utime(folder / "cloud.log", (1_800_000_000 - age,) * 2)
    note = {"pid": os.getpid(), "port": 20_500, "region": "eu-west-1", "account": "000000000000", "iam": False}
    other = tmp_path / "clouds" / "not-a-port"
    other.mkdir()
    for path in (other / "cloud.log", other / "cloud.json"):
        path.write_text(json.dumps(note), "utf-8")
    clouds.stop(clouds.start(clouds.free_port()))
    assert [folder.exists() for folder in folders] == [True] * clouds.LOGS_KEPT + [False] * 2
    assert other.exists()


def test_a_killed_cloud_is_forgotten_and_its_port_usable(state_dir: None) -> None:
    cloud = clouds.start(clouds.free_port())
    os.killpg(cloud.pid, signal.SIGKILL)
    assert _wait_until_gone(cloud.pid)
    assert clouds.find(cloud.port) is None
    clouds.stop(clouds.start(cloud.port))


@pytest.mark.parametrize("name", ["state", "a state"])  # functions cannot have their /tmp below the second
def test_the_next_cloud_takes_away_what_a_killed_one_left(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUOTA_STATE_DIR", str(tmp_path / name))
    cloud = clouds.start(clouds.free_port())
    temporary = (cloud.folder / "tmp").resolve()
    assert temporary.is_dir()
    os.killpg(cloud.pid, signal.SIGKILL)
    assert _wait_until_gone(cloud.pid)
    clouds.stop(clouds.start(clouds.free_port()))
    assert not temporary.exists()
    assert [path.name for path in cloud.folder.iterdir()] == ["cloud.log"]


def test_a_stale_note_naming_somebody_elses_process_harms_nobody(state_dir: None) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        noted = LocalCloud(pid=bystander.pid, port=clouds.free_port(), region="x", account="x", iam=False)
        noted.folder.mkdir(parents=True)
        make_secret(noted.folder)
        note = {"pid": noted.pid, "port": noted.port, "region": "x", "account": "x", "iam": False}
        (noted.folder / "cloud.json").write_text(json.dumps(note))
        assert clouds.find(noted.port) is None
        clouds.stop(noted)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


NOTE = {"pid": os.getpid(), "port": 1, "region": "x", "account": "x", "iam": False}


@pytest.mark.parametrize(
    "note",
    ["", "{", "[]", json.dumps({"pid": 1}), *(json.dumps({**NOTE, name: [None]}) for name in NOTE)],
    ids=["nothing", "half", "list", "pid-alone", *NOTE],  # the number of this process is another in each worker
)
def test_an_unreadable_note_is_no_cloud(note: str, state_dir: None) -> None:
    noted = LocalCloud(pid=1, port=clouds.free_port(), region="x", account="x", iam=False)
    noted.folder.mkdir(parents=True)
    (noted.folder / "cloud.json").write_text(note)
    (noted.folder / "secret").write_text("s")
    assert clouds.find(noted.port) is None


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_cloud_ends_with_the_process_that_started_it(end: signal.Signals, state_dir: None) -> None:
    code = "import time, fuota_constructs.local.cloud as c; x = c.start(c.free_port()); print(x.pid, flush=True);"
    code += "time.sleep(600)"
    starter = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert starter.stdout
    pid = int(starter.stdout.readline())
    assert _children_of_group(pid)
    starter.send_signal(end)
    starter.communicate()
    assert _wait_until_gone(pid)


def test_fails_naming_the_port_and_the_remedy_when_another_program_has_it(state_dir: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalCloudError, match=rf"port {port} is taken by another program.*--port \d+"):
            clouds.start(port)


def test_fails_naming_the_cloud_that_runs_there_already(state_dir: None) -> None:
    cloud = clouds.start(clouds.free_port())
    try:
        with pytest.raises(LocalCloudError, match=rf"already \(process {cloud.pid}\).*fuota local down"):
            clouds.start(cloud.port)
        assert cloud.answers()
    finally:
        clouds.stop(cloud)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_fails_on_a_port_that_does_not_exist(port: int, state_dir: None) -> None:
    with pytest.raises(LocalCloudError, match=f"port {port} does not exist: choose one from 1 to 65535"):
        clouds.start(port)


def test_the_note_of_a_newer_release_is_read(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUOTA_STATE_DIR", str(cloud.folder.parents[1]))
    note = cloud.folder / "cloud.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "colour": "blue"}))
    assert clouds.find(cloud.port) == cloud


def test_fails_saying_what_to_set_where_what_is_there_is_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUOTA_STATE_DIR", str(tmp_path))
    (tmp_path / "clouds").touch()
    with pytest.raises(LocalCloudError, match=r"cannot write to .*clouds/\d+ \(.*\): set FUOTA_STATE_DIR to a folder"):
        clouds.start(clouds.free_port())


def test_fails_saying_why_no_process_can_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUOTA_STATE_DIR", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(LocalCloudError, match="the process of a local cloud cannot be started: No such file"):
        clouds.start(clouds.free_port())


@pytest.mark.parametrize("kind", ["a file", "below a file"])
def test_fails_saying_what_to_set_where_the_state_folder_cannot_be_written(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    state = tmp_path / "file" if kind == "a file" else tmp_path / "file" / "state"
    monkeypatch.setenv("FUOTA_STATE_DIR", str(state))
    with pytest.raises(LocalCloudError, match=rf"cannot write to {state} \(.*\): set FUOTA_STATE_DIR to a folder"):
        clouds.start(clouds.free_port())


@pytest.mark.parametrize("region", ["eu_west_1", "eu-west", "", "EU-WEST-1", "\x1b[31m", "europe-west-1", "eu-west-1 "])
def test_fails_on_a_region_that_can_be_none(region: str, state_dir: None) -> None:
    with pytest.raises(
        LocalCloudError, match="is no name of an AWS Region: choose one such as eu-west-1 with --region"
    ):
        clouds.start(clouds.free_port(), region=region)


def test_fails_with_the_end_of_the_log_when_it_does_not_come_up(
    state_dir: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The port is taken between our look and MiniStack's.
    monkeypatch.setattr(clouds, "_check_port", lambda _: None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            LocalCloudError, match=rf"port {port}: it ended with exit code 1; the end of .*cloud.log"
        ) as failure:
            clouds.start(port)
    assert f"127.0.0.1:{port} is already in use" in str(failure.value)
    assert clouds.find(port) is None


def test_fails_saying_what_to_type_when_none_runs(state_dir: None) -> None:
    port = clouds.free_port()
    with pytest.raises(LocalCloudError, match=rf"start one with `fuota local up --detach --port {port}`"):
        clouds.running(port)


def test_a_cloud_that_enforces_iam_names_its_certificates(state_dir: None) -> None:
    cloud = clouds.start(clouds.free_port(), iam=True)
    try:
        variables = cloud.environment()
        assert variables["AWS_ENDPOINT_URL"] == f"https://127.0.0.1:{cloud.port}"
        assert Path(variables["AWS_CA_BUNDLE"]).read_text().count("BEGIN CERTIFICATE") > 1
        assert Path(variables["NODE_EXTRA_CA_CERTS"]).read_text().count("BEGIN CERTIFICATE") == 1
        assert cloud.admin("host")["iam"] is True
        assert _listening_addresses(cloud.port) == {"0100007F"}
        assert _sockets_listening(cloud.pid) == 1
    finally:
        clouds.stop(cloud)


def test_fails_with_what_the_admin_route_says(cloud: LocalCloud) -> None:
    with pytest.raises(LocalCloudError, match=r"_fuota/faults was refused \(400\): .*must be one of"):
        cloud.admin("faults", method="POST", content={"operation": "CreateFuotaTask", "fault": "sunspots"})
