"""Rules about a monitor of a task, and about the function that all monitors of a stack share."""

from __future__ import annotations

from fuota_constructs.rules.image_rules import ROLE_POLICY_CHARACTERS
from fuota_constructs.rules.rule import Place, Remarks, Rule, TaskPlan, error


def _monitor_region(plan: TaskPlan) -> Remarks:
    monitor = plan.monitor
    if monitor and (apart := Place(region=monitor.task.region).apart_from(monitor.place)):
        there, here = apart
        yield error(f"the task is in {there} and this stack in {here}; watch it from a stack in {there}")


def _monitor_account(plan: TaskPlan) -> Remarks:
    monitor = plan.monitor
    if monitor and (apart := Place(account=monitor.task.account).apart_from(monitor.place)):
        there, here = apart
        yield error(
            f"the task is in {there} and this stack in {here}; the service tells about tasks only in their own"
            f" account: watch it from a stack of {there}"
        )


def _monitor_policy_size(plan: TaskPlan) -> Remarks:
    size = plan.monitor.policy_characters if plan.monitor else None
    if size is not None and size > ROLE_POLICY_CHARACTERS:
        yield error(
            f"the inline policy of the function that all monitors of this stack share comes to about {size} characters;"
            f" IAM allows {ROLE_POLICY_CHARACTERS}: move some of the monitors to another stack"
        )


_SCOPE = "AWS IoT Wireless API, GetFuotaTask"

MONITOR_RULES = (
    Rule(
        id="monitor-region",
        levels=("error",),
        what="a `FuotaMonitor` watches a task that is known to be in another AWS Region",
        why="its function asks the service of its own Region, which does not know the task",
        remedy="a monitor in a stack of the task's Region",
        source=_SCOPE,
        check=_monitor_region,
    ),
    Rule(
        id="monitor-account",
        levels=("error",),
        what="a `FuotaMonitor` watches a task that is known to be of another account",
        why="its function asks the service as its own account, which does not know the task",
        remedy="a monitor in a stack of the task's account",
        source=_SCOPE,
        check=_monitor_account,
    ),
    Rule(
        id="monitor-policy-size",
        levels=("error",),
        what="the monitors of one stack make its function's inline policy longer than 10,240 characters",
        why="each monitor adds the ARNs of its task and its rule, and IAM limits their sum",
        remedy="some of the monitors in another stack",
        source="IAM User Guide, IAM and AWS STS quotas",
        check=_monitor_policy_size,
    ),
)
