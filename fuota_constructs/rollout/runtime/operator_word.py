"""What the operator said, and what a rollout waits for: one item of a table, changed only under conditions.

A word is about an execution and, but for `abort` and `hold`, about a gate. It is never taken away, so a step that
reads it twice gets the same answer; the next gate is another one. Nothing is said over an `abort`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rollout_calls import RolloutCalls
from wave_turn import Turn

ABORT, HOLD, RESUME, APPROVE, SKIP = "abort", "hold", "resume", "approve", "skip"
NOT_ABORTED = "(attribute_not_exists(#Word) OR #Word <> :Word)"
KEY = {"Rollout": {"S": "control"}}


BEING_MADE = "being made"
"""Instead of an id: the call that makes it may have been carried out, whatever its caller heard."""
MADE_RECENTLY_SECONDS = 60
"""How long a read may miss what was just made (assumed: AWS IoT Wireless documents no consistency)."""


@dataclass(frozen=True)
class Made:
    """The task and the group of a session, and when the last of them was made; BEING_MADE where nobody knows."""

    task: str = ""
    group: str = ""
    at: float = 0.0


class AnotherRolloutRunsError(Exception):
    """An execution of this rollout is under way: abort it, or wait until it is over."""


class OperatorWord:
    """The item, as it is at this moment."""

    def __init__(self, turn: Turn, calls: RolloutCalls) -> None:
        self._turn, self._calls = turn, calls
        self._item = self._read()

    def _read(self) -> Mapping[str, Any]:
        answer = self._calls.dynamodb.get_item(TableName=self._calls.table, Key=KEY, ConsistentRead=True)
        found: Mapping[str, Any] = answer.get("Item") or {}
        return found

    def _text(self, name: str) -> str:
        return str(self._item.get(name, {}).get("S", ""))

    @property
    def is_about_us(self) -> bool:
        """Whether this execution is the one on record."""
        return self._text("Execution") == self._turn.execution

    @property
    def is_superseded(self) -> bool:
        """Whether a later execution of this wave is in charge."""
        return self._text("WaveExecution") > self._turn.wave_execution > ""

    @property
    def is_abort(self) -> bool:
        """Whether this execution is to end. One that is not on record any more has lost its stack."""
        return not self.is_about_us or self._text("Word") == ABORT or self.is_superseded

    @property
    def why_it_ends(self) -> str:
        """Why, for who reads how it ended."""
        if not self.is_about_us:
            return "another execution of the rollout took its place, or its stack is gone"
        if self.is_superseded and self._text("Word") != ABORT:
            return "another execution of this wave goes on with it"
        return "the operator said abort"

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
        return self.is_about_us and bool(self._item.get("EndSessions", {}).get("BOOL", False))

    @property
    def made(self) -> Made:
        """What this rollout has on record as made."""
        return self._made if self.is_about_us and not self.is_superseded else Made()

    @property
    def _made(self) -> Made:
        return Made(self._text("Task"), self._text("Group"), float(self._text("MadeAt") or 0))

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

    @property
    def former(self) -> Mapping[str, Any] | None:
        """What an execution left that died: this one is to take it away before it makes anything."""
        text = self._text("Former") if self.is_about_us else ""
        return json.loads(text) if text else None

    def take_charge(self) -> None:
        """Note that this execution is the one under way, in the place of the one on record.

        From then on nothing that goes on for the other one makes anything; what it has made is on record.

        Raises:
            AnotherRolloutRunsError: another one runs, or was faster.
        """
        while not self.is_about_us:
            if self._text("Status") == "RUNNING" and self._calls.is_running(self._text("ExecutionArn")):
                raise AnotherRolloutRunsError(
                    f"execution {self._text('Execution')} of this rollout is under way: abort it, or wait for its end"
                )
            former = self._text("Execution")
            if self._replace():
                return
            self._item = self._read()
            if not self.is_about_us and self._text("Execution") != former:
                raise AnotherRolloutRunsError(
                    f"execution {self._text('Execution')} of this rollout began at the same moment: abort it, or wait"
                    " for its end"
                )

    def _replace(self) -> bool:
        """Put our item in the place of the one that was read; False when that has changed meanwhile."""
        item = {
            "Execution": self._turn.execution,
            "ExecutionArn": self._turn.execution_arn,
            "Status": "RUNNING",
            "Former": self._left_behind(),
        }
        names = ("Execution", "Task", "Group", "Turns")
        read = {f":{name}": self._item[name] for name in names if name in self._item}
        conditions = [
            f"#{name} = :{name}" if name in self._item else f"attribute_not_exists(#{name})" for name in names
        ]
        client = self._calls.dynamodb
        try:
            client.put_item(
                TableName=self._calls.table,
                Item={**KEY, **{name: {"S": text} for name, text in item.items()}},
                ConditionExpression=" AND ".join(conditions),
                ExpressionAttributeNames={f"#{name}": name for name in names},
                **({"ExpressionAttributeValues": read} if read else {}),
            )
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _left_behind(self) -> str:
        made = self._made
        if not made.task and not made.group:
            return self._text("Former")
        state = json.loads(self._text("Checkpoint") or "{}").get("state", {})
        left = {"task": made.task, "group": made.group, "madeAt": made.at}
        whose = {"execution": self._text("Execution"), "arn": self._text("ExecutionArn")}
        return json.dumps({**whose, "state": {**state, **left}})

    def take_wave(self) -> Mapping[str, Any] | None:
        """Be the execution that is in charge of the wave; the last step of its predecessor, and where that led.

        None where there was none, or where this one is not in charge: a later one is, or another rollout.
        """
        wave = self._turn.wave_execution
        found = self._note(
            {"WaveExecution": wave}, "(attribute_not_exists(#WaveExecution) OR #WaveExecution <= :WaveExecution)"
        )
        kept = json.loads(found.get("Checkpoint", {}).get("S", "null")) if found else None
        return kept if kept and int(kept["state"].get("wave", -1)) == self._turn.wave else None

    def claim(self, **facts: str) -> bool:
        """Note what is about to be made, or just was; False when it is not to be, because somebody said abort."""
        return bool(self._note({**facts, "MadeAt": f"{self._calls.now():.0f}"}, *self._in_charge, NOT_ABORTED))

    def make_on_record(self, name: str, make: Callable[[], str], take_away: Callable[..., Any]) -> str:
        """Make a task or a group and answer with its id; empty when it is not for this execution any more.

        It is on record before it is made, and with its id before anything comes of it: whoever comes after a machine
        that died, or after an abort, takes it away.
        """
        if not self.claim(**{name: BEING_MADE}):
            return ""
        made = make()
        if self.claim(**{name: made}):
            return made
        self._item = self._read()
        # Who goes on with the wave is answered with the same id, as the token is the same, and needs what it is of.
        # With an abort or the end of the stack, nobody may come after this step.
        if not self.is_about_us or self.says_abort or not self.is_superseded:
            take_away(Id=made)
        return ""

    def tell(self, **facts: str) -> None:
        """Note what the rollout does, for the operator; only while it is the one on record, and in charge."""
        self._note(facts, *self._in_charge)

    def keep(self, state: Mapping[str, Any], facts: Mapping[str, str]) -> None:
        """Note a step of a wave that is done and what it led to, for the execution that may have to go on from there.

        One that arrives late changes nothing.
        """
        checkpoint = json.dumps({"step": self._turn.step, "state": state}, separators=(",", ":"))
        later = "(attribute_not_exists(#Turns) OR #Turns <= :Turns)"
        self._note({**facts, "Checkpoint": checkpoint, "Turns": self._turn.number}, *self._in_charge, later)

    @property
    def _in_charge(self) -> tuple[str, ...]:
        return ("#WaveExecution = :WaveExecution",) if self._turn.wave_execution else ()

    def _note(self, facts: Mapping[str, str], *conditions: str) -> Mapping[str, Any]:
        """Write, under conditions; the item then, empty where they do not hold."""
        client = self._calls.dynamodb
        conditions = ("#Execution = :Execution", *conditions)
        every = {
            **facts,
            "Execution": self._turn.execution,
            "WaveExecution": self._turn.wave_execution,
            "Word": ABORT,
        }
        asked = f"{' '.join(conditions)} {' '.join(facts)}"
        used = {name: text for name, text in every.items() if name in facts or f"#{name} " in f"{asked} "}
        try:
            answer = client.update_item(
                TableName=self._calls.table,
                Key=KEY,
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in facts),
                ConditionExpression=" AND ".join(conditions),
                ExpressionAttributeNames={f"#{name}": name for name in used},
                ExpressionAttributeValues={f":{name}": {"S": text} for name, text in used.items()},
                ReturnValues="ALL_NEW",
            )
        except client.exceptions.ConditionalCheckFailedException:
            return {}
        self._item = answer["Attributes"]
        return self._item
