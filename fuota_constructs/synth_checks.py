"""The one place where rules meet the CDK: tokens become `UNKNOWN`, findings become synthesis errors and warnings."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import aws_cdk as cdk
import constructs
import jsii

from fuota_constructs.rules import UNKNOWN, Finding, GroupPlan, TaskPlan, encoded_fragments, findings_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from aws_cdk.interfaces.aws_iotwireless import IMulticastGroupRef

__all__ = ["Finding", "SynthChecks", "TaskPlan", "encoded_fragments", "findings_of", "plan_of"]


def known(value: object) -> object:
    """A value as the rules see it: `UNKNOWN` for a token, itself otherwise.

    A number token is a float of about -1.9e289 and a text token contains `${Token[`, so only such values are worth
    the round trip to ask the CDK.
    """
    may_be_token = (
        "${" in value if isinstance(value, str) else isinstance(value, float) or hasattr(value, "__jsii_ref__")
    )
    return UNKNOWN if may_be_token and cdk.Token.is_unresolved(value) else value


def known_text(value: object) -> str | None:
    """A text that is known now, else None."""
    plain = known(value)
    return plain if isinstance(plain, str) else None


def plan_of(
    given: Mapping[str, object],
    *,
    rf_region: str,
    image_bytes: object,
    aws_region: str,
    image_bucket_region: str,
) -> TaskPlan:
    """A task as the rules see it, from the properties it was given, under their names in the API."""
    return TaskPlan(
        name=known(given["Name"]),
        description=known(given["Description"]),
        rf_region=known_text(rf_region),
        redundancy_percent=known(given["RedundancyPercent"]),
        fragment_size_bytes=known(given["FragmentSizeBytes"]),
        fragment_interval_ms=known(given["FragmentIntervalMS"]),
        descriptor=known(given["Descriptor"]),
        image_bytes=known(image_bytes),
        aws_region=known_text(aws_region),
        image_bucket_region=known_text(image_bucket_region),
    )


def group_plan(group: IMulticastGroupRef) -> GroupPlan:
    """What is known about a multicast group: of ours everything, of an L1 what its properties say, else nothing."""
    facts = getattr(group, "lo_ra_wan", None)
    return GroupPlan(
        label=group.node.path,
        rf_region=_fact(group, "rf_region") or _fact(facts, "rf_region"),
        dl_class=_fact(group, "dl_class") or _fact(facts, "dl_class"),
    )


def _fact(holder: object, name: str) -> str | None:
    value = getattr(holder, name, None)
    return known_text(getattr(value, "value", value))


def findings_of(
    plan: TaskPlan,
    *,
    multicast_groups: Iterable[IMulticastGroupRef],
    wireless_devices: Sequence[str],
    tags: Mapping[str, str],
    role_policy_characters: int,
) -> tuple[Finding, ...]:
    """What the rules find in a task, given what may have changed since it was made."""
    return findings_in(
        dataclasses.replace(
            plan,
            multicast_groups=tuple(group_plan(group) for group in multicast_groups),
            wireless_devices=tuple(wireless_devices),
            tags={key: known(value) for key, value in tags.items()},
            role_policy_characters=role_policy_characters,
        )
    )


@jsii.implements(constructs.IValidation)
class SynthChecks:
    """Runs the rules on a task when the app is synthesised: late enough for its last tag and target.

    Errors of all tasks come out together, because `node.add_validation` collects them; warnings become annotations of
    the task, under the plain id of the rule, so that `Annotations.of(task).acknowledge_warning(id)` works.
    """

    def __init__(self, task: constructs.Construct, findings: Callable[[], Sequence[Finding]]) -> None:
        """Check this task, by a function that is asked at synth."""
        self._task = task
        self._findings = findings

    def validate(self) -> list[str]:
        """Called by the CDK: one text for each error."""
        found = self._findings()
        for finding in found:
            if finding.level == "warning":
                cdk.Annotations.of(self._task).add_warning_v2(finding.rule, finding.message)
        return [str(finding) for finding in found if finding.level == "error"]
