"""Rules about a scheduled start of the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.rules.radio_session import session_plan
from fuota_constructs.rules.rule import Rule, error, warning

if TYPE_CHECKING:
    from fuota_constructs.rules.rule import Remarks, TaskPlan

SERVICE_LEAD_SECONDS = 30 * 60
"""The service starts no session sooner than this after StartFuotaTask (AWS IoT Wireless Developer Guide)."""

CALL_LEAD_SECONDS = 40 * 60
"""How long before the session the schedule calls StartFuotaTask: what the service wants, and ten minutes to retry."""

DEPLOY_SECONDS = 5 * 60
"""Assumed: how long after the synth a schedule exists."""

LEAST_SECONDS = CALL_LEAD_SECONDS + DEPLOY_SECONDS


def _start_time_past(plan: TaskPlan) -> Remarks:
    if plan.start and plan.start.seconds_from_now <= 0:
        yield warning(
            f"the session shall start at {plan.start.at}, which is past: a schedule that is deployed stays as it is,"
            f" one that is not will start nothing; choose a time at least {LEAST_SECONDS // 60} minutes ahead, or"
            " remove schedule_start when the session has been"
        )


def _start_time_lead(plan: TaskPlan) -> Remarks:
    if plan.start and 0 < plan.start.seconds_from_now < LEAST_SECONDS:
        yield warning(
            f"the session shall start at {plan.start.at}, in {plan.start.seconds_from_now / 60:.0f} minutes; it takes"
            f" {LEAST_SECONDS // 60}: {SERVICE_LEAD_SECONDS // 60} that the service wants, 10 to call it again, and"
            f" {DEPLOY_SECONDS // 60} to deploy: a schedule that is not deployed yet may come too late to start it;"
            " choose a later time"
        )


def _start_without_target(plan: TaskPlan) -> Remarks:
    if plan.start and plan.start.of_own_task and not plan.multicast_groups and not plan.wireless_devices:
        yield warning(
            f"the session shall start at {plan.start.at} and the task has no target: it would update nobody; attach one"
            " with multicast_groups, wireless_devices, add_multicast_group() or add_wireless_device(), or acknowledge"
            " this if that is done outside of the app before"
        )


def _schedule_region(plan: TaskPlan) -> Remarks:
    if plan.start and (apart := plan.start.task.apart_from(plan.start.place)):
        there, here = apart
        yield error(
            f"the task is in {there} and the schedule that starts it in {here}; a schedule calls the service of its own"
            f" account and Region: import the task in a stack in {there} and schedule its start there"
        )


def _start_window(plan: TaskPlan) -> Remarks:
    if not plan.start or plan.start.window_seconds is None:
        return
    session = session_plan(plan)
    if session and session.duration_seconds > plan.start.window_seconds:
        yield error(
            f"the session takes {session.duration_seconds / 60:.0f} minutes"
            f" ({session.data_fragments + session.coded_fragments} fragments, one every {session.interval_seconds} s)"
            f" and the window is {plan.start.window_seconds / 60:.0f} minutes: choose a longer window, larger"
            " fragments, a shorter interval or less redundancy"
        )


_GUIDE = "AWS IoT Wireless Developer Guide, start a FUOTA task"

START_RULES = (
    Rule(
        id="start-time-past",
        levels=("warning",),
        what="`schedule_start` names a time that is past",
        why="a new schedule never fires, and the session never starts; one that is deployed stays as it is (what"
        " EventBridge Scheduler says to a new or changed one with a past time is not documented)",
        remedy="a time ahead, or no `schedule_start` once the session has been",
        source="EventBridge Scheduler User Guide, one-time schedules",
        check=_start_time_past,
    ),
    Rule(
        id="start-time-lead",
        levels=("warning",),
        what=f"`schedule_start` names a time less than {LEAST_SECONDS // 60} minutes ahead",
        why="the service starts a session 30 minutes after the call at the earliest; 10 minutes are for calling it"
        " again, 5 for the deployment (assumed)",
        remedy="a later time",
        source=_GUIDE,
        check=_start_time_lead,
    ),
    Rule(
        id="start-without-target",
        levels=("warning",),
        what="`schedule_start` is called on a task that has neither multicast groups nor devices",
        why="after the start none can be attached, and the session ends in FuotaDone with nobody updated",
        remedy="a group or devices",
        source=_GUIDE,
        check=_start_without_target,
    ),
    Rule(
        id="schedule-region",
        levels=("error",),
        what="`schedule_start` is called on an imported task that is known to be of another account or AWS Region",
        why="EventBridge Scheduler calls the service of its own account and Region, which does not know the task",
        remedy="a stack in the task's account and Region",
        source="EventBridge Scheduler User Guide, universal targets",
        check=_schedule_region,
    ),
    Rule(
        id="start-window",
        levels=("error",),
        what="the planned session is longer than the `window` of `schedule_start`",
        why="it would still send when the window is over, and no API stops a session",
        remedy="a longer window, larger fragments, a shorter interval, less redundancy",
        source="the session plan; AWS IoT Wireless API (there is no StopFuotaTask)",
        check=_start_window,
    ),
)
