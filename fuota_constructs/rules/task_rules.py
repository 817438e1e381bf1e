"""Rules about the task itself: its targets, names, tags, descriptor and AWS Region."""

from __future__ import annotations

import base64
import re

from fuota_constructs.lorawan.regions import region, regions
from fuota_constructs.rules.rule import UNKNOWN, Remarks, Rule, TaskPlan, error, given, show, text, warning
from fuota_constructs.rules.text_rules import unwritable

NAME_CHARACTERS = 256
DESCRIPTION_CHARACTERS = 2048
DESCRIPTOR_CHARACTERS = 332
DESCRIPTOR_BYTES = 4
TAGS = 190
TAG_KEY_CHARACTERS = 128
TAG_VALUE_CHARACTERS = 256
RESERVED_TAG_PREFIXES = ("aws:", "fuota-constructs:")
AWS_REGIONS = (
    "ap-northeast-1",
    "ap-southeast-2",
    "eu-central-1",
    "eu-west-1",
    "sa-east-1",
    "us-east-1",
    "us-west-2",
)

REQUESTS_PER_SECOND = 10
"""Source: AWS General Reference, AWS IoT Wireless quotas: 10 requests a second for each API."""

DEPLOYMENT_SECONDS = 260
"""What the provider's Lambda has of its 300 s for working; the rest is for clearing up and for its answer."""

MOST_TARGETS = REQUESTS_PER_SECOND * DEPLOYMENT_SECONDS

_RESERVED = " or ".join(f'"{prefix}"' for prefix in RESERVED_TAG_PREFIXES)
_BASE64 = "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"


def _targets_exclusive(plan: TaskPlan) -> Remarks:
    if plan.multicast_groups and plan.wireless_devices:
        yield error(
            f"the task has {len(plan.multicast_groups)} multicast group(s) and {len(plan.wireless_devices)} wireless"
            " device(s); choose one kind of target: put the devices into a group, or make a second task for them"
        )


def _target_count(plan: TaskPlan) -> Remarks:
    kinds = {"multicast groups": plan.multicast_groups, "wireless devices": plan.wireless_devices}
    for kind, targets in kinds.items():
        limits = (
            f"the task has {len(targets)} {kind}; each is one request, the service takes {REQUESTS_PER_SECOND} a second"
            f" and a deployment has {DEPLOYMENT_SECONDS} s for them, so at most {MOST_TARGETS} can be attached"
        )
        remedy = (
            "put the devices into multicast groups and attach those"
            if kind == "wireless devices"
            else "make larger groups, or several tasks"
        )
        if len(targets) > MOST_TARGETS:
            yield error(f"{limits}: {remedy}")
        elif len(targets) > MOST_TARGETS // 2:
            yield warning(f"{limits}, and a deployment that exchanges them all takes twice as many requests: {remedy}")


def _rf_region_mismatch(plan: TaskPlan) -> Remarks:
    for group in plan.groups_and_targets:
        if plan.rf_region and group.rf_region and group.rf_region != plan.rf_region:
            yield error(
                f"multicast group {show(group.label)} is of rf_region {show(group.rf_region)} and the {plan.noun} of"
                f" {show(plan.rf_region)}; make one {plan.noun} for each region",
            )


def _rf_region_unknown(plan: TaskPlan) -> Remarks:
    if plan.rf_region and region(plan.rf_region) is None:
        yield warning(
            f"rf_region is {show(plan.rf_region)}, of which this version knows nothing: payloads, airtime, duty cycle"
            " and length of the session are not checked, and the service may refuse it; choose one of"
            f" {', '.join(regions())}, or acknowledge this if AWS has it since"
        )


def _descriptor_format(plan: TaskPlan) -> Remarks:
    if not given(plan.descriptor):
        return
    descriptor = text(plan.descriptor)
    if descriptor is None or not re.fullmatch(_BASE64, descriptor):
        yield error(
            f"descriptor is {show(plan.descriptor)}, which is not base64; give the {DESCRIPTOR_BYTES} bytes themselves,"
            ' for example descriptor=b"\\x01\\x02\\x03\\x04", or their base64 text',
        )
    elif len(descriptor) > DESCRIPTOR_CHARACTERS:
        yield error(
            f"descriptor has {len(descriptor)} base64 characters; at most {DESCRIPTOR_CHARACTERS} are allowed,"
            f" and devices read {DESCRIPTOR_BYTES} bytes (8 characters)"
        )


def _descriptor_length(plan: TaskPlan) -> Remarks:
    descriptor = text(plan.descriptor)
    if descriptor is None or not re.fullmatch(_BASE64, descriptor) or len(descriptor) > DESCRIPTOR_CHARACTERS:
        return
    length = len(base64.b64decode(descriptor))
    if length != DESCRIPTOR_BYTES:
        yield warning(
            f"descriptor has {length} bytes; devices read exactly {DESCRIPTOR_BYTES} and may refuse the session:"
            f" give {DESCRIPTOR_BYTES} bytes",
        )


def _name_length(plan: TaskPlan) -> Remarks:
    name = text(plan.name)
    if given(plan.name) and (name is None or len(name) > NAME_CHARACTERS):
        length = f"{show(plan.name)}" if name is None else f"{len(name)} characters long"
        yield error(f"fuota_task_name is {length}; choose a text of at most {NAME_CHARACTERS} characters")


def _name_characters(plan: TaskPlan) -> Remarks:
    name = text(plan.name)
    if name is not None and not unwritable(name) and (wrong := sorted(set(re.sub(r"[A-Za-z0-9_-]", "", name)))):
        better = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")
        hint = f", for example {show(better)}" if better and len(better) <= NAME_CHARACTERS else ""
        yield warning(
            f"fuota_task_name is {show(name)} and has {show(''.join(wrong))}; the console takes letters, digits,"
            f" hyphens and underscores, and what the service does with others is not documented: choose those{hint}",
        )


