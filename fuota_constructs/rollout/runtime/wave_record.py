"""What is kept of a rollout in S3: who is in which wave, how each session ended, what each gate was told and said."""

from collections.abc import Mapping, Sequence
from typing import Any

from device_outcomes import Tally
from rollout_calls import RolloutCalls
from wave_turn import Turn


class WaveRecord:
    """The documents of one execution, under `rollouts/<execution>/`."""

    def __init__(self, turn: Turn, calls: RolloutCalls) -> None:
        self._turn, self._calls = turn, calls
        self._folder = f"rollouts/{turn.execution}"
        self._wave = f"{self._folder}/wave-{turn.wave}"

    def targets(self) -> Mapping[str, Any] | None:
        """Who is updated in which order, and how many in each wave; None before it was chosen."""
        found: Mapping[str, Any] | None = self._calls.read(f"{self._folder}/targets.json")
        return found

    def keep_targets(self, document: Mapping[str, Any]) -> None:
        """Keep who is updated."""
        self._calls.write(f"{self._folder}/targets.json", document)

    def members(self) -> list[str]:
        """The devices of this attempt: of the first all of the wave, later those that are tried again."""
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

    def statuses(self) -> dict[str, dict[str, Any]]:
        """How the devices of the wave fared, each as its latest session left it."""
        merged: dict[str, dict[str, Any]] = {}
        for attempt in range(self._turn.attempt + 1):
            merged.update(self._calls.read(f"{self._wave}/statuses-{attempt}.json") or {})
        return merged

    def statuses_of(self, attempt: int) -> dict[str, dict[str, Any]]:
        """How the devices of one session fared."""
        return self._calls.read(f"{self._wave}/statuses-{attempt}.json") or {}

    def keep_statuses(self, statuses: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep how the session of this attempt ended."""
        self._calls.write(f"{self._wave}/statuses-{self._turn.attempt}.json", statuses)

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
