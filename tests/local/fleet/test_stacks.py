"""Devices of a stack in a session: how it ends, at which fragment, why, and what they say when they are asked."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from fuota_constructs.local.fleet import Cohort
from fuota_constructs.local.fleet.device import Device
from fuota_constructs.local.fleet.multicast_server import MulticastServer, SessionOrder, session_time_out
from fuota_constructs.local.fleet.radio import arrivals
from fuota_constructs.local.fleet.session_parameters import SessionParameters
from fuota_constructs.local.fleet.session_run import Outcome, SessionRun
from fuota_constructs.local.fleet.session_set_up import Receiver
from fuota_constructs.local.fleet.stack_decoder import End, StackDecoder, stack_decoder
from fuota_constructs.lorawan.device_stack import DeviceStack
from fuota_constructs.lorawan.fragmentation import encode
from fuota_constructs.lorawan.fragmentation.messages import (
    FragSessionStatusAns,
    FragSessionStatusAnsV2,
    FragSessionStatusReq,
    decode_frame,
)

GROUP = "group"
WIDE = {"max_fragments": 16383, "max_fragment_bytes": 255}


def device(*, lost: list[int] | None = None, count: int = 1, **fields: Any) -> Device:
    """A device of a stack, that loses these fragments."""
    loss = {"kind": "listed", "lost": lost or []}
    return Device(Cohort.of({"count": count, "loss": loss, **fields}, "cohort"), "id", 0, 1, bytes(16))


def parameters(fragments: int, coded: int, *, size: int = 8, multicast: bool = True) -> SessionParameters:
    """A session of so many fragments, one a second."""
    image = random.Random(fragments).randbytes(fragments * size)
    return SessionParameters(image, size, fragments, coded, 1.0, 0.0, bytes(4), multicast, None, None)


def run(one: Device, session: SessionParameters, *, dl_class: str = "ClassC", late: float = 0.0) -> Outcome:
    """What becomes of a device in a session, which it is set up for in the hour before, to listen so much late."""
    receiver = Receiver(one)
    if session.multicast:
        server, time_out = MulticastServer(120), session_time_out(dl_class, session.seconds)
        server.join(GROUP, one, session.start - 3600)
        order = SessionOrder(dl_class, session.start + late, time_out, 869_525_000, 0)
        server.order(GROUP, order, session.start - 1800)
        group = server.group(GROUP)
        receiver = Receiver(one, group, group.members[one.id].mc_group_id)
    sessions = SessionRun(session, [receiver], conflicting=set())
    sessions.deliver(session.seconds)
    return sessions.outcomes[one.id]


def said(outcome: Outcome) -> tuple[str, int | None, bool, str]:
    """All of an outcome that tests ask for."""
    return outcome.status, outcome.fragment, outcome.has_image, outcome.trouble.cause if outcome.trouble else ""


def answer(one: Device, index: int = 1) -> tuple[int, ...] | None:
    """FragIndex, NbFragReceived, MissingFrag and MemoryError of its answer; None where it is silent."""
    uplink = one.answer(FragSessionStatusReq(index, participants=True).encode())
    if not uplink:
        return None
    (found,) = decode_frame(uplink, version=one.version, uplink=True)
    assert isinstance(found, (FragSessionStatusAns, FragSessionStatusAnsV2))
    error = found.memory_error if isinstance(found, FragSessionStatusAnsV2) else found.not_enough_matrix_memory
    return found.frag_index, found.nb_frag_received, found.missing_frag, int(error)


def test_stm32cubewl_hangs_and_stays_so() -> None:
    one = device(stack="stm32cubewl", lost=[7])
    why = "STM32CubeWL 44157b0 hangs for ever from 2,040 fragments"
    assert said(run(one, parameters(2040, 20))) == ("Initial", 2041, False, why)
    assert answer(one) is None
    again = said(run(one, parameters(20, 5)))
    assert again == ("Package_Not_Supported", None, False, "STM32CubeWL 44157b0 hangs since an earlier session")
    assert run(device(stack="stm32cubewl", lost=[7]), parameters(2039, 20)).has_image
    assert said(run(device(stack="stm32cubewl"), parameters(2040, 20))) == ("Successful", 2040, True, "")
    assert not run(device(stack="loramac-node@4.5.1", lost=[7], **WIDE), parameters(2040, 20)).has_image
    assert run(device(stack="loramac-node@4.5.2", lost=[7], **WIDE), parameters(2040, 20)).has_image


@pytest.mark.parametrize(
    ("stack", "fragments", "size", "status", "why"),
    [
        ("stm32cubewl", 2152, 8, "Not_enough_memory", "is built for 2,151 fragments and the session has 2,152"),
        ("swl2001", 101, 8, "Not_enough_memory", "is built for 100 fragments and the session has 101"),
        ("swl2001", 10, 243, "Not_enough_memory", "is built for fragments of 242 bytes and they have 243"),
        ("zephyr", 10, 240, "Not_enough_memory", "is built for fragments of 232 bytes and they have 240"),
        ("loramac-node", 21, 51, "Not_enough_memory", "is built for fragments of 50 bytes and they have 51"),
        ("loramac-node", 40, 20, "Initial", "40: it takes the set-up and writes past the end of its memory"),
        ("loramac-node", 10, 100, "Initial", "they have 100: it takes the set-up and writes past the end of"),
        ("mbed", 10, 8, "FragIndex_unsupported", "takes FragIndex 0 only, and this session has 1"),
        ("zephyr", 10, 50, "MICError", "writes a flash that takes multiples of 8 bytes, and fragments have 50"),
        ("zephyr,fragment_multiple_bytes=1", 10, 50, "Successful", ""),
        ("loramac-node", 21, 50, "Successful", ""),
        ("loramac-node,max_fragments=40", 40, 20, "Successful", ""),
        ("mbed,frag_sessions=2", 10, 8, "Successful", ""),
    ],
)
def test_what_a_build_does_not_take(stack: str, fragments: int, size: int, status: str, why: str) -> None:
    found = run(device(stack=stack), parameters(fragments, 5, size=size))
    assert (found.status, found.has_image) == (status, status == "Successful")
    assert why in said(found)[3]


def test_numbers_beside_the_stack_are_those_of_the_build() -> None:
    assert run(device(stack="loramac-node", max_fragments=40), parameters(40, 5, size=20)).has_image
    spelled = {"name": "loramac-node", "max_fragments": 40}
    assert run(device(stack=spelled), parameters(40, 5, size=20)).has_image
    partition = device(stack="zephyr-lowmem", memory_bytes=4800, lost=list(range(1, 21)))
    assert partition.build is not None
    assert (partition.build.max_fragments, partition.build.most_lost_fragments(60)) == (101, 20)
    assert run(partition, parameters(60, 50)).has_image
    roomy = device(stack="zephyr", max_lost_fragments=30, lost=list(range(1, 31)))
    assert run(roomy, parameters(60, 50)).has_image


SITUATIONS: dict[str, tuple[list[int], int]] = {
    "nothing heard": (list(range(1, 141)), 40),
    "the first 50, then nothing": (list(range(51, 141)), 40),
    "6 lost last, no coded": (list(range(95, 141)), 40),
    "all, nothing lost": ([], 40),
    "6 lost, recovered": ([3, 9, 27, 44, 60, 81], 40),
    "6 lost, 3 coded": ([3, 9, 27, 44, 60, 81, *range(104, 141)], 40),
    "9 lost, room for 8": ([3, 9, 27, 44, 60, 81, 82, 83, 84], 40),
}
MEASURED: dict[str, dict[str, tuple[int, int]]] = {
    # MissingFrag and MemoryError, as they were measured: 100 fragments of 10 bytes, room for 8 lost, FragIndex 1
    "loramac-node": {
        "nothing heard": (0, 0),
        "the first 50, then nothing": (0, 0),
        "6 lost last, no coded": (0, 0),
        "all, nothing lost": (0, 0),
        "6 lost, recovered": (6, 0),
        "6 lost, 3 coded": (6, 0),
        "9 lost, room for 8": (9, 1),
    },
    "swl2001": {
        "nothing heard": (100, 0),
        "the first 50, then nothing": (50, 0),
        "6 lost last, no coded": (6, 0),
        "all, nothing lost": (1, 0),
        "6 lost, recovered": (0, 0),
        "6 lost, 3 coded": (3, 0),
        "9 lost, room for 8": (9, 1),
    },
    "zephyr": {  # by reading: the fragments less the frames that came
        "nothing heard": (100, 0),
        "the first 50, then nothing": (50, 0),
        "6 lost last, no coded": (6, 0),
        "all, nothing lost": (0, 0),
        "6 lost, recovered": (0, 0),
        "6 lost, 3 coded": (3, 0),
        "9 lost, room for 8": (8, 1),
    },
}
MEASURED["stm32cubewl"] = MEASURED["loramac-node"]


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("name", MEASURED)
def test_status_answers_are_those_that_were_measured(name: str, situation: str) -> None:
    lost, coded = SITUATIONS[situation]
    build = {"name": name, **WIDE, "max_lost_fragments": 8, "fragment_multiple_bytes": 1}
    one = device(stack=build, status_as="stack", lost=lost)
    outcome = run(one, parameters(100, coded, size=10))
    found = answer(one)
    assert found is not None
    assert (found[0], *found[2:]) == (1, *MEASURED[name][situation])
    missing, memory_error = MEASURED[name][situation]
    assert outcome.status == ("MemoryError" if memory_error else "MissingFrag" if missing else "Successful")
    assert outcome.has_image == (situation in {"all, nothing lost", "6 lost, recovered"})
    true = run(device(stack=build, lost=lost), parameters(100, coded, size=10))
    assert true.has_image == outcome.has_image
    assert (true.status == "Successful") == true.has_image
    if (outcome.status == "Successful") != outcome.has_image:
        assert said(outcome)[3].endswith(
            "has the image and does not report so" if outcome.has_image else "has no image, and reports Successful"
        )


@pytest.mark.parametrize("name", ["loramac-node", "stm32cubewl", "swl2001", "zephyr"])
def test_what_is_counted_as_received_and_for_which_session(name: str) -> None:
    lost, coded = SITUATIONS["6 lost, recovered"]
    build = {"name": name, **WIDE, "max_lost_fragments": 8, "fragment_multiple_bytes": 1}
    one = device(stack=build, status_as="stack", lost=lost)
    last = run(one, parameters(100, coded, size=10)).fragment
    assert last is not None
    found, of_another_index = answer(one), answer(one, index=2)
    assert found is not None
    assert found[1] == (last if name in {"loramac-node", "stm32cubewl"} else last - 6)
    assert of_another_index == (2, *found[1:])  # never set up: there is one decoder


def test_status_answers_of_swl2001_in_version_2() -> None:
    build = {"name": "swl2001", **WIDE}
    silent = device(stack=build, ts004=2, status_as="stack", lost=list(range(1, 111)))
    assert run(silent, parameters(100, 10)).status == "Successful"
    assert answer(silent) == (0, 0, 0, 0)
    whole = device(stack=build, ts004=2, status_as="stack")
    assert run(whole, parameters(100, 10)).status == "MissingFrag"
    assert answer(whole) == (1, 100, 1, 0)
    assert answer(whole, index=2) == (2, 0, 0, 0)  # does not exist


@pytest.mark.parametrize("name", ["loramac-node", "stm32cubewl", "swl2001"])
def test_what_is_sent_of_256_is_0(name: str) -> None:
    build = {"name": name, **WIDE, "max_lost_fragments": 300}
    first_coded = 401 if name == "swl2001" else 402  # the others count what was lost last at a coded fragment
    one = device(stack=build, status_as="stack", lost=[*range(1, 257), *range(first_coded, 501)])
    assert run(one, parameters(400, 100)).status == "Successful"
    assert answer(one) is not None


def test_a_memory_error_stays_with_the_decoders_that_keep_it() -> None:
    for name, stays in (("loramac-node", True), ("stm32cubewl", True), ("swl2001", False), ("zephyr", True)):
        one = device(stack={"name": name, **WIDE, "max_lost_fragments": 1}, status_as="stack", lost=[1, 2])
        assert run(one, parameters(20, 10)).status == "MemoryError"
        again = run(one, parameters(30, 10))  # loses 1 and 2 again
        assert again.status == "MemoryError"
        small = run(one, parameters(1, 0))  # fragment 1 is lost: nothing is heard
        assert small.status == ("MemoryError" if stays else "MissingFrag")
        honest = device(stack={"name": name, **WIDE, "max_lost_fragments": 1}, lost=[1, 2])
        assert [run(honest, parameters(count, 3)).status for count in (20, 1)] == ["MemoryError", "MissingFrag"]


@pytest.mark.parametrize("status_as", ["spec", "stack"])
def test_an_old_release_is_never_done_and_says_successful(status_as: str) -> None:
    one = device(stack="loramac-node@4.6.0", status_as=status_as)
    why = "LoRaMac-node 4.6.0 has every fragment, and notices at a redundant one only, which never came"
    assert said(run(one, parameters(20, 0))) == ("Successful", None, False, why)
    assert said(run(one, parameters(20, 3))) == ("Successful", 21, True, "")


def test_an_unfinished_session_of_zephyr_refuses_another_index() -> None:
    one = device(stack="zephyr", lost=[1, 21])
    assert run(one, parameters(20, 1)).status == "MissingFrag"
    refused = said(run(one, parameters(20, 1, multicast=False)))
    assert refused[0] == "FragIndex_unsupported"
    assert "refuses another FragIndex while its session with FragIndex 1 is unfinished" in refused[3]
    assert run(one, parameters(20, 8)).has_image  # the same index is taken
    assert run(one, parameters(20, 8, multicast=False)).has_image


def test_a_second_session_of_mbed_in_a_boot_recovers_nothing() -> None:
    one = device(stack="mbed", lost=[1, 2])
    assert said(run(one, parameters(30, 20, multicast=False)))[2:] == (True, "")
    second = said(run(one, parameters(40, 20, multicast=False)))
    assert second[::2] == ("MissingFrag", False)
    assert second[3].endswith("recovers no lost fragments in the second session after a boot")
    whole = device(stack="mbed", status_as="stack")
    assert [run(whole, parameters(30, 5, multicast=False)).status for _ in range(2)] == ["Initial", "Initial"]
    assert answer(whole, index=0) is None  # nobody answers who is done
    crashed = run(device(stack="mbed", lost=list(range(1, 41))), parameters(60, 60, multicast=False))
    assert said(crashed)[:3] == ("Initial", 61, False)
    assert "it writes past the end of its memory" in said(crashed)[3]


def test_class_b_is_class_c_for_loramac_node() -> None:
    session = parameters(200, 20)
    one = device(stack="loramac-node", **WIDE)
    found = run(one, session, dl_class="ClassB")
    assert found.status == "MissingFrag"
    assert said(found)[3] == "LoRaMac-node 4.7.0 listens to a class B session in class C, and only for 2 s"
    late = run(device(stack="loramac-node", **WIDE), session, dl_class="ClassB", late=1)
    assert said(late)[3] == said(found)[3]  # a second later, or whenever the device takes it to begin
    assert run(device(stack="swl2001", max_fragments=300), session, dl_class="ClassB").has_image
    assert run(device(stack="loramac-node", **WIDE), session).has_image


@pytest.mark.parametrize("stack", ["loramac-node", "swl2001", "stm32cubewl", "zephyr", "zephyr-lowmem", None])
def test_fragments_out_of_order(stack: str | None) -> None:
    images = 0
    for ordinal in range(12):
        cohort = Cohort.of({"count": 1, "stack": stack, "late": 0.1, "repeated": 0.1, **WIDE}, "cohort")
        one = Device(cohort, "id", ordinal, 1, bytes(16))
        found = run(one, parameters(120, 6))
        images += found.has_image
        assert found.has_image or found.trouble is not None
    assert (images == 12) is (stack is None)


def test_a_device_with_little_memory_answers_nothing_of_what_is_too_much() -> None:
    one = device(stack={"name": "zephyr-lowmem", "max_lost_fragments": 3}, status_as="stack", lost=[1, 2, 3, 4])
    found = said(run(one, parameters(40, 20)))
    assert found[:3] == ("Successful", None, False)
    assert "has room for 3 lost fragments" in found[3]
    honest = device(stack={"name": "zephyr-lowmem", "max_lost_fragments": 3}, lost=[1, 2, 3, 4])
    assert run(honest, parameters(40, 20)).status == "MemoryError"


def test_a_fault_is_not_the_fault_of_the_stack() -> None:
    found = run(device(stack="swl2001", faults=["write-error"]), parameters(40, 20))
    assert (found.status, found.trouble) == ("MemoryError", None)
    assert run(device(stack="swl2001", faults=["corrupt-fragment"]), parameters(40, 20)).status == "MICError"


@pytest.mark.parametrize("ordinal", range(16))
@pytest.mark.parametrize(
    "stack",
    ["loramac-node", "loramac-node@4.5.1", "swl2001", "stm32cubewl", "zephyr", "zephyr-lowmem", "mbed,frag_sessions=2"],
)
def test_outcome_and_deciding_fragment_are_those_of_the_decoder(stack: str, ordinal: int) -> None:
    fragments, coded, loss = 60 + 8 * ordinal, 30, (0.02, 0.06, 0.12, 0.2)[ordinal % 4]
    build = DeviceStack.parse(stack)
    cohort = {"count": 1, "stack": stack, "loss": loss, "max_lost_fragments": 12, "max_fragments": 1000}
    one = Device(Cohort.of({**cohort, "max_fragment_bytes": 255}, "cohort"), "id", ordinal, 1, bytes(16))
    assert one.build is not None
    found = run(one, parameters(fragments, coded))
    random_of_device = np.random.default_rng([1, ordinal, 1])
    arrived = arrivals(one.cohort.loss, random_of_device, fragments + coded, None, None)
    image = parameters(fragments, coded).image
    sent, decoder = encode(image, 8, coded), stack_decoder(one.build, fragments, 8, 1)
    heard = (np.flatnonzero(arrived) + 1).tolist()
    end, n = next(((end, n) for n in heard if (end := decoder.take(n, sent[n - 1]))), (None, None))
    assert found.fragment == n
    assert found.has_image == (end is End.DONE and decoder.block == image)
    statuses = {End.DONE: "Successful", End.OVERFLOW: "MemoryError", End.CRASH: "Initial", End.HANG: "Initial"}
    assert found.status == (statuses[end] if end else "MemoryError" if _is_full(one, decoder) else "MissingFrag")
    assert build.hangs_with(fragments) is False


def _is_full(one: Device, decoder: StackDecoder) -> bool:
    """Whether a decoder that ends in nothing has lost too many; a device that answers as it should says so."""
    return one.build is not None and one.build.decoder == "lowmem" and decoder.lost > 12


def test_mbed_answers_what_it_lost_and_swaps_the_bytes() -> None:
    one = device(stack="mbed", status_as="stack", lost=[3, 9, *range(301, 341)])
    assert run(one, parameters(300, 40, multicast=False)).status == "MissingFrag"
    assert answer(one, index=0) == (0, (298 & 0xFF) << 8 & 0x3FFF | 298 >> 8, 2, 0)
