"""What a device answers on the ports of multicast set-up and clock synchronization, byte by byte."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuota_constructs.local.fleet import Cohort
from fuota_constructs.local.fleet.cipher import decrypt, encrypt
from fuota_constructs.local.fleet.device import Device
from fuota_constructs.lorawan.clock_sync import AppTimeAns, ForceDeviceResyncReq, gps_seconds
from fuota_constructs.lorawan.fragmentation.messages import DataFragment, FragSessionSetupReq
from fuota_constructs.lorawan.multicast import keys
from fuota_constructs.lorawan.multicast.messages import (
    McClassBSessionReq,
    McClassCSessionReq,
    McGroupDeleteReq,
    McGroupSetupReq,
    McGroupStatusReq,
)

KEY, MC_KEY = bytes(range(16)), bytes(range(16, 32))
NOW = 1_800_000_000.0
GPS = gps_seconds(NOW)


def device(*, app_key: bytes | None = None, rf_region: str | None = None, **fields: Any) -> Device:
    """A device of a cohort of one."""
    cohort = Cohort.of({"count": 1, **fields}, "cohort")
    return Device(cohort, "id", 0, 0, KEY, app_key=app_key, rf_region=rf_region)


def knows_time(made: Device) -> Device:
    """The device, told what the time is."""
    asked = made.answer(ForceDeviceResyncReq(1).encode(), port=202, now=NOW)
    assert asked == bytes([0x01, 0, 0, 0, 0, 0x10])
    assert made.answer(AppTimeAns(GPS, 0).encode(), port=202, now=NOW) == b""
    return made


def group(number: int, address: int, made: Device) -> bytes:
    """The set-up of a group."""
    sent = keys.mc_key_encrypted(decrypt, made.mc_ke_key, MC_KEY)
    return McGroupSetupReq(number, address, sent, 0, 1000).encode()


def session(kind: type = McClassCSessionReq, **fields: Any) -> bytes:
    """A session in 100 s, of 2^10 s or beacon periods, at 869.525 MHz and DR0."""
    values = {"mc_group_id": 1, "session_time": GPS + 100, "session_time_out": 10, "dl_frequ": 8_695_250, "dr": 0}
    made: bytes = kind(**{**values, **fields}).encode()
    return made


@pytest.mark.parametrize("version", [1, 2])
def test_it_names_its_packages_and_versions(version: int) -> None:
    made = device(ts004=version)
    assert made.answer(b"\x00", port=200) == bytes([0x00, 2, version])
    assert made.answer(b"\x00", port=202) == bytes([0x00, 1, version])


@pytest.mark.parametrize("version", [1, 2])
def test_a_fifth_group_is_refused_until_another_is_deleted(version: int) -> None:
    made = device(ts004=version)
    for number in range(4):
        assert made.answer(group(number, 100 + number, made), port=200) == bytes([0x02, number])
    assert made.answer(group(2, 102, made), port=200) == b"\x02\x02"  # the answer was lost: asked again
    assert [made.answer(group(number, 104, made), port=200) for number in range(4)] == [
        bytes([0x02, 4 | number]) for number in range(4)
    ]
    assert made.answer(McGroupDeleteReq(2).encode(), port=200) == b"\x03\x02"
    assert made.answer(McGroupDeleteReq(2).encode(), port=200) == b"\x03\x06"
    assert made.answer(McGroupStatusReq(0b0101).encode(), port=200) == bytes([0x01, 0x31, 0, 100, 0, 0, 0])
    assert made.answer(group(2, 104, made), port=200) == b"\x02\x02"


def test_a_device_that_supports_one_group_refuses_a_second() -> None:
    made = device(most_groups=1)
    assert made.answer(group(0, 100, made), port=200) == b"\x02\x00"
    assert made.answer(group(1, 101, made), port=200) == bytes([0x02, 4 | 1])


@pytest.mark.parametrize("app_key", [None, bytes(range(7, 23))])
def test_device_and_server_have_the_same_session_keys(app_key: bytes | None) -> None:
    made = device(app_key=app_key)
    made.answer(group(0, 0x01020304, made), port=200)
    assert made.multicast.groups[0].mc_app_s_key == keys.mc_app_s_key(encrypt, MC_KEY, 0x01020304)
    assert made.multicast.groups[0].mc_nwk_s_key == keys.mc_nwk_s_key(encrypt, MC_KEY, 0x01020304)
    root = keys.mc_root_key(encrypt, gen_app_key=KEY) if app_key is None else keys.mc_root_key(encrypt, app_key=app_key)
    assert made.mc_ke_key == keys.mc_ke_key(encrypt, root)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("kind", "cid", "seconds"), [(McClassCSessionReq, 0x04, 1024), (McClassBSessionReq, 0x05, 128 * 1024)]
)
def test_a_session_starts_and_ends_when_it_is_told(*, version: int, kind: type, cid: int, seconds: int) -> None:
    made = knows_time(device(ts004=version, rf_region="EU868"))
    made.answer(group(1, 7, made), port=200)
    assert made.answer(session(kind), port=200, now=NOW + 40) == bytes([cid, 1, 60, 0, 0])
    there = made.multicast.groups[1].session
    assert there is not None
    assert (there.start, there.end) == (NOW + 100, NOW + 100 + seconds)
    far = session(kind, session_time=GPS + (1 << 25))
    assert made.answer(far, port=200, now=NOW) == bytes([cid, 1, 255, 255, 255])


@pytest.mark.parametrize(
    ("fields", "version", "status"),
    [
        ({"dr": 8}, 1, 0x05),
        ({"dl_frequ": 9_020_000}, 1, 0x09),
        ({"mc_group_id": 2}, 1, 0x12),
        ({"mc_group_id": 0, "dr": 15, "dl_frequ": 1}, 2, 0x1C),
        ({"session_time": GPS}, 2, 0x21),
        ({"session_time": GPS - 1, "dr": 9}, 2, 0x25),
        ({"session_time": GPS}, 1, 0x11),
    ],
)
@pytest.mark.parametrize(("kind", "cid"), [(McClassCSessionReq, 0x04), (McClassBSessionReq, 0x05)])
def test_a_session_is_refused_with_what_is_in_the_way(
    *, fields: dict[str, Any], version: int, status: int, kind: type, cid: int
) -> None:
    made = knows_time(device(ts004=version, region="EU868"))
    made.answer(group(1, 7, made), port=200)
    assert made.answer(session(kind, **fields), port=200, now=NOW) == bytes([cid, status])
    assert made.multicast.groups[1].session is None


def test_a_device_without_the_class_keeps_quiet() -> None:
    made = knows_time(device(dl_class="ClassB"))
    made.answer(group(1, 7, made), port=200)
    assert made.answer(session(), port=200, now=NOW) == b""
    assert made.answer(session(McClassBSessionReq), port=200, now=NOW) != b""


def test_a_device_that_does_not_know_the_time_waits_for_decades() -> None:
    made = device()
    made.answer(group(1, 7, made), port=200)
    assert made.answer(session(), port=200, now=NOW) == b"\x04\x01\xff\xff\xff"
    there = made.multicast.groups[1].session
    assert there is not None
    assert there.start > NOW + 40 * 365 * 86400


def test_the_clock_takes_the_answer_to_its_own_question() -> None:
    made = device()
    assert made.answer(ForceDeviceResyncReq(0).encode(), port=202, now=NOW) == b""
    made.answer(ForceDeviceResyncReq(3).encode(), port=202, now=NOW)
    made.answer(AppTimeAns(GPS, 5).encode(), port=202, now=NOW)
    assert not made.clock.synchronized
    made.answer(AppTimeAns(GPS, 0).encode(), port=202, now=NOW)
    assert made.clock.synchronized
    assert made.clock.time(NOW + 5) == GPS + 5
    assert made.answer(ForceDeviceResyncReq(1).encode(), port=202, now=NOW)[-1] == 0x11
    assert made.answer(b"\x02\x03", port=202, now=NOW) == b"\x02\x01" + GPS.to_bytes(4, "little")


def test_what_may_not_come_by_multicast_is_ignored() -> None:
    made = knows_time(device())
    made.answer(group(1, 7, made), port=200)
    set_up = FragSessionSetupReq(0, 0b0010, 10, 20, 0).encode()
    for port, frame in (
        (200, b"\x00"),
        (200, group(0, 9, made)),
        (200, McGroupStatusReq(15).encode()),
        (200, McGroupDeleteReq(1).encode()),
        (200, session()),
        (202, b"\x00"),
        (202, ForceDeviceResyncReq(1).encode()),
        (202, AppTimeAns(500, 1).encode()),
        (201, b"\x00"),
        (201, set_up),
        (201, b"\x03\x00"),
    ):
        assert made.answer(frame, port=port, multicast=True, now=NOW) == b""
    assert list(made.multicast.groups) == [1]
    assert (made.multicast.groups[1].session, made.sessions) == (None, {})
    assert made.clock.time(NOW) == GPS


def test_fragments_come_by_the_groups_of_their_session() -> None:
    made = device()
    made.answer(FragSessionSetupReq(1, 0b0010, 10, 20, 0).encode())
    for number, multicast in ((0, True), (1, True), (None, True), (None, False)):
        made.answer(DataFragment(1, 1, bytes(20)).encode(), multicast=multicast, mc_group_id=number)
    assert made.sessions[1].received == 3
    made.answer(DataFragment(2, 1, bytes(20)).encode(), multicast=True)  # no such session
    assert made.answer(b"\x01\x03", multicast=True) == bytes([0x01, 3, 0x40, 10, 0])


@given(st.binary(max_size=40), st.sampled_from([0, 1, 200, 201, 202, 203]), st.sampled_from([1, 2]), st.booleans())
def test_any_bytes_are_answered_or_not(frame: bytes, port: int, version: int, multicast: bool) -> None:
    made = device(ts004=version)
    assert isinstance(made.answer(frame, port=port, multicast=multicast, now=NOW), bytes)


def test_a_device_without_packages_keeps_quiet_on_every_port() -> None:
    made = device(faults=["no-package"])
    assert [made.answer(b"\x00", port=port) for port in (200, 201, 202)] == [b"", b"", b""]
