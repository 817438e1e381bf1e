"""Polls through the life of a task: what each tells."""

import json

import pytest
from memory import UNSEEN, Memory
from monitor_calls import MonitorCalls
from monitor_rig import DEVICE, HOUR, MIXED, START, TABLE, TASK, Context, Watch


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


def test_what_is_remembered_expires(watch: Watch, task: str) -> None:
    watch.poll(task)
    assert watch.remembered()[0]["ExpiresAt"] == {"N": str(START + 90 * 24 * HOUR)}


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