def _description_length(plan: TaskPlan) -> Remarks:
    description = text(plan.description)
    if given(plan.description) and (description is None or len(description) > DESCRIPTION_CHARACTERS):
        length = show(plan.description) if description is None else f"{len(description)} characters long"
        yield error(f"description is {length}; choose a text of at most {DESCRIPTION_CHARACTERS} characters")


def _tag_limits(plan: TaskPlan) -> Remarks:
    if len(plan.tags) > TAGS:
        yield error(
            f"the task has {len(plan.tags)} tags; at most {TAGS} are allowed (of 200, ten are kept for ours):"
            " keep some away from it with Tags.of(task).remove(...)"
        )
    for key, value in plan.tags.items():
        if not 1 <= len(key) <= TAG_KEY_CHARACTERS:
            yield error(f"tag key {show(key)} has {len(key)} characters; choose 1 to {TAG_KEY_CHARACTERS}")
        if key.startswith(RESERVED_TAG_PREFIXES):
            yield error(
                f"tag key {show(key)} is reserved; choose one that does not begin with {_RESERVED}",
            )
        if value is not UNKNOWN and isinstance(value, str) and len(value) > TAG_VALUE_CHARACTERS:
            yield error(
                f"the value of tag {show(key)} has {len(value)} characters; choose at most {TAG_VALUE_CHARACTERS}",
            )


def _aws_region(plan: TaskPlan) -> Remarks:
    if plan.aws_region and plan.aws_region not in AWS_REGIONS:
        yield warning(
            f"the stack is in {show(plan.aws_region)}, where AWS IoT Core for LoRaWAN is not known to exist; choose one"
            f" of {', '.join(AWS_REGIONS)}, or acknowledge this if AWS has opened it there"
        )


_API = "AWS IoT Wireless API, CreateFuotaTask"
_GUIDE = "AWS IoT Wireless Developer Guide, create a FUOTA task"

TASK_RULES = (
    Rule(
        id="targets-exclusive",
        levels=("error",),
        what="the task has both devices and multicast groups",
        why="a task updates devices or groups, never both",
        remedy="one task for the groups, another for the devices",
        source=_GUIDE,
        check=_targets_exclusive,
    ),
    Rule(
        id="target-count",
        levels=("error", "warning"),
        what=f"the task has more than {MOST_TARGETS:,} devices or groups (error), or more than half of that (warning)",
        why=f"each is attached by one request, {REQUESTS_PER_SECOND} a second, and the deployment must be done with it"
        f" after {DEPLOYMENT_SECONDS} s: it would fail, and fail again",
        remedy="devices in multicast groups; larger groups or several tasks",
        source="AWS General Reference, AWS IoT Wireless endpoints and quotas; the provider's time",
        check=_target_count,
    ),
    Rule(
        id="rf-region-mismatch",
        levels=("error",),
        what="a multicast group is of another RfRegion than the task or rollout",
        why="the radio parameters of task, groups and devices must be of one region",
        remedy="one task for each region",
        source=_GUIDE,
        check=_rf_region_mismatch,
    ),
    Rule(
        id="rf-region-unknown",
        levels=("warning",),
        what="`rf_region` is none of the 13 that this version knows",
        why="no rule about the air can be asked, and the service refuses a name it does not know",
        remedy="a member of `RfRegion`",
        source="AWS IoT Wireless API, SupportedRfRegion",
        check=_rf_region_unknown,
    ),
    Rule(
        id="descriptor-format",
        levels=("error",),
        what="`descriptor` is not base64, or longer than 332 base64 characters",
        why="the service refuses it, at deployment",
        remedy="four bytes",
        source=f"{_API}: Descriptor",
        check=_descriptor_format,
    ),
    Rule(
        id="descriptor-length",
        levels=("warning",),
        what="`descriptor` is not four bytes",
        why="the setup message to the device has room for exactly four",
        remedy="four bytes",
        source=f"{_GUIDE}; TS004-1.0.0 (FragSessionSetupReq)",
        check=_descriptor_length,
    ),
    Rule(
        id="name-length",
        levels=("error",),
        what="`fuota_task_name` is longer than 256 characters",
        why="the service refuses it, at deployment",
        remedy="at most 256 characters",
        source=f"{_API}: Name",
        check=_name_length,
    ),
    Rule(
        id="name-characters",
        levels=("warning",),
        what="`fuota_task_name` has other characters than letters, digits, hyphen and underscore",
        why="the console's rule for task names; the API model has no pattern, what the service does is not documented",
        remedy="letters, digits, hyphens, underscores",
        source=_GUIDE,
        check=_name_characters,
    ),
    Rule(
        id="description-length",
        levels=("error",),
        what="`description` is longer than 2048 characters",
        why="the service refuses it, at deployment",
        remedy="at most 2048 characters",
        source=f"{_API}: Description",
        check=_description_length,
    ),
    Rule(
        id="tag-limits",
        levels=("error",),
        what="more than 190 tags, a key that is empty, longer than 128 characters or reserved, a value longer than 256",
        why="the service takes 200 tags, and ten are kept for those that say which deployments had to do with a task",
        remedy="fewer or shorter tags",
        source=f"{_API}: Tags; AWS General Reference, tag naming limits",
        check=_tag_limits,
    ),
    Rule(
        id="aws-region",
        levels=("warning",),
        what="the stack's AWS Region is known and AWS IoT Core for LoRaWAN is not known to be there",
        why="the deployment ends in a connection error",
        remedy=f"one of {', '.join(AWS_REGIONS)}",
        source="AWS General Reference, AWS IoT Wireless endpoints and quotas",
        check=_aws_region,
    ),
)
