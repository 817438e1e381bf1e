"""The Lambda entry: one look at one FUOTA task, made into metrics and events.

Events go out before the state of the poll is kept, so a poll that fails in between is told again by the next one: every
change is reported at least once.
"""

from collections.abc import Mapping
from typing import Any

from change_events import deleted_event, device_event, task_event
from metrics import emf_line
from monitor_calls import MonitorCalls
from progress import Progress
from watched import Watched


def handler(event: Mapping[str, Any], context: object) -> None:
    """Look at the task that a rule names."""
    del context
    poll(Watched.of(event), MonitorCalls())


def poll(watched: Watched, calls: MonitorCalls) -> None:
    """Look at a task, with the side effects given."""
    before = calls.remembered(watched.key)
    task = calls.task(watched.task_id)
    if task is None:
        _gone(watched, before, calls)
        return
    progress = Progress.of(task, calls.devices(watched.task_id), before, now=calls.now())
    if progress.is_counted:
        calls.say(emf_line(progress, watched))
    events = [task_event(progress)] if progress.status != progress.before.status else []
    calls.publish(watched.event_bus, [*events, *(device_event(progress, change) for change in progress.changes)])
    if progress.remembered != before and not (before is None and progress.is_untouched):
        calls.remember(watched.key, progress.remembered)
    if progress.is_settled:
        # Nothing happens to a task that is done: its next poll would be the first that tells nothing.
        calls.stop_polling(watched.rule, f"FUOTA task {watched.task_id} is done and nothing changed any more")


def _gone(watched: Watched, before: Any, calls: MonitorCalls) -> None:
    if before is None:
        # Never seen: an id that is wrong, or one the service does not find yet. The next poll may.
        calls.say_plainly(f"FUOTA task {watched.task_id} does not exist")
        return
    calls.publish(watched.event_bus, [deleted_event(watched.task_id, before, now=calls.now())])
    calls.stop_polling(watched.rule, f"FUOTA task {watched.task_id} was deleted")
    calls.forget(watched.key)
