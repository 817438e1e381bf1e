"""The Lambda entry: one look at one FUOTA task, made into metrics and events.

Events go out before it is kept that they did, so what fails in between is told again by the next poll: every change is
reported at least once. A poll that has more to tell than its time allows keeps how far it came, and the next goes on.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from change_events import device_event, gone_event, task_event
from memory import UNSEEN, Memory
from metrics import emf_line, failed_line
from monitor_calls import MonitorCalls
from progress import Progress
from watched import Watched

CHANGES_KEPT_AT_ONCE = 2_000
"""Device changes that are told between two writes of what was told."""
SECONDS_UNTIL_GIVEN_UP = 6 * 3600
"""A task the service never knew is looked for so long: far longer than a new task takes to be found (assumed), and than
the alarm needs to see that it is not, whose three periods are hours where a poll comes each hour."""


def handler(event: Mapping[str, Any], context: Any) -> None:
    """Look at the task that a rule names."""
    watched, calls = Watched.of(event), MonitorCalls(context)
    try:
        poll(watched, calls)
    except Exception as error:
        calls.say(failed_line(watched, f"{type(error).__name__}: {error}"[:1000], now=calls.now()))
        raise


def poll(watched: Watched, calls: MonitorCalls) -> None:
    """Look at a task, with the side effects given."""
    before = calls.remembered(watched.key)
    task = calls.task(watched.task_id)
    if task is None:
        _gone(watched, before, calls)
        return
    seen = None if before is None or before.status == UNSEEN else before
    progress = Progress.of(task, calls.devices(watched.task_id), seen, now=calls.now())
    if calls.time_is_up():
        # A part of the devices would make figures that are wrong; what changed with the others comes with a later poll.
        progress = replace(progress, all_listed=False)
        why = f"FUOTA task {watched.task_id} has more devices than can be listed in one poll: no metrics"
        calls.say(failed_line(watched, why, now=calls.now()))
    elif progress.is_counted:
        calls.say(emf_line(progress, watched, now=calls.now()))
    if not _told(progress, watched, before, calls):
        return
    if progress.is_settled:
        # Nothing happens to a task that is done: its next poll would be the first that tells nothing.
        calls.stop_polling(watched, f"FUOTA task {watched.task_id} is done and nothing changed any more")


def _told(progress: Progress, watched: Watched, before: Memory | None, calls: MonitorCalls) -> bool:
    """Tell what changed and keep that it was told, part by part; False where the time was up before the end."""
    if progress.status != progress.before.status:
        calls.publish(watched.event_bus, [task_event(progress)])
    told = 0
    while changes := progress.changes[told : told + CHANGES_KEPT_AT_ONCE]:
        is_up = calls.time_is_up()
        if told or is_up:
            # Also before the first of them: the task's own change is told, and was not kept by anything yet.
            calls.remember(watched.key, progress.remembered_after(told))
        if is_up:
            return False
        calls.publish(watched.event_bus, [device_event(progress, change) for change in changes])
        told += len(changes)
    if calls.time_is_up():
        calls.remember(watched.key, progress.remembered_after(told))
        return False
    if progress.remembered != before:
        calls.remember(watched.key, progress.remembered)
    return True


def _gone(watched: Watched, before: Memory | None, calls: MonitorCalls) -> None:
    if before is None or before.status == UNSEEN:
        # Never seen: an id that is wrong, or one the service does not find yet. The next poll may.
        why = f"FUOTA task {watched.task_id} does not exist"
        calls.say(failed_line(watched, why, now=calls.now()))
        if before is None:
            calls.remember(watched.key, Memory(UNSEEN, calls.now()))
            return
        if calls.now() - before.since < SECONDS_UNTIL_GIVEN_UP:
            return
    else:
        why = f"FUOTA task {watched.task_id} was deleted"
    calls.publish(watched.event_bus, [gone_event(watched.task_id, before, now=calls.now())])
    calls.stop_polling(watched, why)
    calls.forget(watched.key)
