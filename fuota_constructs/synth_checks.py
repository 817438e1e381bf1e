"""The one place where rules meet the CDK: tokens become `UNKNOWN`, findings become synthesis errors and warnings."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Protocol, cast

import aws_cdk as cdk
import constructs
import jsii

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.rules import (
    CALL_LEAD_SECONDS,
    MOST_RETRIES,
    SERVICE_LEAD_SECONDS,
    UNKNOWN,
    DeviceStack,
    EarlierStart,
    GroupPlan,
    MembersPlan,
    MonitorPlan,
    Place,
    RolloutPlan,
    StartPlan,
    TaskPlan,
    WavePlan,
    devices_that_prove,
    encoded_fragments,
    findings_in,
    session_plan,
)
from fuota_constructs.rules.radio_session import missed
from fuota_constructs.rules.text_rules import said_of_secret, unwritable
from fuota_constructs.template.dynamic_references import secret_in
from fuota_constructs.template.late_warnings import warn
from fuota_constructs.template.references import referred
from fuota_constructs.template.service_arns import parts_of
from fuota_constructs.template.tokens import is_known, is_stand_in, known_text, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from aws_cdk.interfaces import IEnvironmentAware
    from aws_cdk.interfaces.aws_iotwireless import IMulticastGroupRef

    from fuota_constructs.firmware.delta.delta_image import DeltaImage
    from fuota_constructs.firmware.formats.image_facts import ImageFacts
    from fuota_constructs.firmware.image_demands import ImageDemands
    from fuota_constructs.rules import Finding

__all__ = [
    "CALL_LEAD_SECONDS",
    "MOST_RETRIES",
    "SERVICE_LEAD_SECONDS",
    "DeviceStack",
    "EarlierStart",
    "GroupPlan",
    "Judge",
    "MembersPlan",
    "MonitorPlan",
    "Place",
    "RolloutPlan",
    "StartPlan",
    "SynthChecks",
    "TaskPlan",
    "WavePlan",
    "device_stack_of",
    "devices_that_prove",
    "encoded_fragments",
    "expect_own_place",
    "findings_in",
    "group_plan",
    "known",
    "known_text",
    "place_of",
    "place_of_stack",
    "plan_of",
    "planned_loss",
    "rollout_plan",
    "said_of_secret",
    "session_plan",
    "tagged",
    "unwritable",
]


def device_stack_of(value: DeviceStack | str | None, at: constructs.IConstruct) -> DeviceStack | None:
    """The stack of devices as it was given: by `DeviceStack.of`, or by its name; None also while it is looked up."""
    if value is None or isinstance(value, DeviceStack):
        return value
    if isinstance(value, str) and is_stand_in(value):
        return None
    try:
        if isinstance(value, str) and is_known(value):
            return DeviceStack.parse(value)
    except ValueError as error:
        raise FuotaValidationError("device-stack", str(error), construct_path=at.node.path) from None
    raise FuotaValidationError(
        "device-stack",
        f"device_stack is {shown(value)}; give DeviceStack.of('loramac-node') or the name alone, known at synth",
        construct_path=at.node.path,
    )


def known(value: object) -> object:
    """A value as the rules see it: `UNKNOWN` for one that is known only at deployment, itself otherwise."""
    return value if is_known(value) else UNKNOWN


def plan_of(
    given: Mapping[str, object],
    *,
    rf_region: str,
    image_bytes: object,
    image_facts: ImageFacts | None,
    image_delta: DeltaImage | None,
    image_demands: ImageDemands | None,
    planned_loss_percent: object,
    device_stack: DeviceStack | None,
    place: Place,
    role_account: str | None,
) -> TaskPlan:
    """A task as the rules see it, from the properties it was given, under their names in the API."""
    return TaskPlan(
        name=known(given["Name"]),
        description=known(given["Description"]),
        secrets=_secrets_in({"fuota_task_name": given["Name"], "description": given["Description"]}),
        rf_region=known_text(rf_region),
        redundancy_percent=known(given["RedundancyPercent"]),
        fragment_size_bytes=known(given["FragmentSizeBytes"]),
        fragment_interval_ms=known(given["FragmentIntervalMS"]),
        descriptor=known(given["Descriptor"]),
        image_bytes=known(image_bytes),
        image_facts=image_facts,
        image_delta=image_delta,
        image_demands=image_demands,
        planned_loss_percent=known(planned_loss_percent),
        device_stack=device_stack,
        aws_account=place.account,
        aws_region=place.region,
        role_account=role_account,
    )


def tagged(plan: TaskPlan, tags: Mapping[str, str]) -> TaskPlan:
    """The same with the tags, of which it is said, too, where one has a secret for a value."""
    secrets = _secrets_in({f"the value of tag {shown(key)}": value for key, value in tags.items()})
    return plan._replace(tags={key: known(value) for key, value in tags.items()}, secrets={**plan.secrets, **secrets})


def _secrets_in(given: Mapping[str, object]) -> dict[str, str]:
    return {name: service for name, value in given.items() if (service := secret_in(value))}


def rollout_plan(plan: TaskPlan, rollout: RolloutPlan, *, dl_class: str) -> TaskPlan:
    """A rollout as the rules see it: every session of it is that of one multicast group, which it makes itself."""
    group = GroupPlan("", rf_region=plan.rf_region, dl_class=dl_class)
    return plan._replace(multicast_groups=(group,), rollout=rollout)


def planned_loss(plan: TaskPlan) -> float:
    """The share of fragments that a device is planned to miss: what it loses, and what is not sent to it (assumed)."""
    return missed(plan)


def place_of(thing: IEnvironmentAware | None, arn: str | None = None) -> Place:
    """The account and Region of a construct, where they are known: of its ARN, else of its environment.

    Not every import of the CDK takes its environment from the ARN, and one with a token in it, such as that of
    `Stack.format_arn`, it takes for unknown in all its parts.
    """
    if arn and is_stand_in(arn):
        return Place()
    environment, parts = getattr(thing, "env", None), parts_of(arn or "")
    return Place(
        account=parts[4] or known_text(getattr(environment, "account", None)),
        region=parts[3] or known_text(getattr(environment, "region", None)),
    )


def place_of_stack(scope: constructs.IConstruct) -> Place:
    """The account and Region of the stack that a construct is in."""
    stack = scope if isinstance(scope, cdk.Stack) else cdk.Stack.of(scope)
    account, region = stack.environment.removeprefix("aws://").split("/")  # one round trip to the CDK for both
    return Place(*(None if text.startswith("unknown-") else text for text in (account, region)))


def expect_own_place(values: Iterable[object], at: constructs.IConstruct, *, rule: str, reference: str) -> None:
    """Refuse resources that are known to be of another account or Region, where the service would not look for them.

    `reference`: what the CDK refers to one by, such as `wireless_device_ref`; what has none is passed over.
    """
    for value in values:
        if (found := referred(value, reference)) is None:
            continue
        arn = getattr(found, f"{reference.removesuffix('_ref')}_arn")
        if apart := place_of(cast("IEnvironmentAware", value), arn).apart_from(place_of_stack(at)):
            there, here = apart
            raise FuotaValidationError(
                rule,
                f"{shown(value)} is in {there} and this stack in {here}, where the service looks for it; give one of"
                f" {here}, or make this where it is",
                construct_path=at.node.path,
            )


def group_plan(group: IMulticastGroupRef, *, arn: str, beside: str | None, here: Place) -> Callable[[], GroupPlan]:
    """What is known about a multicast group: of ours everything, of an L1 what its properties say, else nothing.

    `beside` is the region of the task and `here` its place; a group of the same needs no name, and of one beside a
    task whose place is not known only the ARN is asked: the rest would be round trips. It is asked when the answer is
    called for: an L1 each time, because its properties may change until the app is synthesised.
    """
    plan = functools.partial(_plan_of_group, group, arn=arn, beside=beside, here=here)
    return plan if isinstance(group, cdk.CfnResource) else functools.cache(plan)


def _plan_of_group(group: IMulticastGroupRef, *, arn: str, beside: str | None, here: Place) -> GroupPlan:
    facts = getattr(group, "lo_ra_wan", None)
    rf_region = _fact(group, "rf_region") or _fact(facts, "rf_region")
    dl_class = _fact(group, "dl_class") or _fact(facts, "dl_class")
    data_rate, frequency, interval = (
        known(getattr(group, name, None))
        for name in ("downlink_data_rate", "downlink_frequency_hz", "transmission_interval_ms")
    )
    gateways = tuple(getattr(group, "participating_gateways", ()))
    place = place_of(group if any(here) else None, arn)
    named = (rf_region and rf_region != beside) or place.apart_from(here) or (any(place) and not any(here))
    return GroupPlan(
        label=group.node.path if named else "",
        rf_region=rf_region,
        dl_class=dl_class,
        data_rate=data_rate if isinstance(data_rate, int) else None,
        frequency_hz=frequency if isinstance(frequency, int) else None,
        gateways=len(gateways) or 1,
        gateway_spacing_seconds=interval / 1000 if isinstance(interval, int | float) else 0.0,
        place=place,
        device_stack=getattr(group, "device_stack", None),
        gateway_ids=gateways,
    )


def _fact(holder: object, name: str) -> str | None:
    value = getattr(holder, name, None)
    return known_text(getattr(value, "value", value))


class CheckedTask(Protocol):
    """What the checks need of a task."""

    @property
    def node(self) -> constructs.Node:
        """Its place in the construct tree."""
        ...

    @property
    def findings(self) -> Sequence[Finding]:
        """What the rules find in it, as it is now."""
        ...


class Judge:
    """Asks the rules about one task, again only where something about it has changed: most stay as they were made."""

    def __init__(self) -> None:
        """Nothing is asked yet."""
        self._last: tuple[TaskPlan, tuple[Finding, ...]] | None = None

    def findings_in(self, plan: TaskPlan) -> tuple[Finding, ...]:
        """What the rules find in the task as it is now."""
        if self._last is None or self._last[0] != plan:
            self._last = plan, findings_in(plan)
        return self._last[1]


@jsii.implements(constructs.IValidation)
class SynthChecks:
    """Reports the findings of tasks when the app is synthesised: late enough for their last tag and target.

    Errors of all tasks come out together, because `node.add_validation` collects them; warnings become annotations of
    the task, under the plain id of the rule: `Annotations.of(x).acknowledge_warning(id)` works for the task and for
    whatever it is in.
    """

    def __init__(self, construct: constructs.IConstruct, before: Callable[[], None] | None = None) -> None:
        """Report under the path of this construct; `tasks` is what to report about, `before` what to call first."""
        self._construct = construct
        self._before = before
        self.tasks: dict[CheckedTask, None] = {}
        construct.node.add_validation(cast("constructs.IValidation", self))

    def validate(self) -> list[str]:
        """Called by the CDK when references between stacks are settled: one text for each error."""
        if self._before:
            self._before()
        return [text for task in self.tasks for text in self._errors(task)]

    def _errors(self, task: CheckedTask) -> Iterator[str]:
        own = cast("object", task) is self._construct
        findings = task.findings
        failed = any(finding.level == "error" for finding in findings)
        for finding in findings:
            more = f"(fuota explain {finding.rule})"
            text = f"{finding} {more}"
            if finding.level == "warning":
                if not warn(cast("constructs.IConstruct", task), finding.rule, f"{finding.message} {more}"):
                    continue
                text += " (a warning)"
            # A failed synth prints no annotations: with an error, the warnings are said here too, not a run later.
            if failed:
                yield text if own else f"{task.node.path}: {text}"
