"""Polls through the life of a task: what each tells, and when they stop."""

import json

import monitor_calls
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from memory import UNSEEN, Memory
from monitor_calls import EventsNotPublishedError, MonitorCalls
from monitor_rig import HOUR, START, TABLE, ClockedCalls, Context, Watch
from watched import Watched

TASK, DEVICE = "FUOTA Task Status Change", "FUOTA Device Status Change"
REFUSED = {"Source": "aws.iotwireless", "DetailType": TASK, "Detail": "{}"}  # only AWS may say so
MIXED = [
    {"name": "good", "count": 3},
    {"name": "deaf", "count": 1, "loss": 1},
    {"name": "broken", "count": 1, "faults": ["corrupt-fragment"]},
]


@pytest.fixture
def task(watch: Watch) -> str:
    """A task with three good devices, one that hears nothing and one with a fault."""
    task_id = watch.task()
    watch.fleet(cohorts=MIXED, seed=1)
    return task_id


def test_a_pending_task_costs_one_request_and_tells_nothing(watch: Watch, task: str) -> None:
    seen = watch.poll(task)
    assert seen.requests == ["GetFuotaTask"]
    assert (seen.metrics, seen.events) == ([], [])
    assert watch.remembered()[0]["Status"] == {"S": "Pending"}
    assert watch.is_polled()


def test_a_task_that_waits_is_told_with_its_start(watch: Watch, task: str) -> None:
    watch.iotwireless.start_fuota_task(Id=task)
    seen = watch.poll(task)
    assert seen.requests == ["GetFuotaTask", "ListWirelessDevices"]
    [change] = seen.of(TASK)
    assert (change["previousStatus"], change["status"]) == ("Pending", "FuotaSession_Waiting")
    assert change["startTime"] == "2027-01-15T08:30:00Z"
    assert change["observedAt"] == "2027-01-15T08:00:00Z"
    assert change["devices"] == {"total": 5, "byStatus": {"Initial": 5}}
    assert seen.of(DEVICE) == []
    [metrics] = seen.metrics
    assert metrics["Devices"] == metrics["Devices.Initial"] == 5
    assert metrics["SecondsPastStart"] == 0


def test_nothing_new_is_told_twice(watch: Watch, task: str) -> None:
    watch.iotwireless.start_fuota_task(Id=task)
    watch.poll(task)
    remembered = watch.remembered()
    watch.clock.time += 300
    seen = watch.poll(task)
    assert seen.events == []
    assert seen.metrics[0]["SecondsInStatus"] == 300
    assert watch.remembered() == remembered


def test_the_end_tells_each_device_and_the_metrics_agree(watch: Watch, task: str) -> None:
    watch.iotwireless.start_fuota_task(Id=task)
    watch.poll(task)
    watch.clock.time += 24 * HOUR
    seen = watch.poll(task)
    [change] = seen.of(TASK)
    assert (change["previousStatus"], change["status"]) == ("FuotaSession_Waiting", "FuotaDone")
    assert change["doneWithoutSuccess"] is False
    devices = seen.of(DEVICE)
    assert len({each["wirelessDeviceId"] for each in devices}) == len(devices)
    assert {each["previousStatus"] for each in devices} == {"Initial"}
    by_status = change["devices"]["byStatus"]
    assert by_status["Successful"] == 3
    assert sum(by_status.values()) == 5
    told = [each["status"] for each in devices]
    assert {status: told.count(status) for status in set(told)} == {
        status: count for status, count in by_status.items() if status != "Initial"
    }
    [metrics] = seen.metrics
    assert {status: metrics[f"Devices.{status}"] for status in by_status} == by_status
    assert metrics["SuccessRatio"] == 0.6
    assert metrics["FailedRatio"] == (5 - 3 - by_status.get("Initial", 0)) / 5
    assert (metrics["Done"], metrics["DoneWithoutSuccess"]) == (1, 0)
    assert seen.events[0]["resources"][0].endswith(f":FuotaTask/{task}")


def test_polling_stops_when_a_done_task_has_nothing_new(watch: Watch, task: str) -> None:
    watch.iotwireless.start_fuota_task(Id=task)
    watch.clock.time += 24 * HOUR
    assert watch.poll(task).events != []
    assert watch.is_polled()
    last = watch.poll(task)
    assert last.events == []
    assert last.metrics[0]["Done"] == 1
    assert not watch.is_polled()
    assert last.text == [
        (
            f"polling stops: FUOTA task {task} is done and nothing changed any more; "
            "`aws events enable-rule --name polls` starts it again"
        )
    ]


