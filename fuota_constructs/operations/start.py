"""Starting the session of a task."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from fuota_constructs.operations.aws import code_of
from fuota_constructs.operations.errors import OperationError
from fuota_constructs.operations.task import WAITING, read_task

if TYPE_CHECKING:
    from fuota_constructs.operations.aws import Aws

LEAD: Final = timedelta(minutes=30)
"""A session starts 30 minutes from now or later (AWS IoT Wireless Developer Guide)."""

MARGIN: Final = timedelta(seconds=60)
"""What a start as early as possible is put off by, for the time that the call itself takes."""

MOST_AHEAD: Final = timedelta(days=3660)
"""Later starts are taken for a slip of the pen: ten years outlast the batteries of the devices."""

MULTICAST_REACH: Final = timedelta(hours=48)
"""A multicast session starts within 48 hours (AWS IoT Wireless Developer Guide).

Starting a FUOTA task starts one for each of its groups. Assumed: the limit holds for these, too; AWS does not say.
"""


class ImpossibleTimeError(OperationError):
    """The service starts no session then."""


_LATER = re.compile(r"\+(?:(?P<days>\d{1,3})d)?(?:(?P<hours>\d{1,4})h)?(?:(?P<minutes>\d{1,5})m)?")
_USAGE = (
    "give a UTC time such as 2026-12-01T02:00Z, one with an offset such as 2026-12-01T03:00+01:00, or +45m, +2h, +1d"
)


def moment_of(text: str) -> datetime | timedelta:
    """A point in time, or how long from now: as typed after --at; raises ValueError that says what to type."""
    if match := _LATER.fullmatch(text.strip()):
        parts = {name: int(value) for name, value in match.groupdict().items() if value}
        if parts:
            return timedelta(**parts)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is no time: {_USAGE}") from None
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} does not say in which time zone: add Z for UTC; {_USAGE}")
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the first and the last hours of datetime's years, in a zone that is beyond them
        raise ValueError(f"{text!r} is no time: {_USAGE}") from None


def start_time(aws: Aws, at: datetime | timedelta | None) -> datetime:
    """When a session asked for now starts; without `at` as early as possible. Refuses what the service refuses."""
    seconds, speed = aws.clock()
    now = datetime.fromtimestamp(seconds, UTC)
    earliest = _whole(now + LEAD)
    as_early_as_possible = _whole(earliest + MARGIN * speed)  # a fast local clock moves on meanwhile
    if at is None or at == LEAD:
        return as_early_as_possible
    wanted = _whole(now + at) if isinstance(at, timedelta) else at.replace(microsecond=0)
    if wanted < earliest:
        minutes = math.floor((wanted - now).total_seconds() / 60)
        days = abs(wanted - now).days
        apart = "1 minute" if abs(minutes) == 1 else f"{days:,} days" if days > 1 else f"{abs(minutes)} minutes"
        when = f"{apart} from now" if minutes >= 0 else f"{apart} ago"
        raise ImpossibleTimeError(
            f"{show(wanted)} is {when}; a session starts 30 minutes from now or later, at the earliest"
            f" {show(as_early_as_possible)}: give --at {as_early_as_possible:%Y-%m-%dT%H:%M:%SZ} or later, or no --at"
        )
    if wanted - now > MOST_AHEAD:
        raise ImpossibleTimeError(
            f"{show(wanted)} is {(wanted - now).days:,} days ahead: give --at at most {MOST_AHEAD.days} days from now"
        )
    return wanted


def start(aws: Aws, task_id: str, at: datetime) -> None:
    """Schedule the session.

    A retry after an answer that was lost meets a task that is not Pending any more: that is this very start.
    """
    try:
        aws.iotwireless.start_fuota_task(Id=task_id, LoRaWAN={"StartTime": at})
    except ClientError as failure:
        if code_of(failure) != "ConflictException":
            raise
        found = read_task(aws, task_id)
        if found.status != WAITING or found.start_time != at:
            raise


def beyond_reach(aws: Aws, when: datetime) -> str:
    """A warning where a session of multicast groups is too far ahead for them, else empty."""
    now = datetime.fromtimestamp(aws.clock()[0], UTC)
    if when - now <= MULTICAST_REACH:
        return ""
    return (
        f"{show(when)} is {(when - now) / timedelta(hours=1):.0f} hours ahead; a multicast session must begin within"
        f" {MULTICAST_REACH / timedelta(hours=1):g} hours of the call that starts it (documented for multicast groups,"
        " assumed for the sessions a FUOTA task starts in them): the devices may never hear of this one. Start the task"
        f" later, no more than {MULTICAST_REACH / timedelta(hours=1):g} hours before the session, or let a schedule do"
        " it (task.schedule_start in the CDK app)"
    )


def show(moment: datetime) -> str:
    """A time as people read it, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _whole(moment: datetime) -> datetime:
    # boto3 sends whole seconds and drops the rest.
    return datetime.fromtimestamp(math.ceil(moment.timestamp()), UTC)
