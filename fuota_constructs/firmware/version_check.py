"""Whether an image is above what it replaces, as the devices would say that compare."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Literal, NamedTuple

from fuota_constructs.firmware.formats.version import Version, version_of

if TYPE_CHECKING:
    from fuota_constructs.firmware.formats import ImageFacts

Verdict = Literal["above", "above-by-build", "same-version", "lower", "same-firmware", "lower-counter", "unknown"]


class Replaced(NamedTuple):
    """What an image replaces: a version, or the file that has one."""

    name: str
    version: Version | None
    facts: ImageFacts | None = None

    def __str__(self) -> str:
        if self.facts is None:
            return f"version {self.name}"
        return f"{self.name} (version {self.facts.version})" if self.facts.version else self.name


class VersionCheck(NamedTuple):
    """What comparing an image with what it replaces came to; `said` is why it cannot be, or the two counters."""

    verdict: Verdict
    replaced: str
    said: str = ""


def check_version(facts: ImageFacts, replaced: Replaced) -> VersionCheck:
    """Compare an image with what it replaces: by major, minor and revision, then by build number where both have one.

    An image of another format, and a version that is no numbers, cannot be compared.
    """
    before, new = str(replaced), version_of(facts.version)
    if replaced.facts is not None and replaced.facts.content_id == facts.content_id:
        return VersionCheck("same-firmware", before)
    if reason := _incomparable(facts, replaced):
        return VersionCheck("unknown", before, reason)
    verdict = _order(new, replaced.version) if new and replaced.version else "unknown"
    counters = facts.security_counter, replaced.facts.security_counter if replaced.facts else None
    if (
        verdict.startswith("above")
        and counters[0] is not None
        and counters[1] is not None
        and counters[0] < counters[1]
    ):
        return VersionCheck("lower-counter", before, f"{counters[0]}, and {counters[1]} before")
    return VersionCheck(verdict, before)


def _order(new: Version, old: Version) -> Verdict:
    pairs = zip_longest(new.numbers, old.numbers, fillvalue=0)
    order = next((mine - other for mine, other in pairs if mine != other), 0)
    builds = (0, 0) if new.build is None or old.build is None else (new.build, old.build)
    if order < 0 or (order == 0 and builds[0] < builds[1]):
        return "lower"
    if order > 0:
        return "above"
    return "above-by-build" if builds[0] > builds[1] else "same-version"


def _incomparable(facts: ImageFacts, replaced: Replaced) -> str:
    if replaced.facts is not None and replaced.facts.format != facts.format:
        return f"one is a file of the kind {facts.title!r}, the other {replaced.facts.title!r}"
    for each in filter(None, (facts, replaced.facts)):
        if each.version is None:
            return f"there is no version in a file of the kind {each.title!r}"
        if version_of(each.version) is None:
            return f"the version {each.version!r} is not of numbers alone"
    return ""
