"""What a device answers on the fragmentation port, byte by byte."""

from __future__ import annotations

from typing import Any

import pytest

from fuota_constructs.local.fleet import Cohort
from fuota_constructs.local.fleet.device import Device
from fuota_constructs.lorawan.fragmentation.messages import DataFragment, FragSessionSetupReq, FragSessionSetupReqV2

KEY = bytes(16)


def device(**fields: Any) -> Device:
    """A device of a cohort of one."""
    return Device(Cohort.of({"count": 1, **fields}, "cohort"), "id", 0, 0, KEY)


def set_up(version: int, **fields: Any) -> bytes:
    """The set-up of a session of 10 fragments of 20 bytes."""
    values = {"frag_index": 1, "mc_group_bit_mask": 1, "nb_frag": 10, "frag_size": 20, "padding": 3, **fields}
    if version == 1:
        return FragSessionSetupReq(**values).encode()
    return FragSessionSetupReqV2(**{"session_cnt": 1, "mic": bytes(4), **values}).encode()


@pytest.mark.parametrize("version", [1, 2])
def test_it_names_its_package_and_version(version: int) -> None:
    assert device(ts004=version).answer(b"\x00") == bytes([0x00, 3, version])


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("fields", "request_fields", "answer"),
    [
        ({}, {}, 0b01000000),
        ({}, {"frag_algo": 1}, 0b01000001),
        ({"memory_bytes": 199}, {}, 0b01000010),
        ({"frag_indexes": [0, 2]}, {}, 0b01000100),
        ({"descriptor": "AQIDBA=="}, {}, 0b01001000),
        ({"descriptor": "AQIDBA=="}, {"descriptor": bytes([1, 2, 3, 4])}, 0b01000000),
        ({"max_fragments": 9, "frag_indexes": [3], "descriptor": "AQIDBA=="}, {"frag_algo": 7}, 0b01001111),
    ],
)
def test_set_up_is_answered_with_what_is_in_the_way(
    *, version: int, fields: dict[str, Any], request_fields: dict[str, Any], answer: int
) -> None:
    made = device(ts004=version, **fields)
    assert made.answer(set_up(version, **request_fields)) == bytes([0x02, answer])
    assert (1 in made.sessions) == (answer == 0b01000000)


def fragment(frag_index: int = 1, n: int = 1) -> bytes:
    """A fragment of that session."""
    return DataFragment(frag_index, n, bytes(20)).encode()


def test_a_session_counter_is_used_up_by_the_first_fragment() -> None:
    made = device(ts004=2)
    assert made.answer(set_up(2, session_cnt=5)) == b"\x02\x40"
    assert made.answer(set_up(2, session_cnt=5)) == b"\x02\x40"  # the answer was lost: asked again
    assert made.answer(fragment(0)) == b""  # of another session
    assert made.answer(set_up(2, session_cnt=5)) == b"\x02\x40"
    assert made.answer(fragment()) == b""
    assert made.answer(set_up(2, session_cnt=5)) == b"\x02\x50"
    assert made.answer(set_up(2, session_cnt=4)) == b"\x02\x50"
    assert made.answer(set_up(2, session_cnt=6)) == b"\x02\x40"


def test_each_frag_index_has_its_own_session_counter() -> None:
    made = device(ts004=2)
    made.answer(set_up(2, session_cnt=5))
    made.answer(fragment())
    assert made.answer(set_up(2, session_cnt=1, frag_index=0)) == b"\x02\x00"
    assert made.answer(set_up(2, session_cnt=5)) == b"\x02\x50"
    kept = device(ts004=2, session_cnt=3)
    assert [kept.answer(set_up(2, session_cnt=3, frag_index=index))[1] & 0x10 for index in range(4)] == [0x10] * 4


def test_fragments_count_as_received() -> None:
    made = device()
    made.answer(set_up(1))
    for n in (1, 2, 5):
        made.answer(fragment(n=n))
    assert made.answer(b"\x01\x03") == bytes([0x01, 3, 0x40, 10, 0])


@pytest.mark.parametrize("version", [1, 2])
def test_a_session_is_deleted_once(version: int) -> None:
    made = device(ts004=version)
    made.answer(set_up(version))
    assert made.answer(b"\x03\x01") == b"\x03\x01"
    assert made.sessions == {}
    assert made.answer(b"\x03\x01") == b"\x03\x05"
    assert made.answer(b"\x03\x03") == b"\x03\x07"


def test_version_2_says_that_it_has_no_such_session() -> None:
    assert device(ts004=2).answer(b"\x01\x07") == bytes([0x01, 0x04, 0, 0xC0, 0])
    assert device(ts004=2).answer(b"\x01\x06") == b""  # asked were those that miss fragments
    assert device(ts004=1).answer(b"\x01\x07") == b""


def test_a_refused_session_uses_no_counter_up() -> None:
    made = device(ts004=2, memory_bytes=199)
    assert made.answer(set_up(2, session_cnt=5)) == b"\x02\x42"
    assert made.answer(set_up(2, session_cnt=5, nb_frag=9)) == b"\x02\x40"


def test_it_keeps_quiet_to_what_it_does_not_understand() -> None:
    assert device(ts004=2).answer(set_up(1)) == b""
    assert device().answer(b"\x01\x02") == b""  # no such session
    assert device().answer(b"") == b""
    assert device(faults=["no-package"]).answer(b"\x00") == b""


@pytest.mark.parametrize(
    ("version", "frame"), [(1, bytes([0x01, 7, 0x40, 255, 0])), (2, bytes([0x01, 0, 7, 0x40, 255]))]
)
def test_it_tells_its_progress(version: int, frame: bytes) -> None:
    made = device(ts004=version)
    made.answer(set_up(version))
    made.sessions[1].received, made.sessions[1].missing = 7, 300
    assert made.answer(b"\x01\x03") == frame
    made.sessions[1].missing = 0
    assert made.answer(b"\x01\x02") == b""  # only who misses fragments was asked
