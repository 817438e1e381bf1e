"""`fuota local fleet add` and `fuota local clock`."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from fuota_constructs.cli.local.clock import _sentence
from fuota_constructs.cli.root import fuota

from ..published import document

if TYPE_CHECKING:
    from fuota_constructs.local.cloud import LocalCloud


@pytest.fixture(autouse=True)
def _fresh(cloud: LocalCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.admin("reset", method="POST")
    monkeypatch.setenv("FUOTA_LOCAL_PORT", str(cloud.port))
    monkeypatch.chdir(tmp_path)


def local(*arguments: str) -> Result:
    return CliRunner().invoke(fuota, ["local", *arguments], prog_name="fuota")


def group(cloud: LocalCloud, name: str) -> str:
    radio = {"RfRegion": "EU868", "DlClass": "ClassC"}
    return str(cloud.client("iotwireless").create_multicast_group(Name=name, LoRaWAN=radio)["Id"])


def members(cloud: LocalCloud, group_id: str) -> int:
    client = cloud.client("iotwireless")
    return len(client.list_wireless_devices(MulticastGroupId=group_id)["WirelessDeviceList"])


def test_devices_join_the_groups_that_are_named(cloud: LocalCloud) -> None:
    lamps, meters = group(cloud, "lamps"), group(cloud, "meters")
    done = local("fleet", "add", "--devices", "3", "--loss", "10%", "--group", "lamps", "--group", lamps)
    assert done.stdout == f"3 simulated devices joined lamps (local cloud :{cloud.port})\n", done.output
    added = document(local("fleet", "add", "--devices", "4", "--json").stdout)
    assert added["multicast_group_ids"] == sorted([lamps, meters])
    assert len(added["cohorts"][0]["device_ids"]) == added["devices"] == 4
    assert (members(cloud, lamps), members(cloud, meters)) == (5, 2)


def test_takes_the_fleet_of_the_folder(cloud: LocalCloud) -> None:
    lamps = group(cloud, "lamps")
    Path("fleet.yaml").write_text("cohorts: [{name: near, count: 2}, {name: cellar, count: 1, loss: 30%}]")
    assert local("fleet", "add").stdout.splitlines()[1:] == ["  near: 2", "  cellar: 1"]
    assert members(cloud, lamps) == 3
    assert local("fleet", "add", "--devices", "1").stdout.startswith("1 simulated device joined lamps (")


def test_devices_have_the_stack_that_is_named(cloud: LocalCloud) -> None:
    group(cloud, "lamps")
    Path("fleet.yaml").write_text("devices: 7")
    done = local("fleet", "add", "--device-stack", "loramac-node@4.5.1,max_fragments=1000")
    assert done.stdout.startswith("200 simulated devices joined lamps ("), done.output
    assert {device["stack"] for device in cloud.admin("fleet?devices=1")["list"]} == {
        "loramac-node@4.5.1,max_fragments=1000"
    }
    both = local("fleet", "add", "--device-stack", "mbed", "--fleet", "fleet.yaml")
    assert (both.exit_code, "leave the other options out" in both.stderr) == (2, True)
    unknown = local("fleet", "add", "--device-stack", "stm32")
    assert (unknown.exit_code, "did you mean 'stm32cubewl'?" in " ".join(unknown.stderr.split())) == (2, True)


def test_devices_have_the_firmware_that_is_named(cloud: LocalCloud) -> None:
    group(cloud, "lamps")
    Path("fleet.yaml").write_text("devices: 7")
    Path("base.bin").write_bytes(b"firmware")
    assert local("fleet", "add", "--firmware", "base.bin").stdout.startswith("200 simulated devices joined lamps (")
    listed = cloud.admin("fleet?devices=1")["list"]
    assert {device["firmware_sha256"] for device in listed} == {hashlib.sha256(b"firmware").hexdigest()}


@pytest.mark.parametrize(
    ("groups", "arguments", "code", "said"),
    [
        ((), (), 1, "there is no multicast group to put devices into: deploy an app with one first, with `fuota local"),
        (("lamps",), ("--group", "lamp"), 1, "has no multicast group 'lamp': there are lamps"),
        (("lamps", "lamps"), ("--group", "lamps"), 1, "2 multicast groups have the name 'lamps': give an id of "),
        (("lamps",), ("--loss", "0.1"), 2, "write 10% or 0.1%"),
        (("lamps",), ("--devices", "0"), 2, "1<=x<=100000"),
        (("lamps",), ("--fleet", "none.yaml"), 2, "there is no file 'none.yaml': give a fleet file"),
        (("lamps",), ("--fleet", "/bin/true"), 2, "/bin/true is no text in UTF-8: give a YAML or JSON file"),
        (
            ("lamps",),
            ("--firmware", "none.bin"),
            2,
            "there is no file 'none.bin': give the firmware file that they run",
        ),
    ],
)
def test_fails_for_a_fleet_that_cannot_join(
    cloud: LocalCloud, groups: tuple[str, ...], arguments: tuple[str, ...], code: int, said: str
) -> None:
    for name in groups:
        group(cloud, name)
    done = local("fleet", "add", *arguments)
    assert done.exit_code == code
    assert said in " ".join(done.stderr.split())


def test_the_clock_moves_forward_and_runs_faster(cloud: LocalCloud) -> None:
    before = dt.datetime.now(dt.UTC)
    assert "real time (local cloud :" in local("clock").stdout
    assert "1.5 h ahead of real time (local cloud" in local("clock", "--advance", "1h30m").stdout
    shown = document(local("clock", "--advance", "45m", "--speed", "600", "--json").stdout)
    assert shown["speed"] == 600
    assert shown["advanced_seconds"] >= 8100
    assert dt.datetime.fromisoformat(shown["now"]) - before >= dt.timedelta(seconds=8099)
    assert ", running 600 times as fast (" in local("clock").stdout


def test_a_clock_that_ran_slower_is_not_called_real_time() -> None:
    assert _sentence({"now": 0, "advanced_seconds": -120, "speed": 1}, "here").endswith(
        ": 2 min behind real time (here)"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--advance", "45"), "'45' is no duration: give one such as 90s, 45m, 2h, 1d or 1h30m"),
        (("--advance", ""), "'' is no duration"),
        (("--advance", "-1h"), "'-1h' is no duration"),
        (("--advance", "0s"), "over 0s, at most 3660d"),
        (("--advance", "9999d"), "over 0s, at most 3660d"),
        (("--speed", "0"), "0<x<=1000000"),
        (("--speed", "nan"), "'nan' is no finite number"),
        (("--sped", "2"), "did you mean --speed?"),
    ],
)
def test_fails_for_a_time_it_cannot_go_to(arguments: tuple[str, ...], said: str) -> None:
    done = local("clock", *arguments)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())


def test_fails_where_no_cloud_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    from fuota_constructs.local import cloud as clouds

    monkeypatch.setenv("FUOTA_LOCAL_PORT", str(clouds.free_port()))
    for arguments in (("clock",), ("fleet", "add")):
        done = local(*arguments)
        assert done.exit_code == 1
        assert "no local cloud runs on port" in done.stderr
