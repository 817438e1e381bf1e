"""How far a rollout is: from its execution, the operator's word, and the evidence it keeps in S3."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from fuota_constructs.operations.aws import code_of
from fuota_constructs.operations.errors import OperationError, RolloutError
from fuota_constructs.operations.rollout_evidence import Evidence, Kept, read_evidence
from fuota_constructs.operations.rollout_waves import WaveStatus, said_of, wave_statuses
from fuota_constructs.operations.rollouts import RUNNING, UNDER_WAY, item

if TYPE_CHECKING:
    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.rollouts import Rollout

HELD, SUCCEEDED, ABORTED, FAILED = "HELD", "SUCCEEDED", "ABORTED", "FAILED"
FINAL: Final = frozenset({SUCCEEDED, ABORTED, FAILED})
ABORT: Final = "abort"


class NotStartedError(RolloutError):
    """The rollout was never started, or so long ago that nobody knows any more."""


@dataclass(frozen=True, slots=True)
class RolloutStatus:
    """An execution of a rollout; moments are by the clock of the place.

    `control` is what the rollout and its operator noted last, empty where that is about another execution; `said` is
    who said which word when, the last there was.
    """

    rollout: Rollout
    execution: str
    status: str
    reason: str
    waves: tuple[WaveStatus, ...]
    settings: dict[str, Any]
    evidence: Evidence
    control: dict[str, Any]
    now: datetime
    started_at: datetime
    ended_at: datetime | None

    @property
    def is_final(self) -> bool:
        """Whether it is over."""
        return self.status in FINAL

    @property
    def word(self) -> str:
        """What the operator said last."""
        return str(self.control.get("Word", ""))

    @property
    def said(self) -> dict[str, str]:
        """The operator's last word, with who said it and when."""
        return said_of(self.control) if self.word else {}

    @property
    def is_aborting(self) -> bool:
        """Whether an abort was said that the rollout is still busy with."""
        return not self.is_final and self.word == ABORT

    @property
    def held(self) -> str:
        """The gate at which it waits for the operator, empty where it does not."""
        return str(self.control.get("Held", "")) if self.status == HELD else ""

    @property
    def holds_after_a_session(self) -> bool:
        """Whether that is the gate after a session."""
        return self.held.endswith("/after")

    @property
    def waits_for_image(self) -> bool:
        """Whether it holds because nobody could read the image, and goes on by itself."""
        return bool(self.held) and not self.holds_after_a_session and self.control.get("Step") == "check"

    @property
    def wave_number(self) -> int:
        """The wave that is under way or was the last, from 0."""
        return min(int(self.control.get("Wave") or 0), max(0, len(self.waves) - 1))

    @property
    def wave_name(self) -> str:
        """What that wave is called in a sentence: wave canary, wave 2."""
        name = self.waves[self.wave_number].name if self.waves else "1"
        return name if name.startswith("wave ") else f"wave {name}"

    @property
    def wants_approval(self) -> bool:
        """Whether it holds because a wave wants an approval; devices that are tried again come first."""
        gate = self.evidence.gate(self.wave_number)
        is_judged = gate.get("attempt") == int(self.control.get("Attempt") or 0) and not gate.get("pending")
        return self.holds_after_a_session and is_judged and bool(self.wave_settings.get("approval"))

    @property
    def wave_settings(self) -> dict[str, Any]:
        """What was asked for of that wave."""
        waves: list[dict[str, Any]] = self.settings.get("waves") or []
        return waves[self.wave_number] if self.wave_number < len(waves) else {}

    def moment(self, name: str) -> datetime | None:
        """A moment that the rollout noted: `Until` it looks again, `StartAt` and `EndAt` of a session, `DoneAt`."""
        told = self.control.get(name)
        return datetime.fromtimestamp(float(told), UTC) if told else None


