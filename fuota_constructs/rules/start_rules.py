"""Rules about a scheduled start of the session."""

from __future__ import annotations

import math
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


def _start_overlap(plan: TaskPlan) -> Remarks:
    if not plan.start or plan.start.seconds_from_now <= 0:
        return  # what is past is not changed by a deployment
    for other in plan.start.earlier:
        free_after = (other.length_seconds or 0) + CALL_LEAD_SECONDS - other.seconds_before
        later = f"start it {math.ceil(free_after / 60)} minutes later"
        if other.seconds_before < max(1, other.length_seconds or 0):
            # The one before may have been sent by now, and as it was before this change of the app.
            say = error if other.is_certain and other.seconds_before < plan.start.seconds_from_now else warning
            until = f"at {other.at}"
            if other.length_seconds and other.is_certain:
                until += f", and is planned to end at {other.ends}"
            elif other.length_seconds:
                until += f", and may run until {other.ends} (assumed: its parameters do not say how long it takes)"
            yield say(
                f"the session shall start at {plan.start.at}, and that of {other.task} starts {until}: both are for"
                f" {other.shared}, and who is in one session takes no part in another"
                f" (Device_exist_in_conflict_fuota_task); {later}, or give the tasks groups and devices of their own"
            )
        elif other.length_seconds and free_after > 0:
            yield warning(
                f"the session shall start at {plan.start.at}, and StartFuotaTask is called"
                f" {CALL_LEAD_SECONDS // 60} minutes before, when that of {other.task} is planned to run until"
                f" {other.ends}; both are for {other.shared}, and whether they can be set up for a session while they"
                f" are in another is not documented: {later}"
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
    Rule(
        id="start-overlap",
        levels=("error", "warning"),
        what="two sessions of one app, both by `schedule_start`, are for the same multicast group or device, and the"
        " later one starts before the other is over (a warning once the other has begun, or where its parameters do"
        " not say how long it takes), or its StartFuotaTask is called before then (a warning)",
        why="a device in one session reports Device_exist_in_conflict_fuota_task in another, and a group has one"
        " session at a time; whether devices can be set up during a session is not documented, so"
        f" {CALL_LEAD_SECONDS // 60} minutes between them are assumed to be needed",
        remedy="a later time, or groups and devices of their own",
        source="AWS IoT Wireless API, FuotaDeviceStatus; the session plan, or `window` where there is none; devices"
        " that the app does not name are not seen",
        check=_start_overlap,
    ),
)
