"""A sequence: deployments, rollbacks and deletions of one stack, one after the other, until it is gone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fuota_constructs.local.iotwireless.store import FuotaTask
from simulation import template as templates
from simulation.checks import STABLE, check
from simulation.operators import Operator

if TYPE_CHECKING:
    from simulation.template import Template
    from simulation.world import World

TEARDOWN_ATTEMPTS = 6
DENIABLE = (
    "CreateFuotaTask",
    "UpdateFuotaTask",
    "AssociateMulticastGroupWithFuotaTask",
    "ListFuotaTasks",
    "ListTagsForResource",
    "TagResource",
)


ALLOWED = (
    "GetFuotaTask",
    "ListMulticastGroupsByFuotaTask",
    "GetObject",
    "PutObject",
    "DescribeStacks",
    "DescribeStackResource",
)


class Sequence:
    """The life of one stack."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.stack = world.cloudformation
        self.operator = Operator(world)

    def live(self) -> None:
        """Live it."""
        chance = self.world.chance
        self._make_foreign_tasks()
        template = templates.first(chance)
        self._publish(template)
        for _ in range(chance.randint(3, 12)):
            self._meddle()
            template = self._operate(template)
            self._pause()
        self._tear_down()

    def _operate(self, template: Template) -> Template:
        chance, stack = self.world.chance, self.stack
        match stack.status:
            case "NONE" | "ROLLBACK_COMPLETE":
                self._open_iam_windows(template, None)
                no_rollback = chance.random() < 0.1
                stack.create(template, self._fails_after(), rollback=not no_rollback)
                self._count("create")
                if stack.status == "CREATE_COMPLETE":
                    self.world.stable = template
            case "CREATE_FAILED" | "UPDATE_FAILED":
                if stack.status == "UPDATE_FAILED" and chance.random() < 0.3:
                    stack.continue_rollback()
                    self._count("rollback-stack")
                elif chance.random() < 0.2:
                    self._delete()
                else:
                    template = template if chance.random() < 0.5 else self._next(template)
                    self._update(template, rollback=False)
                    if stack.status == "UPDATE_FAILED":
                        self._delete()  # what two failed attempts are rolled back to is beside the point here
            case "UPDATE_ROLLBACK_FAILED":
                stack.continue_rollback()
                self._count("continue-update-rollback")
            case "ROLLBACK_FAILED" | "DELETE_FAILED":
                self._delete()
            case _:
                if chance.random() < 0.15:
                    self._delete()
                else:
                    assert self.world.stable is not None
                    template = self._next(self.world.stable)
                    self._update(template, rollback=chance.random() > 0.1)
        return template

    def _update(self, template: Template, *, rollback: bool) -> None:
        self._open_iam_windows(template, self.world.stable)
        self.stack.update(template, self._fails_after(), rollback=rollback)
        self._count("update")
        if self.stack.status == "UPDATE_COMPLETE":
            self.world.stable = template

    def _delete(self) -> None:
        self.stack.delete()
        self._count("delete")
        if self.stack.status == "NONE":
            self.world.stable = None

    def _next(self, template: Template) -> Template:
        following = templates.changed(template, self.world.chance)
        self._publish(following)
        return following

    def _publish(self, template: Template) -> None:
        for resource in template.resources:
            self.world.network.objects.image(resource.image)

    def _fails_after(self) -> float | None:
        chance = self.world.chance
        if not self.world.weather.happens(chance, "cancels"):
            return None
        return chance.choice([chance.uniform(0.3, 4), chance.uniform(0.3, 40), chance.uniform(30, 150)])

    def _open_iam_windows(self, template: Template, before: Template | None) -> None:
        world, chance, network = self.world, self.world.chance, self.world.network
        roles = {each.role for each in template.resources}
        old = {each.role for each in before.resources} if before else set()
        for role in roles - old:
            if world.weather.happens(chance, "iam_windows"):
                network.denied_until[templates.role_arn(role)] = world.time.now + chance.uniform(2, 60)
        if before is None and world.weather.happens(chance, "iam_windows"):
            until = world.time.now + chance.uniform(2, 40)
            names = (*ALLOWED, *DENIABLE)
            network.denied_until.update(dict.fromkeys(names, until))
        network.denied_for_good.clear()
        if chance.random() < 0.01 * world.weather.storm:
            network.denied_for_good.add(chance.choice(DENIABLE))

    def _meddle(self) -> None:
        world, chance = self.world, self.world.chance
        if world.weather.happens(chance, "operators"):
            self.operator.act(during=False)
        if world.weather.happens(chance, "operators") and chance.random() < 0.5:
            after = chance.choice([chance.uniform(0, 5), chance.uniform(0, 120)])
            world.time.spawn(lambda: self.operator.act(during=True), after=after, group="operator")

    def _pause(self) -> None:
        chance = self.world.chance
        self.world.time.sleep(
            chance.choice([1, 20, 60, 130, 700, 3600, 5 * 3600, 40 * 3600]) * chance.uniform(0.5, 1.5)
        )
        if self._is_quiet():
            check(self.world)

    def _is_quiet(self) -> bool:
        return self.world.function.pending == 0

    def _tear_down(self) -> None:
        world = self.world
        world.weather = replace(world.weather, storm=0, cancels=0, duplicates=0, lag=0, iam_windows=0, slow_deletes=0)
        world.network.denied_for_good.clear()
        for _ in range(TEARDOWN_ATTEMPTS):
            if self.stack.status == "UPDATE_ROLLBACK_FAILED":
                self.stack.continue_rollback()
            if self.stack.status not in {"NONE", "ROLLBACK_COMPLETE"}:
                self._delete()
            world.time.sleep(20 * 3600)
        if self.stack.status not in {"NONE", "ROLLBACK_COMPLETE"}:
            holders = {each for name in self.stack.groups.ids for each in self.stack.groups.holders(name)}
            kept = holders & self.stack.retained
            events = {each: world.made_by[each].event for each in holders if each in world.made_by}
            unseen = {
                each for each, event in events.items() if (event["StackId"], event["LogicalResourceId"]) in world.unseen
            }
            if unseen:
                world.violation("not found, as tags were denied", f"groups held by {sorted(unseen)}")
            elif twice := holders & world.same_second:
                world.violation("made twice in one second", f"groups held by {sorted(twice)}")
            elif not kept:
                world.violation("stack cannot be deleted", f"{self.stack.status}, groups held by {sorted(holders)}")
        check(world)

    def _count(self, operation: str) -> None:
        self.world.weather.counts[f"operation {operation}: {self.stack.status}"] += 1
        self.world.note(f"-- {operation}: {self.stack.status}")
        if self.stack.status in STABLE and self._is_quiet() and self.world.chance.random() < 0.3:
            check(self.world)

    def _make_foreign_tasks(self) -> None:
        world = self.world
        state = world.network.state
        owner = {
            "fuota-constructs:logical-id": "Task",
            "fuota-constructs:stack-id": "arn:aws:cloudformation:x:1:stack/O/1",
        }
        for tags in ({}, owner):
            listed = [{"Key": key, "Value": value} for key, value in tags.items()]
            request = {"FirmwareUpdateImage": "s3://b/c", "FirmwareUpdateRole": "r", "Tags": listed}
            task = state.add(FuotaTask, world.time.now, request)
            world.foreign[task.id] = len(tags)
