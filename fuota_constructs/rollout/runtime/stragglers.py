"""Who of a wave is tried again, and with how much redundancy."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from device_outcomes import DELIVERED, INITIAL, LOST, Fared, is_tried_again
from operator_word import OperatorWord
from rollout_calls import RolloutCalls
from session_length import fitting_redundancy, fragments
from wave_record import WaveRecord
from wave_turn import DONE, Turn

from fuota_constructs.lorawan.learnt_redundancy import learnt_redundancy


def run(turn: Turn, calls: RolloutCalls, word: OperatorWord) -> dict[str, Any]:
    """Send those worth another session through it, with the redundancy learnt from the first sessions of all waves.

    The judge saw already that there is somebody. Who is tried again lost more than the others, so less than was sent
    before is never enough.
    """
    del word
    record = WaveRecord(turn, calls)
    again = worth_trying(turn, record.statuses())
    record.keep_members_of_next(again)
    return {
        "next": DONE,
        "attempt": turn.attempt + 1,
        "redundancyPercent": _learnt(turn, record),
        "members": len(again),
        "startAt": None,
        "doneAt": None,
    }


def worth_trying(turn: Turn, statuses: Mapping[str, Fared]) -> list[str]:
    """The devices of the wave that another session may help, while the rollout has tries left."""
    if not turn.tries_left:
        return []
    done = float(turn.state.get("doneAt") or 0)
    return [
        device
        for device, found in statuses.items()
        if is_tried_again(found["status"], turn.attempt)
        and (found["status"] != INITIAL or (found["heard"] or 0) > done)
    ]


def _learnt(turn: Turn, record: WaveRecord) -> int:
    first = Counter(found["status"] for found in record.statuses_of(0).values())
    sessions = [gate["firstSession"] for gate in record.earlier_waves()]
    planned = int(turn.settings["session"]["redundancyPercent"])
    learnt = learnt_redundancy(
        fragments(turn),
        planned,
        delivered=first[DELIVERED] + sum(session["delivered"] for session in sessions),
        lost=first[LOST] + sum(session["lost"] for session in sessions),
        most_percent=int(turn.settings["mostRedundancyPercent"]),
        confidence=float(turn.settings["gate"]["confidence"]),
    )
    return fitting_redundancy(turn, max(learnt, turn.redundancy_percent))