def test_done_without_success_is_told(watch: Watch) -> None:
    task = watch.task(image=False)  # the service cannot read it
    watch.fleet(cohorts=MIXED, seed=1)
    watch.iotwireless.start_fuota_task(Id=task)
    watch.clock.time += 24 * HOUR
    seen = watch.poll(task)
    [change] = seen.of(TASK)
    assert change["status"] == "FuotaDone"
    assert change["doneWithoutSuccess"] is True
    assert seen.metrics[0]["DoneWithoutSuccess"] == 1
    assert seen.metrics[0]["SuccessRatio"] == 0


def test_a_task_without_devices_has_no_shares(watch: Watch) -> None:
    task = watch.task()
    watch.iotwireless.start_fuota_task(Id=task)
    watch.clock.time += 24 * HOUR
    [metrics] = watch.poll(task).metrics
    assert metrics["Devices"] == 0
    assert metrics["DoneWithoutSuccess"] == 1
    assert not {"SuccessRatio", "FailedRatio"} & set(metrics)


def test_a_deleted_task_is_told_once_and_forgotten(watch: Watch, task: str) -> None:
    watch.iotwireless.start_fuota_task(Id=task)
    watch.poll(task)
    watch.iotwireless.delete_fuota_task(Id=task)
    seen = watch.poll(task)
    assert [each["status"] for each in seen.of(TASK)] == ["Delete_Waiting"]
    assert seen.requests == ["GetFuotaTask"]
    watch.clock.time += HOUR
    seen = watch.poll(task)
    assert [(each["previousStatus"], each["status"]) for each in seen.of(TASK)] == [("Delete_Waiting", "Deleted")]
    assert watch.remembered() == []
    assert not watch.is_polled()


def test_a_task_never_seen_is_said_and_looked_for_again(watch: Watch) -> None:
    seen = watch.poll("11111111-2222-3333-4444-555555555555")
    missing = {"PollFailed": 1, "Note": "FUOTA task 11111111-2222-3333-4444-555555555555 does not exist"}
    assert [{name: each[name] for name in missing} for each in seen.metrics] == [missing]
    assert seen.events == []
    assert watch.is_polled()
    watch.clock.time += 3 * HOUR
    seen = watch.poll("11111111-2222-3333-4444-555555555555")
    assert [each["PollFailed"] for each in seen.metrics] == [1]
    assert seen.events == []
    assert watch.is_polled()
    watch.clock.time += 3 * HOUR
    seen = watch.poll("11111111-2222-3333-4444-555555555555")
    assert [each["PollFailed"] for each in seen.metrics] == [1]
    assert [(each["previousStatus"], each["status"]) for each in seen.of(TASK)] == [("Unseen", "NotFound")]
    assert not watch.is_polled()
    assert watch.remembered() == []


def test_a_task_that_is_found_late_is_watched(watch: Watch, task: str) -> None:
    watch.table.put_item(TableName=TABLE, Item=Memory(UNSEEN, START - 60).item(f"polls/{task}", now=START))
    watch.iotwireless.start_fuota_task(Id=task)
    [change] = watch.poll(task).of(TASK)
    assert (change["previousStatus"], change["status"]) == ("Pending", "FuotaSession_Waiting")


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


def test_a_pending_task_that_is_deleted_is_told_and_polled_no_more(watch: Watch, task: str) -> None:
    watch.poll(task)
    watch.iotwireless.delete_fuota_task(Id=task)
    watch.clock.time += HOUR
    seen = watch.poll(task)
    assert [(each["previousStatus"], each["status"]) for each in seen.of(TASK)] == [("Pending", "Deleted")]
    assert not watch.is_polled()


def test_a_late_poll_of_an_old_task_leaves_the_rule_of_the_new_one_alone(watch: Watch, task: str) -> None:
    watch.iotwireless.start_fuota_task(Id=task)
    watch.clock.time += 24 * HOUR
    watch.poll(task)
    watch.rule_names = "a-new-task"
    assert watch.poll(task).text == [
        f"FUOTA task {task} is done and nothing changed any more; the rule polls polls another task by now and goes on"
    ]
    assert watch.is_polled()
    watch.rules.disable_rule(Name=watch.rule)  # by a poll that died before it saw the new task
    watch.poll(task)
    assert watch.is_polled()
    watch.rule_names = None
    watch.poll(task)
    assert not watch.is_polled()


