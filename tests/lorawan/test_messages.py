"""TS004's commands: published bytes, round trips of every command, and what is refused."""

import json
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuota_constructs.lorawan.fragmentation import messages
from fuota_constructs.lorawan.fragmentation.messages import (
    MESSAGES,
    DataFragment,
    FragSessionDeleteReq,
    FragSessionSetupReq,
    FragSessionSetupReqV2,
    FragSessionStatusReq,
    MessageError,
    PackageVersionReq,
    decode_frame,
)

VECTORS = Path(__file__).parent / "vectors"
PUBLISHED = [
    row
    for name in ("fragmentation-vectors", "more-fragmentation-vectors")
    for row in json.loads((VECTORS / f"{name}.json").read_text())["messages"]
]
OUR_NAMES = {
    "fragmentation_matrix": "frag_algo",
    "encoding_unsupported": "frag_algo_unsupported",
    "frag_session_index_not_supported": "frag_index_unsupported",
}


def _value(name: str, value: object) -> object:
    if name == "mc_group_bit_mask":
        return sum(1 << i for i, member in enumerate(value) if member)
    return bytes.fromhex(value) if isinstance(value, str) else value


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: f"v{row['version']}-{row['message']}")
def test_published_messages(row):
    (message,) = decode_frame(bytes.fromhex(row["hex"]), version=row["version"], uplink=row["uplink"])
    assert type(message).__name__.removesuffix("V2") == row["message"]
    expected = {OUR_NAMES.get(name, name): _value(name, value) for name, value in row["fields"].items()}
    assert {name: getattr(message, name) for name in expected} == expected
    assert message.encode().hex() == row["hex"]


def test_setup_of_the_captured_sessions():
    for name in ("fragmentation-vectors", "more-fragmentation-vectors"):
        for captured in json.loads((VECTORS / f"{name}.json").read_text())["interop_sets"]:
            frame = bytes.fromhex(captured["setup_req_with_cid_hex"])
            (setup,) = decode_frame(frame, version=1, uplink=False)
            assert (setup.nb_frag, setup.frag_size, setup.padding) == (
                captured["nb_frag"],
                captured["fragment_size"],
                captured["padding"],
            )


def _field(message, name):
    widths = {field: width for field, _, width in message.layout}
    kind = {field.name: field.type for field in fields(message)}[name]
    if name == "payload":
        return st.binary(min_size=1, max_size=255)
    if name == "n":
        return st.integers(1, (1 << widths[name]) - 1)
    if kind == "bytes":
        return st.binary(min_size=widths[name] // 8, max_size=widths[name] // 8)
    return st.booleans() if kind == "bool" else st.integers(0, (1 << widths[name]) - 1)


def _messages(kinds):
    return st.one_of(
        [st.builds(kind, **{field.name: _field(kind, field.name) for field in fields(kind)}) for kind in kinds]
    )


@given(_messages(MESSAGES))
def test_every_command_survives_the_air(message):
    for version in message.versions:
        assert decode_frame(message.encode(), version=version, uplink=message.uplink) == [message]


@given(st.data(), st.sampled_from([1, 2]), st.booleans())
def test_commands_share_a_frame(data, version, uplink):
    kinds = [k for k in MESSAGES if version in k.versions and k.uplink == uplink and k is not DataFragment]
    sent = data.draw(st.lists(_messages(kinds), min_size=1, max_size=4))
    frame = b"".join(message.encode() for message in sent)
    assert decode_frame(frame, version=version, uplink=uplink) == sent


@given(st.binary(max_size=40), st.sampled_from([1, 2]), st.booleans())
def test_any_bytes_are_read_or_refused(frame, version, uplink):
    try:
        found = decode_frame(frame, version=version, uplink=uplink)
    except MessageError:
        return
    assert len(b"".join(message.encode() for message in found)) == len(frame)


def test_reserved_bits_are_ignored_and_sent_as_zero():
    (message,) = decode_frame(b"\x03\xff", version=1, uplink=False)
    assert message == FragSessionDeleteReq(frag_index=3)
    assert message.encode() == b"\x03\x03"


@pytest.mark.parametrize(
    ("frame", "version", "uplink", "message"),
    [
        ("", 1, False, "the frame is empty"),
        ("05", 1, False, "CID 0x05 is no downlink command of TS004 version 1"),
        ("04ff", 1, True, "CID 0x04 is no uplink command of TS004 version 1"),
        ("0801000a", 1, True, "CID 0x08 is no uplink"),
        ("00", 3, False, "version 3"),
        ("01", 1, False, "FragSessionStatusReq has 0 payload bytes: it takes 1"),
        ("0200150030000d000000", 1, False, "FragSessionSetupReq has 9 payload bytes: it takes 10"),
        ("0200150030000d00000000", 2, False, "it takes 16"),
        ("0801", 1, False, "DataFragment has 1 payload bytes"),
        ("080100", 1, False, "it takes 2 and the fragment"),
        ("0008010001", 1, False, "must be the only command"),
        ("08000078", 1, False, "index 0: fragments count from 1"),
    ],
)
def test_fails_to_decode(frame, version, uplink, message):
    with pytest.raises(MessageError, match=message):
        decode_frame(bytes.fromhex(frame), version=version, uplink=uplink)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (FragSessionStatusReq(frag_index=4, participants=True), "frag_index is 4: it takes 0 to 3"),
        (FragSessionDeleteReq(frag_index=-1), "frag_index is -1"),
        (FragSessionSetupReq(0, 0, nb_frag=1 << 16, frag_size=1, padding=0), "nb_frag is 65536"),
        (FragSessionSetupReq(0, 0, 1, 1, 0, descriptor=b"123"), "descriptor has 3 bytes: it takes 4"),
        (FragSessionSetupReqV2(0, 0, 1, 1, 0, session_cnt=1, mic=b""), "mic has 0 bytes"),
        (DataFragment(0, 16_384, b"x"), "n is 16384: it takes 0 to 16383"),
        (DataFragment(0, 1, b""), "payload is empty"),
        (DataFragment(0, 0, b"x"), "n is 0: fragments count from 1"),
    ],
)
def test_fails_to_encode(wrong, message):
    with pytest.raises(MessageError, match=message):
        wrong.encode()


def test_an_empty_command_has_its_identifier_only():
    assert PackageVersionReq().encode() == b"\x00"
    assert messages.FRAGMENTATION_PORT == 201
