"""What the LoRaWAN stack of a device can take of a FUOTA session: limits of its build, and what it never survives.

The figures are those of `device_stacks.json`, each with the release and the file it was read in. They are of builds as
they come; most projects raise some of them, and say so with `DeviceStack.of(name, max_fragments=...)`.
"""

# Annotations are no texts here: a NamedTuple compiles each one that is, at every import.

import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from fuota_constructs.lorawan.binomial import at_least
from fuota_constructs.lorawan.fragments import MAX_ENCODED_FRAGMENTS

HANG_FRAGMENTS: Final = 2040
"""From so many fragments on decoders with an 8-bit loop counter never return: (2040 >> 3) + 1 is 256."""

OVERFLOWING_SHARE: Final = 0.001
"""Devices whose decoder has no room for what they lose speak against a session from this share on."""

Decoder = Literal["semtech", "lowmem", "mbed"]
"""That of LoRaMac-node, which SWL2001, STM32CubeWL and Zephyr have copies of; Zephyr's other one; Mbed's."""

StatusAnswer = Literal["once-lost", "false-one", "frames", "silent-when-done"]
"""What MissingFrag of a status answer is: `docs/reference/device-stacks.md` has each in words."""

LARGEST: Final = {
    "max_fragments": MAX_ENCODED_FRAGMENTS,
    "max_fragment_bytes": 255,
    "min_fragment_bytes": 255,
    "max_lost_fragments": MAX_ENCODED_FRAGMENTS,
    "fragment_multiple_bytes": 255,
    "frag_sessions": 4,
}
"""What a build may say at most: the fragment index has 14 bits, the size 8, FragIndex 2 (TS004-1.0.0)."""


class DeviceStack(NamedTuple):
    """One stack as it is built; make it with `DeviceStack.of(name)`.

    A limit is None where the stack has none, or none that is known: counts are fragments of the image, redundant ones
    aside, sizes are bytes of a fragment. `max_lost_fragments` is how many lost fragments the matrix of the decoder has
    room for, `max_lost_percent` the same as a share of `max_fragments` (of the session's fragments where that is not
    known). From `hangs_from_fragments` on the decoder never returns; with `never_done_without_redundancy` a device that
    gets every fragment of a session without redundant ones does not notice that it is complete. `checks_block_only`
    says that a set-up is accepted if the whole block fits, whatever the fragments; `memory_error_stays` that a session
    reports the memory error of an earlier one; `class_b_as_class_c` that a class B session is listened to in class C,
    for as many seconds as it should have beacon periods.
    """

    name: str
    release: str
    title: str
    max_fragments: int | None = None
    max_fragment_bytes: int | None = None
    min_fragment_bytes: int | None = None
    fragment_multiple_bytes: int | None = None
    max_lost_fragments: int | None = None
    max_lost_percent: int | None = None
    hangs_from_fragments: int | None = None
    never_done_without_redundancy: bool = False
    one_session_per_boot: bool = False
    one_session_at_a_time: bool = False
    checks_block_only: bool = False
    memory_error_stays: bool = False
    class_b_as_class_c: bool = False
    decoder: Decoder = "semtech"
    status_answer: StatusAnswer = "once-lost"
    frag_sessions: int = 4
    ts004_versions: tuple[int, ...] = (1,)

    @classmethod
    def of(
        cls,
        name: str,
        *,
        max_fragments: int | None = None,
        max_fragment_bytes: int | None = None,
        min_fragment_bytes: int | None = None,
        max_lost_fragments: int | None = None,
        fragment_multiple_bytes: int | None = None,
        frag_sessions: int | None = None,
    ) -> "DeviceStack":
        """A stack by its name, such as `"stm32cubewl"`, or `"loramac-node@4.5.1"` for one of its releases.

        The newest release by default. `max_fragments`, `max_fragment_bytes`, `min_fragment_bytes`,
        `max_lost_fragments`, `fragment_multiple_bytes` and `frag_sessions` (how many FragIndex values it takes, from 0)
        are those of your build, where it is not as it comes.

        Raises `ValueError` for a name, release or number that cannot be, with what can.
        """
        own = {
            "max_fragments": max_fragments,
            "max_fragment_bytes": max_fragment_bytes,
            "min_fragment_bytes": min_fragment_bytes,
            "max_lost_fragments": max_lost_fragments,
            "fragment_multiple_bytes": fragment_multiple_bytes,
            "frag_sessions": frag_sessions,
        }
        given: dict[str, Any] = {field: _whole(field, value) for field, value in own.items() if value is not None}
        stack = _as_it_comes(name)
        if "max_lost_fragments" in given:
            stack = stack._replace(max_lost_percent=None)
        made = stack._replace(**given)
        if (made.min_fragment_bytes or 1) > (made.max_fragment_bytes or LARGEST["max_fragment_bytes"]):
            raise ValueError(
                f"min_fragment_bytes is {made.min_fragment_bytes} and max_fragment_bytes {made.max_fragment_bytes}:"
                " no fragment fits between them"
            )
        return made

    @classmethod
    def parse(cls, text: str) -> "DeviceStack":
        """A stack as options and fleet files name it: `loramac-node@4.6.0,max_fragments=1000,max_lost_fragments=50`.

        Raises `ValueError` as `of` does.
        """
        name, *settings = (part.strip() for part in text.split(","))
        given: dict[str, Any] = {}
        for setting in settings:
            field, equals, value = (part.strip() for part in setting.partition("="))
            if field not in LARGEST or not equals:
                meant = f"did you mean {near}=...? " if (near := _nearest(field, LARGEST)) else ""
                raise ValueError(f"'{setting}' is no setting of a device stack: {meant}there are {', '.join(LARGEST)}")
            try:
                given[field] = int(value)
            except ValueError:
                raise ValueError(f"{field} is '{value}'; choose a whole number from 1 to {LARGEST[field]}") from None
        return cls.of(name, **given)

    def __str__(self) -> str:
        """The title and release, as messages name it."""
        return f"{self.title} {self.release}"

    @property
    def frag_indexes(self) -> tuple[int, ...]:
        """The FragIndex values it takes."""
        return tuple(range(self.frag_sessions))

    @property
    def text(self) -> str:
        """As `parse` reads it: name, release, and the numbers that are not as it comes."""
        return _spelled(self)

    @property
    def limits(self) -> str:
        """How many fragments of how many bytes its build takes, with what to raise: `21 of 50 bytes (...)`."""
        of = f" of {self.max_fragment_bytes} bytes" if self.max_fragment_bytes else ""
        raised = [name for field in ("max_fragments", "max_fragment_bytes") if (name := macro(self.name, field))]
        return f"{self.max_fragments}{of}" + (f" ({', '.join(raised)})" if raised else "")

    def most_lost_fragments(self, fragments: int) -> int | None:
        """How many lost fragments of so many the matrix has room for; None where nothing is known."""
        if self.max_lost_fragments is not None:
            return self.max_lost_fragments
        if self.max_lost_percent is None:
            return None
        return (self.max_fragments or fragments) * self.max_lost_percent // 100

    def share_that_overflows(self, fragments: int, loss: float) -> float:
        """The share of devices that lose more of so many fragments than the matrix has room for.

        Losses are independent, as everywhere in the planner; the matrix counts lost fragments of the image only.
        """
        most = self.most_lost_fragments(fragments)
        if most is None or most >= fragments or loss <= 0:
            return 0.0
        return at_least(fragments, loss)(most + 1)

    def takes_size(self, size: int) -> bool:
        """Whether its build takes fragments of so many bytes."""
        smallest, largest = self.min_fragment_bytes or 1, self.max_fragment_bytes or LARGEST["max_fragment_bytes"]
        return smallest <= size <= largest and size % (self.fragment_multiple_bytes or 1) == 0

    def takes_count(self, fragments: int) -> bool:
        """Whether its build takes so many fragments, and survives them."""
        return fragments <= (self.max_fragments or MAX_ENCODED_FRAGMENTS) and not self.hangs_with(fragments)

    def hangs_with(self, fragments: int) -> bool:
        """Whether its decoder never returns with so many fragments."""
        return self.hangs_from_fragments is not None and fragments >= self.hangs_from_fragments


