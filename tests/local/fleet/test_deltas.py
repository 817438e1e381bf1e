"""Devices that are sent a delta: they apply it to what they have, and have the image only if it is the target."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fuota_constructs.firmware.delta import make_patch
from fuota_constructs.local.fleet import Fleet, FleetError
from fuota_constructs.local.fleet.firmware import firmware_at, shares_of

if TYPE_CHECKING:
    from conftest import FleetCloud

EXAMPLE = Path(__file__).parents[3] / "firmware"
BASE, TARGET = (EXAMPLE / f"sensor-{version}.bin" for version in ("1.1.0", "1.2.0"))
PATCH = make_patch(BASE.read_bytes(), TARGET.read_bytes()).data
DIGESTS = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in (("base", BASE), ("target", TARGET))}
TAGS = [{"Key": f"fuota-delta:{name}-sha256", "Value": digest} for name, digest in DIGESTS.items()]
URI = "s3://firmware/up.patch"
AS_NAMED = base64.b64encode(bytes.fromhex(DIGESTS["base"])[:4]).decode()


def mcuboot(payload: bytes, *, build: int = 0) -> bytes:
    """An image that carries its digest."""
    head = struct.pack("<IIHHIIBBHII", 0x96F3B83D, 0, 512, 0, len(payload), 0, 1, 2, 0, build, 0) + bytes(480)
    return head + payload + struct.pack("<HHHH", 0x6907, 40, 0x10, 32) + hashlib.sha256(head + payload).digest()


@pytest.fixture
def other(tmp_path: Path) -> str:
    """A firmware that is not the base of the delta."""
    file = tmp_path / "other.bin"
    file.write_bytes(BASE.read_bytes()[:-4] + b"1.0\0")
    return str(file)


def sent(cloud: FleetCloud, patch: bytes = PATCH, **more: Any) -> str:
    """A task that sends a patch: 17 data fragments of 40 bytes and as many coded ones."""
    cloud.images[URI] = patch
    fields = {"Tags": TAGS, "RedundancyPercent": 100, **more}
    return cloud.task(cloud.group(), FirmwareUpdateImage=URI, **fields)


def rows(cloud: FleetCloud) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cloud.admin("GET", "fleet?devices=1")["list"]
    return found


def test_devices_apply_the_delta_and_have_the_target(cloud: FleetCloud) -> None:
    task = sent(cloud)
    cloud.fleet(devices=20, loss="12%", seed=1, profile={"firmware": str(BASE)})
    assert {row["firmware_sha256"] for row in rows(cloud)} == {DIGESTS["base"]}
    assert cloud.run(task)["Successful"] >= 15
    for row in rows(cloud):
        assert row["has_image"] is (row["status"] == "Successful")
        assert row["firmware_sha256"] == DIGESTS["target" if row["has_image"] else "base"]
    assert cloud.session(task)["delta"] == {f"{name}_sha256": digest for name, digest in DIGESTS.items()}


@pytest.mark.parametrize("ts004", [1, 2])
def test_fails_for_a_share_with_another_base(cloud: FleetCloud, other: str, ts004: int) -> None:
    """The decoder says nothing; what comes out is found by its digest."""
    task = sent(cloud)
    cloud.fleet(devices=20, profile={"ts004": ts004, "firmware": {str(BASE): "90%", other: "10%"}})
    assert cloud.run(task) == {"Successful": 18, "MICError": 2}
    wrong = [row for row in rows(cloud) if not row["has_image"]]
    assert {row["firmware_sha256"] for row in wrong} == {hashlib.sha256(Path(other).read_bytes()).hexdigest()}
    assert "the delta is for that with sha256 adb08e333a713b9d: wrong bytes come" in wrong[0]["trouble"]["cause"]
    assert wrong[0]["trouble"]["about"] == "delta"


def test_fails_before_a_fragment_where_devices_look_at_the_descriptor(cloud: FleetCloud, other: str) -> None:
    task = sent(cloud, Descriptor=AS_NAMED)
    firmware = {str(BASE): "50%", other: "50%"}
    cloud.fleet(devices=10, profile={"descriptor": "base", "firmware": firmware})
    cloud.start(task)
    assert cloud.statuses(task) == {"Initial": 5, "Wrong_descriptor": 5}
    cloud.clock.time += 100_000
    assert cloud.statuses(task) == {"Successful": 5, "Wrong_descriptor": 5}
    refused = [row for row in rows(cloud) if row["status"] == "Wrong_descriptor"]
    assert {(row["sent"], row["received"]) for row in refused} == {(0, 0)}
    assert "names another base than the firmware they run" in refused[0]["trouble"]["cause"]


@pytest.mark.parametrize("tags", [TAGS, []], ids=["tagged", "by hand"])
def test_fails_where_nobody_said_what_the_devices_have(cloud: FleetCloud, tags: list[Any]) -> None:
    """However the delta came there: it is known by its structure, too."""
    task = sent(cloud, Tags=tags)
    device = cloud.client.create_wireless_device(Type="LoRaWAN", DestinationName="d")["Id"]
    group = cloud.client.list_multicast_groups_by_fuota_task(Id=task)["MulticastGroupList"][0]["Id"]
    cloud.client.associate_wireless_device_with_multicast_group(Id=group, WirelessDeviceId=device)
    cloud.fleet(devices=4)
    assert cloud.run(task) == {"MICError": 5}
    assert {row["trouble"]["cause"] for row in rows(cloud)} == {
        "the image is a delta, and nothing says which firmware these devices have"
    }


def test_a_stack_says_successful_and_has_no_image(cloud: FleetCloud, other: str) -> None:
    """As on AWS: the patch did arrive."""
    task = sent(cloud)
    profile = {"stack": "loramac-node,max_fragments=1000", "status_as": "stack", "firmware": other}
    cloud.fleet(devices=3, profile=profile)
    assert cloud.run(task) == {"Successful": 3}
    assert cloud.admin("GET", "fleet")["with_image"] == 0
    assert "the delta is for that with sha256" in rows(cloud)[0]["trouble"]["cause"]


def test_a_delta_by_hand_is_judged_by_the_digest_that_its_target_carries(cloud: FleetCloud, tmp_path: Path) -> None:
    base, target = mcuboot(BASE.read_bytes()), mcuboot(TARGET.read_bytes())
    (tmp_path / "slot.bin").write_bytes(base + b"\xff" * 5000)  # what is behind the image differs on each device
    (tmp_path / "old.bin").write_bytes(mcuboot(BASE.read_bytes(), build=1))
    task = sent(cloud, make_patch(base, target).data, Tags=[])
    cloud.fleet(devices=4, profile={"firmware": {str(tmp_path / "slot.bin"): 0.5, str(tmp_path / "old.bin"): 0.5}})
    assert cloud.run(task) == {"Successful": 2, "MICError": 2}
    found = {row["firmware_sha256"] for row in rows(cloud) if row["has_image"]}
    assert found == {hashlib.sha256(target).hexdigest()}


def test_fails_where_nothing_says_what_a_delta_makes(cloud: FleetCloud) -> None:
    task = sent(cloud, Tags=[])
    cloud.fleet(devices=2, profile={"firmware": str(BASE)})
    assert cloud.run(task) == {"MICError": 2}
    assert "nothing says what it is to become" in rows(cloud)[0]["trouble"]["cause"]


@pytest.mark.parametrize("bit", [0, 45, 1038, 2668, 5271])
def test_fails_for_a_patch_with_a_flipped_bit(cloud: FleetCloud, bit: int) -> None:
    """The format does not tell; the digest of the target does, and one that leads outside the base ends early."""
    broken = bytearray(PATCH)
    broken[bit // 8] ^= 1 << bit % 8
    task = sent(cloud, bytes(broken))
    cloud.fleet(devices=2, profile={"firmware": str(BASE)})
    assert cloud.run(task) == {"MICError": 2}
    assert "the patch does not make the target of its own base" in rows(cloud)[0]["trouble"]["cause"]


def test_a_whole_image_is_what_the_next_delta_is_applied_to(cloud: FleetCloud) -> None:
    cloud.images["s3://firmware/base.bin"] = BASE.read_bytes()
    group = cloud.group()
    first = cloud.task(group, FirmwareUpdateImage="s3://firmware/base.bin")
    cloud.fleet(devices=2)
    assert cloud.run(first) == {"Successful": 2}
    cloud.images[URI] = PATCH
    second = cloud.task(group, FirmwareUpdateImage=URI, Tags=TAGS)
    assert cloud.run(second) == {"Successful": 2}
    assert {row["firmware_sha256"] for row in rows(cloud)} == {DIGESTS["target"]}


def test_each_group_is_sent_the_delta_of_its_base(cloud: FleetCloud, other: str) -> None:
    """Cohorts with other bases in groups of their own: one delta serves one base."""
    cloud.images[URI], cloud.images["s3://firmware/old.patch"] = (
        PATCH,
        make_patch(Path(other).read_bytes(), TARGET.read_bytes()).data,
    )
    radio = {"RfRegion": "US915", "DlClass": "ClassC"}
    groups = {name: cloud.client.create_multicast_group(Name=name, LoRaWAN=radio)["Id"] for name in ("new", "old")}
    new = cloud.task(groups["new"], FirmwareUpdateImage=URI, Tags=TAGS)
    old = cloud.task(groups["old"], FirmwareUpdateImage="s3://firmware/old.patch", Tags=TAGS[1:])
    cohorts = [
        {"name": "current", "count": 6, "firmware": str(BASE), "group": "new"},
        {"name": "stragglers", "count": 3, "firmware": other, "group": groups["old"]},
    ]
    cloud.fleet(cohorts=cohorts)
    cloud.client.start_fuota_task(Id=old)
    assert cloud.run(new) == {"Successful": 6}
    assert cloud.statuses(old) == {"Successful": 3}
    answer = cloud.admin("POST", "fleet", {"cohorts": [{"count": 1, "group": "none"}]})
    assert answer["error"] == "cohort cohort-0 is for the group 'none', which is not there; there are new, old"


def test_devices_that_are_there_have_the_firmware_of_their_cohort(cloud: FleetCloud, other: str) -> None:
    task = sent(cloud)
    group = cloud.client.list_multicast_groups_by_fuota_task(Id=task)["MulticastGroupList"][0]["Id"]
    ids = [cloud.client.create_wireless_device(Type="LoRaWAN", DestinationName="d")["Id"] for _ in range(4)]
    for device in ids:
        cloud.client.associate_wireless_device_with_multicast_group(Id=group, WirelessDeviceId=device)
    place = {"account": "123456789012", "aws_region": "eu-west-1"}
    cloud.fleet(devices=2, profile={"firmware": {str(BASE): 0.5, other: 0.5}}, device_ids=ids, **place)
    assert cloud.run(task) == {"Successful": 2, "MICError": 2}


def test_a_file_is_looked_for_beside_the_fleet_file(tmp_path: Path) -> None:
    (tmp_path / "base.bin").write_bytes(BASE.read_bytes())
    (tmp_path / "fleet.yaml").write_text("cohorts: [{count: 10, firmware: base.bin, descriptor: base}]\n")
    fleet = Fleet.from_file(tmp_path / "fleet.yaml")
    document = json.loads(json.dumps(fleet.as_dict()))
    [cohort] = document["cohorts"]
    assert cohort["firmware"] == [{"file": str(tmp_path / "base.bin"), "share": 1, "sha256": DIGESTS["base"]}]
    assert cohort["descriptor"] == "base"
    assert Fleet.from_dict(document) == fleet


@pytest.mark.parametrize(
    ("shares", "count", "first"),
    [((0.9, 0.1), 200, 180), ((0.5, 0.5), 3, 2), ((1, 0), 7, 7), ((0, 1), 7, 0), ((1 / 3, 2 / 3), 9, 3)],
)
def test_shares_are_of_whole_devices(other: str, shares: tuple[float, float], count: int, first: int) -> None:
    given = shares_of({str(BASE): shares[0], other: shares[1]}, "firmware", None)
    has = [firmware_at(given, place, count) for place in range(count)]
    assert sum(each is given[0].firmware for each in has) == first
    assert sum(each is given[1].firmware for each in has) == count - first


@pytest.mark.parametrize(
    ("firmware", "message"),
    [
        ("gone.bin", "fleet.firmware has 'gone.bin', which cannot be read"),
        (".", "which cannot be read (it is no file)"),
        ("/dev/zero", "which cannot be read (it is no file)"),
        ("empty.bin", "which is empty"),
        ("a\0b", "which cannot be read"),
        ({"base.bin": "95%"}, "has shares of 95 % together; say what the others run"),
        ({"base.bin": "95%", "other.bin": "10%"}, "has shares of 105 % together"),
        ({"base.bin": 2}, "firmware.base.bin is 2; give a number from 0 to 1"),
        ([{"file": "base.bin", "share": 1, "sha256": "0" * 64}], "is another file by now"),
        ([{"file": "base.bin"}], "give a file, or files with shares"),
        ([{"file": "base.bin", "share": 1, "size": 2}], "give a file, or files with shares"),
        ([{"file": 7, "share": 1}], "give a file, or files with shares"),
        ([], "give a file, or files with shares"),
        ({}, "give a file, or files with shares"),
        ("", "give a file, or files with shares"),
        (7, "give a file, or files with shares"),
    ],
)
def test_fails_for_what_is_no_firmware_of_devices(tmp_path: Path, firmware: Any, message: str) -> None:
    for name in ("base.bin", "other.bin"):
        (tmp_path / name).write_bytes(BASE.read_bytes())
    (tmp_path / "empty.bin").touch()
    with pytest.raises(FleetError) as error:
        Fleet.from_dict({"devices": 2, "profile": {"firmware": firmware}}, folder=tmp_path)
    assert message in str(error.value).replace("profile.firmware", "fleet.firmware")


def test_fails_for_a_descriptor_of_a_base_that_is_not_said() -> None:
    with pytest.raises(FleetError, match="descriptor is 'base' and there is no firmware"):
        Fleet.of(devices=2, descriptor="base")
