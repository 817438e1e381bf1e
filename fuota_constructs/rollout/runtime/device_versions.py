"""Which firmware the devices report: what the user's own uplink pipeline keeps of each device in a table.

An item is WirelessDeviceId (the key), Version, and Time: when it was reported, in milliseconds since the epoch as
`timestamp()` of an IoT rule gives it, or as ISO 8601 text.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rollout_calls import RolloutCalls

KEY, VERSION, TIME = "WirelessDeviceId", "Version", "Time"
KEYS_A_REQUEST = 100
"""The most that BatchGetItem takes (Amazon DynamoDB API Reference)."""
MOST_WAIT_SECONDS = 10.0
MOST_REPEATS = 10
_MILLISECONDS_FROM = 1e11
"""As seconds that were the year 5138: larger numbers are milliseconds."""


class TableTooBusyError(Exception):
    """The table left keys unanswered again and again: the machine asks once more, later."""


@dataclass(frozen=True)
class VersionReport:
    """What a device reported last; `at` is None where the item has no time that can be read."""

    version: str
    at: float | None


def is_version(wanted: str, reported: str) -> bool:
    """Whether a report is of that version: the same text, but for a leading v and white space around it.

    No order is read into versions: 2.4.0 and 2.4 are two.
    """
    return _plain(wanted) == _plain(reported)


def reported_versions(table: str, devices: Iterable[str], calls: RolloutCalls) -> dict[str, VersionReport]:
    """The latest report of each of these devices that has one.

    Raises:
        TableTooBusyError: the table has no capacity for that.
    """
    found: dict[str, VersionReport] = {}
    listed = list(dict.fromkeys(devices))
    for start in range(0, len(listed), KEYS_A_REQUEST):
        for item in _items(table, listed[start : start + KEYS_A_REQUEST], calls):
            version = _text(item.get(VERSION))
            if version:
                found[_text(item[KEY])] = VersionReport(version, _moment(_text(item.get(TIME))))
    return found


def _items(table: str, devices: list[str], calls: RolloutCalls) -> Iterable[Mapping[str, Any]]:
    asked: Mapping[str, Any] = {
        table: {
            "Keys": [{KEY: {"S": device}} for device in devices],
            "ProjectionExpression": "#device, #version, #time",
            "ExpressionAttributeNames": {"#device": KEY, "#version": VERSION, "#time": TIME},
        }
    }
    for repeat in range(MOST_REPEATS):
        answer = calls.dynamodb.batch_get_item(RequestItems=asked)
        yield from answer["Responses"].get(table, ())
        asked = answer.get("UnprocessedKeys") or {}
        if not asked:
            return
        calls.sleep(min(MOST_WAIT_SECONDS, 0.1 * 2**repeat))
    raise TableTooBusyError(f"table {table} left keys unanswered {MOST_REPEATS} times: it has too little capacity")


def _plain(version: str) -> str:
    text = version.strip()
    return text[1:] if text[:1] in {"v", "V"} and text[1:2].isdigit() else text


def _text(value: Mapping[str, Any] | None) -> str:
    """A text or a number; nothing of any other type."""
    return str((value or {}).get("S") or (value or {}).get("N") or "").strip()


def _moment(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        # Assumed where there is no zone: AWS writes moments in UTC.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return number / 1000 if number > _MILLISECONDS_FROM else number
