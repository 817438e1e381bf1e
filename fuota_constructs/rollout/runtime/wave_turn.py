"""One call of a machine: which step, of which wave and attempt, on what terms. What it needs more is in S3."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TAG_ROLLOUT = "fuota-constructs:rollout"
TAG_EXECUTION = "fuota-constructs:rollout-execution"

WAIT, AGAIN, DONE, ABORT, HOLD = "wait", "again", "done", "abort", "hold"
JUDGE, SKIP = "judge", "skip"
BEFORE_A_SESSION = ("check", "window")


@dataclass(frozen=True)
class Turn:
    """The input of a step: the settings synth has validated, and the state of the machine, which is small."""

    step: str
    execution: str
    execution_arn: str
    settings: Mapping[str, Any]
    state: Mapping[str, Any]
    wave_execution: str = ""
    """When the execution of the wave was started, and its name: of two, the later one is in charge."""

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "Turn":
        """Read the payload of a machine.

        Raises:
            KeyError: something is missing; only a caller other than our machines leaves anything out.
        """
        step, execution, arn = event["step"], event["execution"], event["executionArn"]
        return cls(step, execution, arn, event["settings"], event.get("state") or {}, event.get("waveExecution", ""))

    @property
    def wave(self) -> int:
        """The number of the wave, from 0."""
        return int(self.state.get("wave", 0))

    @property
    def attempt(self) -> int:
        """The number of the session of the wave, from 0."""
        return int(self.state.get("attempt", 0))

    @property
    def machine_arn(self) -> str:
        """The state machine of the rollout: an execution has the name of its machine in its ARN."""
        return self.execution_arn.replace(":execution:", ":stateMachine:", 1).rpartition(":")[0]

    @property
    def folder(self) -> str:
        """Where the evidence is: of this machine, because other rollouts in the bucket may call theirs so, too."""
        return f"rollouts/{self.machine_arn.rpartition(':')[2]}/{self.execution}"

    @property
    def wave_settings(self) -> Mapping[str, Any]:
        """What was asked for of the wave; empty where there is no such wave."""
        waves = self.settings.get("waves")
        of_wave = waves[self.wave] if isinstance(waves, list) and self.wave < len(waves) else {}
        return of_wave if isinstance(of_wave, dict) else {}

    @property
    def number(self) -> str:
        """Orders the steps of a rollout's waves, over all executions of a wave."""
        return f"{self.wave:04}/{int(self.state.get('turns', 0)):06}"

    @property
    def gate(self) -> str:
        """What the operator's word is about."""
        return f"{self.execution}/{self.wave}/{self.attempt}/{'before' if self.step in BEFORE_A_SESSION else 'after'}"

    @property
    def redundancy_percent(self) -> int:
        """What the next session is sent with: as planned, or as was learnt."""
        return int(self.state.get("redundancyPercent", self.settings["session"]["redundancyPercent"]))

    @property
    def tries_left(self) -> int:
        """How often devices of this wave may still be tried again."""
        return max(0, int(self.settings["retries"]) - self.attempt)

    def token(self, kind: str) -> str:
        """The ClientRequestToken of what this attempt makes: the same for every repetition of the same call."""
        text = "\0".join([kind, self.settings["rollout"], self.execution, str(self.wave), str(self.attempt)])
        return hashlib.sha256(text.encode()).hexdigest()[:64]

    @property
    def tags(self) -> list[dict[str, str]]:
        """By which what it makes is found again, whatever dies."""
        return [
            {"Key": TAG_ROLLOUT, "Value": self.settings["rollout"]},
            {"Key": TAG_EXECUTION, "Value": self.execution},
        ]

    @property
    def name(self) -> str:
        """What a task or group of this attempt is called."""
        return f"rollout-{self.execution}-{self.wave}-{self.attempt}"[:256]
