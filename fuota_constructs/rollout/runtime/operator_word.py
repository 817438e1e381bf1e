"""What the operator said, and what a rollout waits for: one item of a table, changed only under conditions.

A word is about an execution and, but for `abort` and `hold`, about a gate. It is never taken away, so a step that
reads it twice gets the same answer; the next gate is another one. Nothing is said over an `abort`.
"""

from typing import TYPE_CHECKING, Any

from rollout_calls import RolloutCalls
from wave_turn import Turn

if TYPE_CHECKING:
    from collections.abc import Mapping

ABORT, HOLD, RESUME, APPROVE, SKIP = "abort", "hold", "resume", "approve", "skip"
KEY = {"Rollout": {"S": "control"}}


class AnotherRolloutRunsError(Exception):
    """An execution of this rollout is under way: abort it, or wait until it is over."""


class OperatorWord:
    """The item, as it is at this moment."""

    def __init__(self, turn: Turn, calls: RolloutCalls) -> None:
        self._turn, self._calls = turn, calls
        answer = calls.dynamodb.get_item(TableName=calls.table, Key=KEY, ConsistentRead=True)
        self._item: Mapping[str, Any] = answer.get("Item") or {}

    def _text(self, name: str) -> str:
        return str(self._item.get(name, {}).get("S", ""))

    @property
    def is_about_us(self) -> bool:
        """Whether this execution is the one on record."""
        return self._text("Execution") == self._turn.execution

    @property
    def is_abort(self) -> bool:
        """Whether this execution is to end. One that is not on record any more has lost its stack."""
        return not self.is_about_us or self._text("Word") == ABORT

    @property
    def says_abort(self) -> bool:
        """Whether the operator said abort to this execution."""
        return self.is_about_us and self._text("Word") == ABORT

    @property
    def held(self) -> str:
        """The gate at which it waits for the operator, empty where it does not."""
        return self._text("Held") if self.is_about_us else ""

    @property
    def reason(self) -> str:
        """Why it waits there."""
        return self._text("Reason")

    @property
    def told_status(self) -> str:
        """The status that was told last, empty before the first."""
        return self._text("ToldStatus") if self.is_about_us else ""

    @property
    def told_outcome(self) -> tuple[int, str]:
        """The wave of which an outcome was told last, and that."""
        wave, _, outcome = (self._text("ToldOutcome") if self.is_about_us else "").partition("/")
        return int(wave or -1), outcome

    @property
    def ends_sessions(self) -> bool:
        """Whether even what is on the air is to end."""
        return not self.is_about_us or bool(self._item.get("EndSessions", {}).get("BOOL", False))

    @property
    def is_hold(self) -> bool:
        """Whether it is to wait at the next gate."""
        return self._text("Word") == HOLD

    @property
    def answer(self) -> str:
        """What was said about this gate: resume, approve or skip; nothing yet."""
        said = self._text("Word") if self._text("WordGate") == self._turn.gate else ""
        return said if said in {RESUME, APPROVE, SKIP} else ""

    @property
    def said(self) -> dict[str, str]:
        """Who said what and when, for the evidence."""
        if not self.is_about_us:
            return {}
        return {name: self._text(name) for name in ("Word", "Who", "When") if self._text(name)}

    def predecessor(self) -> tuple[str | None, str | None]:
        """The task and the group of an execution that died, which this one is to take away.

        Raises:
            AnotherRolloutRunsError: it has not died.
        """
        if self.is_about_us or self._text("Status") != "RUNNING":
            return None, None
        if self._calls.is_running(self._text("ExecutionArn")):
            raise AnotherRolloutRunsError(
                f"execution {self._text('Execution')} of this rollout is under way: abort it, or wait for its end"
            )
        return self._text("Task") or None, self._text("Group") or None

    def take_charge(self) -> None:
        """Note that this execution is the one under way, in the place of the one on record.

        Raises:
            AnotherRolloutRunsError: another one was faster.
        """
        if self.is_about_us:
            return
        client = self._calls.dynamodb
        try:
            client.put_item(
                TableName=self._calls.table,
                Item={
                    **KEY,
                    "Execution": {"S": self._turn.execution},
                    "ExecutionArn": {"S": self._turn.execution_arn},
                    "Status": {"S": "RUNNING"},
                },
                ConditionExpression="attribute_not_exists(Rollout) OR #Execution = :former",
                ExpressionAttributeNames={"#Execution": "Execution"},
                ExpressionAttributeValues={":former": {"S": self._text("Execution")}},
            )
        except client.exceptions.ConditionalCheckFailedException:
            raise AnotherRolloutRunsError("another execution of this rollout began at the same moment") from None

    def tell(self, **facts: str) -> None:
        """Note what the rollout does, for the operator; only while it is the one on record."""
        client = self._calls.dynamodb
        self._item = {**self._item, **{name: {"S": text} for name, text in facts.items()}}
        names = {f"#{name}": name for name in (*facts, "Execution")}
        values = {f":{name}": {"S": text} for name, text in facts.items()}
        try:
            client.update_item(
                TableName=self._calls.table,
                Key=KEY,
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in facts),
                ConditionExpression="#Execution = :execution",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={**values, ":execution": {"S": self._turn.execution}},
            )
        except client.exceptions.ConditionalCheckFailedException:
            return
