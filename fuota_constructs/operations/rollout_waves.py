"""The waves of a rollout: how far each is, and how its devices fare."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fuota_constructs.operations.rollout_evidence import CONFLICT, DELIVERED, INITIAL, REFUSALS

if TYPE_CHECKING:
    from fuota_constructs.operations.rollout_evidence import Evidence

PASSED, INCONCLUSIVE, ABORTED = "PASSED", "INCONCLUSIVE", "ABORTED"
SKIPPED, PENDING, RUNNING, HELD = "SKIPPED", "PENDING", "RUNNING", "HELD"


@dataclass(frozen=True, slots=True)
class WaveStatus:
    """A wave; `targets` is None before the devices were chosen, bounds are 0 and 1 while nothing is proven.

    `failed` are those that lost the image to the radio, too. Those that refuse it, those that another task has, those
    that the group could not have, and those that have the version `already` are not attempted. `applied` of the
    delivered report the version asked for, `other_version` another one and `unreported` none; None where none is asked
    for, or no gate has judged.
    """

    name: str
    outcome: str
    targets: int | None
    attempted: int = 0
    delivered: int = 0
    failed: int = 0
    silent: int = 0
    lower_bound: float = 0.0
    upper_bound: float = 1.0
    redundancy_percent: int = 0
    attempts: int = 0
    reason: str = ""
    refused: int = 0
    conflicting: int = 0
    left_out: int = 0
    already: int = 0
    applied: int | None = None
    other_version: int = 0
    unreported: int = 0
    devices_by_status: dict[str, int] = field(default_factory=dict)
    gates: tuple[dict[str, Any], ...] = ()
    decisions: tuple[dict[str, Any], ...] = ()

    @property
    def successful(self) -> int:
        """How many devices are where the rollout wants them."""
        return self.already + (self.delivered if self.applied is None else self.applied)

    @property
    def is_needless(self) -> bool:
        """Whether all of its devices had the version already, so that nothing was sent."""
        return bool(self.targets) and self.already == self.targets


def wave_statuses(
    settings: dict[str, Any], evidence: Evidence, control: dict[str, Any], status: str
) -> tuple[WaveStatus, ...]:
    """All waves that were asked for, in their order."""
    current = int(control["Wave"]) if control.get("Wave") else None
    planned = int((settings.get("session") or {}).get("redundancyPercent", 0))
    now = _Now(status, current, control, planned, asks_version=bool(settings.get("applied")))
    return tuple(_wave(number, wave, evidence, now) for number, wave in enumerate(settings.get("waves") or ()))


@dataclass(frozen=True, slots=True)
class _Now:
    status: str
    wave: int | None
    control: dict[str, Any]
    planned_redundancy: int
    asks_version: bool


def _wave(number: int, wave: dict[str, Any], evidence: Evidence, now: _Now) -> WaveStatus:
    result = evidence.result(number)
    gate, tally = evidence.gate(number), evidence.gate(number).get("tally") or {}
    targets = evidence.sizes[number] if evidence.sizes and number < len(evidence.sizes) else None
    outcome = result.get("outcome") or _outcome(number, targets, evidence, now)
    by_status = evidence.statuses.get(number) or dict(gate.get("statuses") or {})
    counts = _counts(by_status)
    check = evidence.check(number)
    already, other, unreported = (
        int(facts.get(name, 0)) for facts, name in ((check, "already"), (tally, "other_version"), (tally, "unreported"))
    )
    is_begun = outcome != PENDING and targets != 0 and not (targets and already == targets)
    has_versions = now.asks_version and bool(tally)
    attempt = int(gate.get("attempt", 0))
    if now.wave == number and now.control.get("Attempt"):
        attempt = max(attempt, int(now.control["Attempt"]))
    redundancy = result.get("redundancyPercent") or gate.get("redundancyPercent") or now.planned_redundancy
    return WaveStatus(
        name=str(wave.get("name") or f"wave {number + 1}"),
        outcome=outcome,
        targets=targets,
        **counts,
        silent=int(tally.get("silent", 0)),
        lower_bound=float(gate.get("lowerBound", 0.0)),
        upper_bound=float(gate.get("upperBound", 1.0)),
        redundancy_percent=int(redundancy),
        attempts=int(result.get("attempts") or attempt + 1) if is_begun else 0,
        reason=str(result.get("reason") or gate.get("reason") or ""),
        left_out=int(gate.get("leftOut", 0)),
        already=already,
        applied=int(tally["delivered"]) - other - unreported if has_versions else None,
        other_version=other,
        unreported=unreported,
        devices_by_status=by_status,
        gates=tuple(evidence.gates.get(number, ())),
        decisions=tuple(said_of(each) for each in evidence.decisions.get(number, ())),
    )


def _outcome(number: int, targets: int | None, evidence: Evidence, now: _Now) -> str:
    """The outcome of a wave that the end of the rollout has not told."""
    if targets == 0:
        return SKIPPED  # the fleet is smaller than the waves
    if now.wave is None or number > now.wave:
        return PENDING
    judged = str(evidence.gate(number).get("outcome", INCONCLUSIVE))
    if number < now.wave:
        return SKIPPED if evidence.is_skipped(number) else judged
    if now.status == HELD and str(now.control.get("Held", "")).endswith("/after"):
        return judged
    if now.status in {HELD, RUNNING}:
        return RUNNING
    # The machine died or was stopped in this wave: what its devices would have proven is open.
    return ABORTED if now.status == ABORTED else INCONCLUSIVE


def said_of(kept: dict[str, Any]) -> dict[str, Any]:
    """A word of the operator as it is kept, in the words of the JSON; with the session that it was about."""
    attempt = {"attempt": kept["attempt"]} if "attempt" in kept else {}
    return {**{name.lower(): str(kept.get(name, "")) for name in ("Word", "Who", "When")}, **attempt}


def _counts(by_status: dict[str, int]) -> dict[str, int]:
    refused = sum(count for status, count in by_status.items() if status in REFUSALS)
    conflicting = by_status.get(CONFLICT, 0)
    delivered, unknown = by_status.get(DELIVERED, 0), by_status.get(INITIAL, 0)
    attempted = sum(by_status.values()) - refused - conflicting
    return {
        "attempted": attempted,
        "delivered": delivered,
        "failed": attempted - delivered - unknown,
        "refused": refused,
        "conflicting": conflicting,
    }
