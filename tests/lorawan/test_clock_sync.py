"""TS003's commands: published bytes, round trips of every command, and what is refused; and GPS time."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuota_constructs.lorawan.clock_sync import (
    MESSAGES,
    AppTimeAns,
    AppTimeReq,
    DeviceAppTimePeriodicityAns,
    DeviceAppTimePeriodicityReq,
    ForceDeviceResyncReq,
    decode_frame,
    gps_seconds,
    time_correction,
)
from fuota_constructs.lorawan.package_messages import MessageError, PackageVersionAns, PackageVersionReq

# As in the tests of brocaar/lorawan, applayer/clocksync, and of chirpstack/chirpstack, lrwn/src/applayer/clocksync.
PUBLISHED = [
    (PackageVersionReq(), "00"),
    (PackageVersionAns(package_identifier=1, package_version=1), "000101"),
    (AppTimeReq(134480385, 5, ans_required=True), "010102040815"),
    (AppTimeReq(1024, 15, ans_required=True), "01000400001f"),
    (AppTimeAns(-134480385, 5), "01fffdfbf705"),
    (AppTimeAns(1024, 15), "01000400000f"),
    (DeviceAppTimePeriodicityReq(5), "0205"),
    (DeviceAppTimePeriodicityReq(15), "020f"),
    (DeviceAppTimePeriodicityAns(134480385, not_supported=True), "020101020408"),
    (ForceDeviceResyncReq(5), "0305"),
    (ForceDeviceResyncReq(7), "0307"),
]


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("message", "published"), PUBLISHED, ids=lambda each: type(each).__name__)
def test_published_messages(message, published, version) -> None:
    assert message.encode().hex() == published
    assert decode_frame(bytes.fromhex(published), version=version, uplink=message.uplink) == [message]


def _field(kind, name):
    width = {field: width for field, _, width in kind.layout}[name]
    if {field.name: field.type for field in fields(kind)}[name] == "bool":
        return st.booleans()
    return st.integers(-(1 << width - 1), (1 << width - 1) - 1) if name in kind.signed else st.integers(0, 2**width - 1)


@given(st.data(), st.sampled_from([1, 2]), st.booleans())
def test_every_command_survives_the_air(data, version, uplink) -> None:
    kinds = [kind for kind in MESSAGES if kind.uplink == uplink]
    drawn = [st.builds(kind, **{field.name: _field(kind, field.name) for field in fields(kind)}) for kind in kinds]
    sent = data.draw(st.lists(st.one_of(drawn), min_size=1, max_size=4))
    assert decode_frame(b"".join(each.encode() for each in sent), version=version, uplink=uplink) == sent


@given(st.binary(max_size=20), st.sampled_from([1, 2]), st.booleans())
def test_any_bytes_are_read_or_refused(frame, version, uplink) -> None:
    try:
        found = decode_frame(frame, version=version, uplink=uplink)
    except MessageError:
        return
    assert len(b"".join(message.encode() for message in found)) == len(frame)


@pytest.mark.parametrize(
    ("frame", "uplink", "message"),
    [
        ("", True, "the frame is empty"),
        ("03", True, "CID 0x03 is no uplink command of TS003 version 1"),
        ("0101020408", True, "AppTimeReq has 4 payload bytes: it takes 5"),
        ("03", False, "ForceDeviceResyncReq has 0 payload bytes: it takes 1"),
    ],
)
def test_fails_to_decode(frame, uplink, message) -> None:
    with pytest.raises(MessageError, match=message):
        decode_frame(bytes.fromhex(frame), version=1, uplink=uplink)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (AppTimeAns(1 << 31, 0), "time_correction is 2147483648: it takes -2147483648 to 2147483647"),
        (AppTimeAns(-(1 << 31) - 1, 0), "it takes -2147483648 to 2147483647"),
        (AppTimeReq(0, 16), "token_req is 16: it takes 0 to 15"),
        (ForceDeviceResyncReq(8), "nb_transmissions is 8: it takes 0 to 7"),
    ],
)
def test_fails_to_encode(wrong, message) -> None:
    with pytest.raises(MessageError, match=message):
        wrong.encode()


def test_gps_time() -> None:
    assert gps_seconds(315_964_800) == 18  # 18 leap seconds are counted back to the begin, as devices do
    assert gps_seconds(1_577_836_818.9) == 1_261_872_036  # 2020-01-01T00:00:18Z
    assert gps_seconds(315_964_800 + 2**32) == 18


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_a_correction_leads_to_the_time(device_time, gps_time) -> None:
    correction = time_correction(device_time, gps_time)
    assert (device_time + correction) % 2**32 == gps_time
    assert AppTimeAns(correction, 0).encode()
