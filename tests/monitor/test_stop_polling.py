"""When polls stop: with the task, and never those of a task that is not meant."""

import monitor_calls
from botocore.stub import Stubber
from monitor_rig import HOUR, TASK, ClockedCalls, Watch
from watched import Watched


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