def read_status(aws: Aws, rollout: Rollout, execution: str | None = None, kept: Kept | None = None) -> RolloutStatus:
    """The execution that is under way, else the latest; or the one that is named. `kept`: as for `read_evidence`.

    Raises:
        NotStartedError: there is none.
        OperationError: there is no such execution, or it is none of the settings of a rollout.
    """
    control = item(aws, rollout, "control")
    described = _described(aws, rollout, execution, control)
    name = str(described["name"])
    if control.get("Execution") != name:
        control = {}
    settings = _settings(rollout, name, described.get("input"))
    evidence = read_evidence(aws, rollout, name, kept)
    status, reason = _state(described, control)
    return RolloutStatus(
        rollout=rollout,
        execution=name,
        status=status,
        reason=reason,
        waves=wave_statuses(settings, evidence, control, status),
        settings=settings,
        evidence=evidence,
        control=control,
        now=datetime.fromtimestamp(aws.clock()[0], UTC),
        started_at=described["startDate"],
        ended_at=described.get("stopDate"),
    )


def _described(aws: Aws, rollout: Rollout, execution: str | None, control: dict[str, Any]) -> dict[str, Any]:
    if execution is not None:
        arn = rollout.execution_arn(execution)
        if (found := _describe(aws, arn)) is None:
            raise OperationError(
                f"rollout {rollout} has no execution {execution!r}: AWS keeps them for 90 days after their end"
            )
        return found
    # A start that was refused because another one runs is the latest, and not the one that counts.
    if control.get("Status") == RUNNING:
        found = _describe(aws, str(control["ExecutionArn"]))
        if found is not None and found["status"] in UNDER_WAY:
            return found
    latest = aws.stepfunctions.list_executions(stateMachineArn=rollout.machine_arn, maxResults=1)["executions"]
    if not latest or (found := _describe(aws, latest[0]["executionArn"])) is None:
        raise NotStartedError(
            f"rollout {rollout} was not started within 90 days: nothing is on the air for it", "start"
        )
    return found


def _describe(aws: Aws, arn: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = aws.stepfunctions.describe_execution(executionArn=arn)
    except ClientError as error:
        if code_of(error) not in {"ExecutionDoesNotExist", "InvalidArn"}:
            raise
        return None
    return found


def _state(described: dict[str, Any], control: dict[str, Any]) -> tuple[str, str]:
    """The status and why; a machine that ended by itself says so, one that died says what of."""
    status = described["status"]
    if status == SUCCEEDED:
        output = _document(described.get("output"))
        return str(output.get("status", FAILED)), str(output.get("reason") or "the execution tells no outcome")
    if status in UNDER_WAY:
        if control.get("Word") == ABORT:
            return RUNNING, "the operator said abort: what was made is taken away"
        held = control.get("Held")
        return (HELD, str(control.get("Reason") or "it waits for the operator")) if held else (RUNNING, "")
    said = ": ".join(str(described[name]) for name in ("error", "cause") if described.get(name))
    if control.get("Word") == ABORT or (status == ABORTED and described.get("error") == "Aborted"):
        return ABORTED, said or "the operator said abort"
    how = {"ABORTED": "its execution was stopped", "TIMED_OUT": "its execution timed out"}
    return FAILED, f"{how.get(status, 'its execution failed')}{': ' if said else ''}{said}"


def _settings(rollout: Rollout, execution: str, text: str | None) -> dict[str, Any]:
    """What an execution was started with; the console starts one with whatever is typed there."""
    found = json.loads(text) if text else {"waves": []}
    waves = found.get("waves") if isinstance(found, dict) else None
    if not isinstance(waves, list) or not all(isinstance(wave, dict) for wave in waves):
        raise RolloutError(
            f"execution {execution} of rollout {rollout} was started by hand, with an input that has no waves: once it"
            " is over, start one with the settings of the deployment",
            "start",
        )
    settings: dict[str, Any] = found
    return settings


def _document(text: str | None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text) if text else {}
    return found
