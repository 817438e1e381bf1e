"""How long a session takes, and how likely a device gets the image in it, by the facts that synth counts with."""

from wave_turn import Turn

from fuota_constructs.lorawan.fragments import coded_fragments, data_fragments, encoded_fragments, interval_seconds
from fuota_constructs.lorawan.redundancy import decode_probability


def session_seconds(turn: Turn) -> int:
    """Fragments times interval, with the redundancy of this attempt."""
    return _seconds(turn, turn.redundancy_percent)


def fitting_redundancy(turn: Turn, percent: int) -> int:
    """So much redundancy, or what of it the maintenance window has room for; never less than was sent before."""
    room = (turn.settings.get("window") or {}).get("durationSeconds")
    while room is not None and percent > turn.redundancy_percent and _seconds(turn, percent) > room:
        percent -= 1
    return percent


def _seconds(turn: Turn, percent: int) -> int:
    session = turn.settings["session"]
    size, fragment = int(turn.settings["image"]["sizeBytes"]), int(session["fragmentSizeBytes"])
    total = encoded_fragments(size, fragment, percent)
    return total * max(1, interval_seconds(float(session["fragmentIntervalMs"])))


def fragments(turn: Turn) -> int:
    """Data fragments of the image."""
    return data_fragments(int(turn.settings["image"]["sizeBytes"]), int(turn.settings["session"]["fragmentSizeBytes"]))


def planned_chance(turn: Turn) -> float:
    """The chance of a device to get the image in a first session, as planned."""
    session, data = turn.settings["session"], fragments(turn)
    coded = coded_fragments(data, int(session["redundancyPercent"]))
    return decode_probability(data, coded, float(session["plannedLoss"]))
