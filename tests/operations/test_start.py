"""When a session may start."""

from __future__ import annotations

import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from fuota_constructs.local.iotwireless.faults import Fault
from fuota_constructs.operations import start
from fuota_constructs.operations.errors import OperationError
from fuota_constructs.operations.task import read_task

if TYPE_CHECKING:
    from fuota_constructs.operations.aws import Aws


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-01T02:00Z", datetime(2026, 12, 1, 2, tzinfo=UTC)),
        ("2026-12-01T03:00+01:00", datetime(2026, 12, 1, 2, tzinfo=UTC)),
        ("2026-12-01 02:00:30Z", datetime(2026, 12, 1, 2, 0, 30, tzinfo=UTC)),
        ("+45m", timedelta(minutes=45)),
        ("+1d2h", timedelta(days=1, hours=2)),
    ],
)
def test_reads_times(text: str, moment: object) -> None:
    assert start.moment_of(text) == moment


@pytest.mark.parametrize(
    "text", ["", "+", "45m", "+45", "tomorrow", "2026-13-01T00:00Z", "-45m", "9999-12-31T23:59-01:00"]
)
def test_refuses_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="is no time: give a UTC time such as 2026-12-01T02:00Z"):
        start.moment_of(text)


def test_refuses_a_time_without_zone() -> None:
    with pytest.raises(ValueError, match="does not say in which time zone: add Z for UTC"):
        start.moment_of("2026-12-01T02:00")


@pytest.mark.parametrize("at", [None, timedelta(minutes=30), timedelta(minutes=45)])
def test_the_service_takes_what_we_offer(at: timedelta | None, aws: Aws, task: Any, group: Any) -> None:
    task_id = task(group(1))
    when = start.start_time(aws, at)
    start.start(aws, task_id, when)
    assert read_task(aws, task_id).start_time == when


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1799, "29 minutes from now"),
        (60, "is 1 minute from"),
        (-60, "is 1 minute ago"),
        (-120, "2 minutes ago"),
        (-172_800, "2 days ago"),
        (-(10**8), "1,157 days ago"),
    ],
)
def test_refuses_under_30_minutes_and_says_the_earliest(seconds: int, said: str, aws: Aws, clock: Any) -> None:
    now = datetime.fromtimestamp(clock(), UTC)
    with pytest.raises(
        OperationError, match="at the earliest 2027-01-15 08:31:00 UTC: give --at 2027-01-15T08:31:00Z"
    ) as e:
        start.start_time(aws, now + timedelta(seconds=seconds))
    assert said in str(e.value)
    with pytest.raises(OperationError, match="30 minutes from now or later"):
        start.start_time(aws, timedelta(minutes=29))


def test_refuses_what_is_a_slip_of_the_pen(aws: Aws) -> None:
    far = datetime(9999, 12, 31, tzinfo=UTC)  # its end would be beyond the years that there are
    with pytest.raises(OperationError, match="days ahead: give --at at most 3660 days from now"):
        start.start_time(aws, far)


def test_goes_by_the_clock_of_a_local_cloud(aws: Aws, clock: Any) -> None:
    moved = urllib.request.Request(f"{aws.endpoint}/_fuota/clock", b'{"advance_seconds": 86400}', method="POST")
    urllib.request.urlopen(moved).close()
    assert start.start_time(aws, None).timestamp() == clock() + 86_400 + 1860


@pytest.mark.parametrize("faults", [{"throttle": 5, "internal-error": 5}, {"lost-answer": 1}])
def test_a_start_is_not_lost(faults: dict[str, int], aws: Aws, task: Any, group: Any, service: Any) -> None:
    task_id = task(group(1))
    for fault, times in faults.items():
        service.faults.order(Fault("StartFuotaTask", fault, times=times))
    when = start.start_time(aws, timedelta(hours=1))
    start.start(aws, task_id, when)
    found = read_task(aws, task_id)
    assert (found.status, found.start_time) == ("FuotaSession_Waiting", when)


def test_a_start_by_somebody_else_is_not_ours(aws: Aws, task: Any, group: Any, make: Any) -> None:
    task_id = task(group(1))
    make.start_fuota_task(Id=task_id)
    with pytest.raises(ClientError, match="ConflictException"):
        start.start(aws, task_id, start.start_time(aws, timedelta(hours=1)))
