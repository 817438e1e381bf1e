"""What is kept of a rollout in S3: who is in which wave, how each session ended, what each gate was told and said."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from device_outcomes import CONFLICT, Fared, Tally
from rollout_calls import RolloutCalls
from wave_turn import Turn


@dataclass(frozen=True)
class Checked:
    """Who takes part in an attempt, who has the version already, and who is in which other session.

    `unknown` is what could not be told.
    """

    members: list[str]
    already: list[str]
    conflicting: dict[str, str]
    unknown: list[str]


class WaveRecord:
    """The documents of one execution, under `rollouts/<state machine>/<execution>/`."""

    def __init__(self, turn: Turn, calls: RolloutCalls) -> None:
        self._turn, self._calls = turn, calls
        self._folder = turn.folder
        self._wave = f"{self._folder}/wave-{turn.wave}"

    def targets(self) -> Mapping[str, Any] | None:
        """Who is updated in which order, and how many in each wave; None before it was chosen."""
        found: Mapping[str, Any] | None = self._calls.read(f"{self._folder}/targets.json")
        return found

    def keep_targets(self, document: Mapping[str, Any]) -> None:
        """Keep who is updated, and in a short document how many in each wave."""
        self._calls.write(f"{self._folder}/sizes.json", document["sizes"])
        self._calls.write(f"{self._folder}/targets.json", document)

    def members(self) -> list[str]:
        """The devices of this attempt: those that the check has left of the planned ones."""
        checked = self.checked()
        return self.planned_members() if checked is None else checked.members

    def checked(self, attempt: int | None = None) -> Checked | None:
        """Who takes part in this attempt, or in another one, and who does not; None before it was checked."""
        number = self._turn.attempt if attempt is None else attempt
        found = self._calls.read(f"{self._wave}/checked-{number}.json")
        return None if found is None else Checked(**found)

    def waves_nobody_needed(self) -> int:
        """How many waves before this one had no gate, because all of their devices had the version already."""
        found = (self._calls.read(f"{self._folder}/wave-{wave}/check-0.json") for wave in range(self._turn.wave))
        return sum(bool(check and not check["attempted"] and not check["conflicting"]) for check in found)

    def keep_checked(self, checked: Checked) -> None:
        """Keep who takes part, and in a short document how many do not."""
        attempt = self._turn.attempt
        counts = {
            "attempted": len(checked.members),
            "already": len(checked.already),
            "conflicting": len(checked.conflicting),
            "unknown": checked.unknown,
        }
        self._calls.write(f"{self._wave}/check-{attempt}.json", counts)
        self._calls.write(f"{self._wave}/checked-{attempt}.json", asdict(checked))

    def image_of_first_wave(self, etag: str) -> str:
        """The ETag of the image that the first wave got; this one, if this is it."""
        found: str | None = self._calls.read(f"{self._folder}/image.json")
        if found is None:
            self._calls.write(f"{self._folder}/image.json", etag)
        return found or etag

    def planned_members(self) -> list[str]:
        """The devices planned for this attempt: of the first all of the wave, later those that are tried again."""
        turn = self._turn
        if turn.attempt:
            again: list[str] = self._calls.read(f"{self._wave}/members-{turn.attempt}.json")
            return again
        targets = self.targets() or {}
        start = sum(targets["sizes"][: turn.wave])
        found: list[str] = targets["devices"][start : start + targets["sizes"][turn.wave]]
        return found

    def keep_members_of_next(self, devices: Sequence[str]) -> None:
        """Keep who is tried again."""
        self._calls.write(f"{self._wave}/members-{self._turn.attempt + 1}.json", list(devices))

    def statuses(self) -> dict[str, Fared]:
        """How the devices of the wave fared, each as its latest session left it."""
        return self._up_to(self.statuses_of(self._turn.attempt))

    def _up_to(self, latest: Mapping[str, Fared]) -> dict[str, Fared]:
        """How the devices of the wave fared, where the session of this attempt ended so."""
        merged: dict[str, Fared] = {}
        for attempt in range(self._turn.attempt + 1):
            checked = self.checked(attempt)
            for device in checked.conflicting if checked else ():
                merged.setdefault(device, {"status": CONFLICT, "heard": None})
            merged.update(latest if attempt == self._turn.attempt else self.statuses_of(attempt))
        return merged

    def statuses_of(self, attempt: int) -> dict[str, Fared]:
        """How the devices of one session fared."""
        return self._calls.read(f"{self._wave}/statuses-{attempt}.json") or {}

    def keep_statuses(self, statuses: Mapping[str, Fared]) -> None:
        """Keep how the session of this attempt ended, and in a short document how many of the wave fared how."""
        attempt = self._turn.attempt
        self._calls.write(f"{self._wave}/statuses-{attempt}.json", statuses)
        counts = Counter(found["status"] for found in self._up_to(statuses).values())
        self._calls.write(f"{self._wave}/counts-{attempt}.json", counts)

    def earlier_waves(self) -> list[dict[str, Any]]:
        """What the last gates of the waves before this one were told and said."""
        found = (self._calls.read(f"{self._folder}/wave-{wave}/gate.json") for wave in range(self._turn.wave))
        return [gate for gate in found if gate is not None]

    def keep_gate(self, document: Mapping[str, Any]) -> None:
        """Keep what a gate was told and said: each for the evidence, the last for the next waves."""
        self._calls.write(f"{self._wave}/gate-{self._turn.attempt}.json", document)
        self._calls.write(f"{self._wave}/gate.json", document)

    def keep_decision(self, document: Mapping[str, Any]) -> None:
        """Keep what the operator answered at a gate that held, who that was and when."""
        self._calls.write(f"{self._wave}/decision-{self._turn.attempt}.json", document)

    def keep_outcome(self, document: Mapping[str, Any]) -> None:
        """Keep how the rollout ended."""
        self._calls.write(f"{self._folder}/outcome.json", document)


def tally_of(document: Mapping[str, Any]) -> Tally:
    """A tally as it was kept."""
    return Tally(**document["tally"])
