"""Polls that are throttled, refused or short of time: nothing is lost, and nothing told twice."""

import json

import pytest
from botocore.exceptions import ClientError
from monitor_calls import EventsNotPublishedError
from monitor_rig import DEVICE, HOUR, TASK, ClockedCalls, Context, Watch
from watched import Watched

REFUSED = {"Source": "aws.iotwireless", "DetailType": TASK, "Detail": "{}"}  # only AWS may say so


def test_every_page_of_devices_is_read_below_ten_requests_a_second(watch: Watch) -> None:
    task = watch.task()
    watch.fleet(devices=600, seed=1)
    watch.iotwireless.start_fuota_task(Id=task)
    seen = watch.poll(task)
    assert seen.metrics[0]["Devices"] == 600
    assert seen.requests == ["GetFuotaTask", *["ListWirelessDevices"] * 3]
    assert len(seen.slept) == 2
    assert min(seen.slept) > 0.2


def test_throttles_and_server_errors_lose_nothing(watch: Watch, task: str) -> None:
    watch.iotwireless.start_fuota_task(Id=task)
    for operation in ("GetFuotaTask", "ListWirelessDevices"):
        for fault in ("throttle", "internal-error"):
            watch.admin("faults", operation=operation, fault=fault, times=1)
    seen = watch.poll(task)
    assert seen.metrics[0]["Devices"] == 5
    assert [each["status"] for each in seen.of(TASK)] == ["FuotaSession_Waiting"]


def test_a_poll_that_could_not_tell_is_told_by_the_next(watch: Watch, task: str) -> None:
    watch.iotwireless.start_fuota_task(Id=task)
    watch.clock.time += 24 * HOUR

    class Unlucky(ClockedCalls):
        def publish(self, event_bus, events):
            super().publish(event_bus, [*events, REFUSED] if len(events) > 1 else events)

    from poll import poll

    with pytest.raises(EventsNotPublishedError):
        poll(Watched(task, "Fleet", "default", watch.rule), Unlucky(watch.clock))
    assert len(watch.events()) >= 5
    assert watch.remembered() == []
    assert len(watch.poll(task).of(DEVICE)) >= 4


def test_a_poll_without_time_for_all_changes_goes_on_in_the_next(watch: Watch, task: str, monkeypatch) -> None:
    import poll

    monkeypatch.setattr(poll, "CHANGES_KEPT_AT_ONCE", 2)
    watch.iotwireless.start_fuota_task(Id=task)
    watch.poll(task)
    watch.clock.time += 24 * HOUR
    running_out = ClockedCalls(watch.clock)
    publish = running_out.publish

    def slow(event_bus, events):
        publish(event_bus, events)
        running_out.context.seconds -= 300

    monkeypatch.setattr(running_out, "publish", slow)
    poll.poll(Watched(task, "Fleet", "default", watch.rule), running_out)
    first = [event["detail"] for event in watch.events()]
    assert [each["status"] for each in first if "wirelessDeviceId" not in each] == ["FuotaDone"]
    told = [each["wirelessDeviceId"] for each in first if "wirelessDeviceId" in each]
    assert len(told) == 4
    seen = watch.poll(task)
    assert seen.of(TASK) == []
    assert len(seen.of(DEVICE)) == 1
    assert seen.of(DEVICE)[0]["wirelessDeviceId"] not in told
    assert watch.poll(task).of(DEVICE) == []
    assert not watch.is_polled()


def test_a_task_is_told_once_where_its_devices_left_no_time(watch: Watch, task: str) -> None:
    import poll

    watch.iotwireless.start_fuota_task(Id=task)
    watch.clock.time += 24 * HOUR

    class Slow(ClockedCalls):
        def devices(self, task_id):
            yield from super().devices(task_id)
            self.context.seconds = 59

    for told in (["FuotaDone"], []):
        poll.poll(Watched(task, "Fleet", "default", watch.rule), Slow(watch.clock))
        assert [event["detail"]["status"] for event in watch.events()] == told
    seen = watch.poll(task)
    assert (seen.of(TASK), len(seen.of(DEVICE))) == ([], 5)


def test_devices_that_cannot_all_be_listed_make_no_metrics(watch: Watch, task: str) -> None:
    watch.iotwireless.start_fuota_task(Id=task)
    watch.clock.time += 24 * HOUR
    seen = watch.poll(task, seconds_left=59)
    [metrics] = seen.metrics
    assert metrics["PollFailed"] == 1
    assert "Devices" not in metrics
    assert metrics["Note"] == f"FUOTA task {task} has more devices than can be listed in one poll: no metrics"
    [change] = seen.of(TASK)
    assert change["status"] == "FuotaDone"
    assert not {"devices", "doneWithoutSuccess"} & set(change)  # figures of a part would be wrong
    assert watch.is_polled()
    assert len(watch.poll(task).of(DEVICE)) == 5


def test_refused_events_are_put_again_alone(watch: Watch) -> None:
    calls = ClockedCalls(watch.clock)
    detail = {
        "fuotaTaskId": "t",
        "status": "Pending",
        "previousStatus": "Pending",
        "observedAt": "2027-01-15T08:00:00Z",
    }
    good = {"Source": "fuota-constructs", "DetailType": TASK, "Detail": json.dumps(detail)}
    with pytest.raises(EventsNotPublishedError, match="NotAuthorizedForSource"):
        calls.publish("default", [*[good] * 12, REFUSED])
    assert len(watch.events()) == 12
    assert calls.slept == [1, 2, 4]


def test_a_poll_that_fails_is_counted_and_fails(
    watch: Watch, task: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import poll

    monkeypatch.setenv("STATE_TABLE", "gone")
    event = {"fuotaTaskId": task, "namespace": "Fleet", "eventBus": "default", "rule": "polls"}
    with pytest.raises(ClientError):
        poll.handler(event, Context())
    [line] = capsys.readouterr().out.splitlines()
    metrics = json.loads(line)
    assert metrics["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [{"Name": "PollFailed", "Unit": "Count"}]
    assert (metrics["FuotaTaskId"], metrics["PollFailed"]) == (task, 1)
    assert "ResourceNotFoundException" in metrics["Note"]
