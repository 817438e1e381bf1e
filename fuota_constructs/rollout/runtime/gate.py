"""The gate between two waves: what the devices so far prove about the rate that was asked for. Pure, no calls.

Statuses come when a session is over, so a wave is looked at once, and once more after each retry. Devices that are
tried again count as unknown until then: a verdict of an earlier look would be that of the last one, too, so looks
within a wave cost no confidence. Those of the waves do: each has its part of the error that was allowed.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from device_outcomes import Tally

from fuota_constructs.lorawan.plan_consistency import chance_of_so_few, is_worse_than_planned
from fuota_constructs.lorawan.success_bounds import confidence_of_each, lower_bound, upper_bound, worth_of

ABORT, PASS, GO_ON, HOLD = "abort", "pass", "go-on", "hold"


@dataclass(frozen=True)
class Terms:
    """What was asked for: shares from 0 to 1, and the number of waves that are judged.

    `a_gateway` devices are behind one gateway, of which two fail together with `correlation`: without it, each by
    itself. With a `version`, those count that report it.
    """

    success: float
    confidence: float
    waves: int
    most_silent: int = 0
    a_gateway: float = 1.0
    correlation: float = 0.0
    version: str = ""

    def independent(self, devices: int) -> float:
        """How many independent devices so many prove no more than."""
        return self._worth(devices, devices)[1]

    def lower(self, good: int, attempted: int) -> float:
        """The rate that so many of so many prove at the least."""
        return lower_bound(*self._worth(good, attempted), confidence_of_each(self.confidence, self.waves))

    def upper(self, good: int, attempted: int) -> float:
        """The rate that so many of so many leave possible at the most."""
        return upper_bound(*self._worth(good, attempted), confidence_of_each(self.confidence, self.waves))

    def _worth(self, good: int, attempted: int) -> tuple[float, float]:
        return worth_of(good, attempted, a_gateway=self.a_gateway, correlation=self.correlation)


@dataclass(frozen=True)
class Radio:
    """The first session of a wave: who got the image, who lost it, and the chance that was planned."""

    delivered: int
    lost: int
    planned: float

    @property
    def is_worse(self) -> bool:
        """Whether so few contradict the plan."""
        return is_worse_than_planned(self.delivered, [(self.delivered + self.lost, self.planned)])

    @property
    def chance(self) -> float:
        """How likely so few were by the plan."""
        return chance_of_so_few(self.delivered, [(self.delivered + self.lost, self.planned)])


@dataclass(frozen=True)
class Verdict:
    """What the gate says: what is next, why, and the bounds of the rate."""

    next: str
    reason: str
    lower: float = 0.0
    upper: float = 1.0
    radio_is_worse: bool = False

    @property
    def outcome(self) -> str:
        """The outcome of the wave."""
        return {ABORT: "ABORTED", PASS: "PASSED"}.get(self.next, "INCONCLUSIVE")


def judge(waves: Sequence[Tally], radio: Radio, terms: Terms, *, left_out: int | None = None) -> Verdict:
    """Judge all waves of an image so far, the last of which is the one at the gate.

    `left_out` devices of that wave were in no session; None while some are still tried again.
    """
    wave, pooled = waves[-1], waves[0]
    for other in waves[1:]:
        pooled = pooled.plus(other)
    if reason := _reason_to_abort(wave, pooled, terms, is_canary=len(waves) == 1):
        return Verdict(ABORT, reason, *_bounds(pooled, terms))
    if pooled.attempted == 0:
        return Verdict(HOLD, "no device was attempted, so nothing is known about this image")
    is_last = len(waves) >= terms.waves  # a wave that was skipped is not among them: then not all have had their turn
    verdict = _by_bounds(pooled, radio, terms, is_canary=len(waves) == 1, is_last=is_last)
    if left_out is None or verdict.next not in {PASS, GO_ON}:
        return verdict
    if (alone := _firmware_at_most(wave, terms)) < terms.success:
        # What the waves before have proven is of the same image, and hides a small wave of which most have failed.
        said = f"of this wave alone at most {alone:.1%} is possible, and not for want of fragments"
        return dataclasses.replace(verdict, next=HOLD, reason=f"{said}; with the waves before, {verdict.reason}")
    without = wave.refused + left_out
    of_wave = wave.attempted + without
    if without <= (1 - terms.success) * of_wave:
        return verdict
    # The bounds are of those attempted: they do not say that the wave is updated.
    said = f"{without} of {of_wave} devices of this wave were not attempted"
    each = f"{wave.refused} refuse the image, {left_out} were not in its group, or in another session"
    return dataclasses.replace(verdict, next=HOLD, reason=f"{said} ({each}); of the others, {verdict.reason}")


def _by_bounds(pooled: Tally, radio: Radio, terms: Terms, *, is_canary: bool, is_last: bool) -> Verdict:
    lower, upper = _bounds(pooled, terms)
    next_, text = _next(pooled, radio, terms, lower, upper)
    if next_ == HOLD and not radio.is_worse:
        next_, text = _inconclusive(pooled, terms, text, is_canary=is_canary, is_last=is_last)
    counts = _counts(pooled, terms)
    if terms.correlation:
        counts += f", and count as {terms.independent(pooled.attempted):.0f} independent devices"
    return Verdict(next_, f"{counts}; {text}", lower, upper, radio.is_worse)


def _inconclusive(pooled: Tally, terms: Terms, proven: str, *, is_canary: bool, is_last: bool) -> tuple[str, str]:
    """What becomes of a wave that proves nothing: a hold says what nobody but the operator can decide."""
    if is_last:
        # There is nobody left to protect, and of the whole fleet the share is known, not estimated.
        share = pooled.good / pooled.attempted
        what = f"report version {terms.version}" if terms.version else "have the image"
        known = f"{proven}; all waves have had their turn, and {share:.1%} of the devices attempted {what}"
        return (GO_ON if share >= terms.success else HOLD), known
    if is_canary and terms.upper(pooled.good, pooled.attempted) >= terms.success:
        return GO_ON, f"{proven}: a canary goes on when it does not refute that"
    return HOLD, proven


def _counts(pooled: Tally, terms: Terms) -> str:
    if not terms.version:
        return f"{pooled.delivered} of {pooled.attempted} devices have the image"
    counts = f"{pooled.good} of {pooled.attempted} devices report version {terms.version}"
    others = [f"{pooled.delivered} have the image"] if pooled.good < pooled.attempted else []
    others += [f"{pooled.other_version} of them report another version"] if pooled.other_version else []
    others += [f"{pooled.unreported} of them report none since"] if pooled.unreported else []
    return f"{counts} ({', '.join(others)})" if others else counts


def _next(pooled: Tally, radio: Radio, terms: Terms, lower: float, upper: float) -> tuple[str, str]:
    wanted = f"{terms.success:.1%} at a confidence of {terms.confidence:.0%}"
    planned = f"the plan has a chance of {radio.chance:.2g} for so few" if radio.is_worse else ""

    if lower >= terms.success:
        also = f", although the radio is worse than planned: {planned}" if planned else ""
        return PASS, f"at least {lower:.1%} is proven, {wanted} was asked for{also}"
    if _firmware_at_most(pooled, terms) < terms.success:
        return ABORT, f"at most {upper:.1%} is possible, {wanted} was asked for, and not for want of fragments"
    if planned:
        return HOLD, f"the radio is worse than planned, which says nothing about the firmware: {planned}"
    if upper < terms.success:
        return ABORT, f"at most {upper:.1%} is possible, {wanted} was asked for"
    proven = f"between {lower:.1%} and {upper:.1%} is possible, {wanted} was asked for"
    if pooled.pending_losses + pooled.pending_failures:
        return GO_ON, f"{proven}; devices are tried again first"
    return HOLD, proven


def _reason_to_abort(wave: Tally, pooled: Tally, terms: Terms, *, is_canary: bool) -> str:
    if wave.systemic:
        refusing = "1 device refuses" if wave.systemic == 1 else f"{wave.systemic} devices refuse"
        return f"{refusing} the descriptor of the image (Wrong_descriptor): so will the others"
    if is_canary and wave.refused:
        refusing = (
            "1 device of the canary refuses" if wave.refused == 1 else f"{wave.refused} devices of the canary refuse"
        )
        return f"{refusing} the image: memory or packages there are not made for it"
    if pooled.silent > terms.most_silent:
        if pooled.silent == 1:
            return f"1 device is silent since it has the image, {terms.most_silent} are accepted: it may be a brick"
        return (
            f"{pooled.silent} devices are silent since they have the image, {terms.most_silent} are accepted: they may"
            " be bricks"
        )
    return ""


def _bounds(pooled: Tally, terms: Terms) -> tuple[float, float]:
    if pooled.attempted == 0:
        return 0.0, 1.0
    lower = terms.lower(pooled.good, pooled.attempted)
    return lower, _upper(pooled, terms, forgiven=pooled.pending_losses + pooled.pending_failures)


def _firmware_at_most(tally: Tally, terms: Terms) -> float:
    """The rate that is possible without those that only the radio failed: where that is too low, the firmware is."""
    return _upper(tally, terms, forgiven=tally.lost + tally.pending_failures) if tally.attempted else 1.0


def _upper(pooled: Tally, terms: Terms, *, forgiven: int) -> float:
    return terms.upper(pooled.good + pooled.unknown + forgiven, pooled.attempted)