def test_a_rule_that_is_given_a_new_task_while_its_polls_are_stopped_goes_on(watch: Watch, task: str) -> None:
    watch.name(task)
    calls = ClockedCalls(watch.clock)
    calls.sleep = lambda _: watch.name("a-new-task")  # type: ignore[method-assign]  # as a deployment does
    calls.stop_polling(Watched(task, "Fleet", "default", watch.rule), "done")
    assert watch.is_polled()
    assert calls.output.getvalue() == "done; the rule polls polls another task by now and goes on\n"


def test_two_monitors_of_one_task_tell_all_and_stop_apart(watch: Watch, task: str) -> None:
    other = Watch(watch.clock, watch.service, watch.service_url, watch.queue, "others", watch.queue_arn)
    other.rules.put_rule(Name="others", ScheduleExpression="rate(60 minutes)")
    try:
        watch.iotwireless.start_fuota_task(Id=task)
        watch.clock.time += 24 * HOUR
        told = [[{**event["detail"], "observedAt": ""} for event in each.poll(task).events] for each in (watch, other)]
        assert told[0] == told[1] != []
        watch.poll(task)
        assert (watch.is_polled(), other.is_polled()) == (False, True)
        other.poll(task)
        assert not other.is_polled()
    finally:
        other.rules.remove_targets(Rule="others", Ids=["Poll"])
        other.rules.delete_rule(Name="others")


def test_a_late_poll_of_a_deleted_task_leaves_the_rule_of_the_new_one_alone(watch: Watch, task: str) -> None:
    watch.poll(task)
    watch.iotwireless.delete_fuota_task(Id=task)
    watch.clock.time += HOUR
    watch.rule_names = "a-new-task"
    seen = watch.poll(task)
    assert [each["status"] for each in seen.of("FUOTA Task Status Change")] == ["Deleted"]
    assert watch.is_polled()


def test_a_rule_whose_target_has_a_constant_input_stops_too(watch: Watch, task: str) -> None:
    watch.name(task, constant=True)
    calls = ClockedCalls(watch.clock)
    calls.stop_polling(Watched(task, "Fleet", "default", watch.rule), "done")
    assert not watch.is_polled()


def test_a_rule_that_is_gone_has_nothing_to_stop(watch: Watch, task: str) -> None:
    """As EventBridge answers; MiniStack has no error for a rule that there is not."""
    calls = ClockedCalls(watch.clock)
    events = monitor_calls._client("events")
    with Stubber(events) as stub:
        stub.add_client_error("list_targets_by_rule", "ResourceNotFoundException", "Rule polls does not exist.")
        calls.stop_polling(Watched(task, "Fleet", "default", watch.rule), "done")
    assert calls.output.getvalue() == "done; the rule polls is gone\n"


def test_what_is_remembered_expires(watch: Watch, task: str) -> None:
    watch.poll(task)
    assert watch.remembered()[0]["ExpiresAt"] == {"N": str(START + 90 * 24 * HOUR)}


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

    running_out.publish = slow  # type: ignore[method-assign]
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


def test_a_status_that_is_back_to_pending_is_told(watch: Watch, task: str) -> None:
    """No API cancels a session, but the guide says that a cancelled one is Pending again."""
    watch.table.put_item(
        TableName=TABLE,
        Item={
            "Poll": {"S": f"polls/{task}"},
            "Status": {"S": "FuotaSession_Waiting"},
            "Since": {"N": str(START - 60)},
            "Devices": {"M": {}},
        },
    )
    seen = watch.poll(task)
    [change] = seen.of(TASK)
    assert (change["previousStatus"], change["status"]) == ("FuotaSession_Waiting", "Pending")
    assert "devices" not in change
    assert seen.metrics == []
    assert watch.remembered()[0]["Status"] == {"S": "Pending"}


def test_the_handler_reads_what_the_rule_writes(watch: Watch, task: str, capsys: pytest.CaptureFixture[str]) -> None:
    import poll

    watch.iotwireless.start_fuota_task(Id=task)
    event = {"fuotaTaskId": task, "namespace": "Fleet", "eventBus": "default", "rule": "polls"}
    poll.handler(event, Context())
    MonitorCalls(Context()).sleep(0)
    [line] = capsys.readouterr().out.splitlines()
    metrics = json.loads(line)
    [directive] = metrics["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Fleet"
    assert directive["Dimensions"] == [["FuotaTaskId"]]
    assert metrics["FuotaTaskId"] == task
    assert "PollFailed" not in metrics
    for metric in directive["Metrics"]:
        assert isinstance(metrics[metric["Name"]], int | float)
        assert metric["Unit"] in {"Count", "Seconds", "None"}


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