def names() -> tuple[str, ...]:
    """The names of the stacks that are known."""
    return tuple(_document()["stacks"])


def releases(name: str) -> tuple[str, ...]:
    """The releases of a stack that are known, oldest first. Raises `ValueError` for a name that is not known."""
    return tuple(_entry(name)["releases"])


def macro(name: str, field: str) -> str:
    """What a build calls a limit, such as FRAG_MAX_NB; empty where that is not known."""
    return str(_entry(name)["facts"].get(field, {}).get("macro", ""))


def repository(name: str) -> str:
    """Where a stack is developed."""
    return str(_entry(name)["repository"])


def facts(name: str) -> tuple[str, ...]:
    """The fields of a stack that are known, those its releases differ in included."""
    return tuple(_entry(name)["facts"])


def source(name: str, field: str) -> str:
    """Where a fact about a stack was read or measured; empty for what is not known about it."""
    fact = _entry(name)["facts"].get(field, {})
    return "; ".join(str(fact[part]) for part in ("macro", "file", "source") if part in fact)


def status_meaning(name: str) -> dict[str, str]:
    """What its answers to a status request mean: `missing_fragments`, `successful`, and what stays `afterwards`."""
    return dict(_entry(name)["status"])


@functools.lru_cache(maxsize=256)
def _spelled(stack: DeviceStack) -> str:
    spelled = f"{stack.name}@{stack.release}"
    as_it_comes = _as_it_comes(spelled)
    own = [
        f"{field}={value}"
        for field in LARGEST
        if (value := getattr(stack, field)) != getattr(as_it_comes, field) and value is not None
    ]
    return ",".join([spelled, *own])


def _as_it_comes(name: str) -> DeviceStack:
    if not isinstance(name, str):
        raise ValueError(f"name is of the type {type(name).__name__}; give a text, such as 'loramac-node'")
    stack, at, release = name.partition("@")
    entry = _entry(stack)
    release = release if at else entry["newest"]
    if release not in entry["releases"]:
        raise ValueError(
            f"no release '{release}' of {stack} is known; there are {', '.join(entry['releases'])}: take the nearest"
            " one before yours"
        )
    facts = {
        name: fact["value"] for name, fact in entry["facts"].items() if "value" in fact and name in DeviceStack._fields
    }
    lists = {name: tuple(value) for name, value in facts.items() if isinstance(value, list)}
    return DeviceStack(stack, release, entry["title"], **{**facts, **lists, **entry["releases"][release]})


def _entry(name: str) -> dict[str, Any]:
    known: dict[str, Any] = _document()["stacks"]
    if name not in known:
        meant = f"did you mean '{near}'? " if (near := _nearest(name.lower(), known)) else ""
        raise ValueError(f"no device stack is called '{name}': {meant}there are {', '.join(known)}")
    entry: dict[str, Any] = known[name]
    return entry


def _nearest(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, list(known), n=1)), "")


def _whole(field: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LARGEST[field]:
        raise ValueError(f"{field} is {value!r}; choose a whole number from 1 to {LARGEST[field]}")
    return value


@functools.cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(Path(__file__).with_name("device_stacks.json").read_text("utf-8"))
    return document
