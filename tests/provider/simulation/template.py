"""The templates that a sequence deploys, one after the other."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from simulation.object_store import ASSETS, FIRMWARE

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:Fleet-FuotaConstructsProviderFunction-1A2B3C"
OPTIONAL = ("Name", "RedundancyPercent", "FragmentSizeBytes", "FragmentIntervalMS", "Descriptor")
VALUES: dict[str, list[str]] = {
    "Name": ["007", "8", "nine"],
    "RedundancyPercent": ["20", "30", "50"],
    "FragmentSizeBytes": ["48", "112"],
    "FragmentIntervalMS": ["3000", "1500", "7000"],
    "Descriptor": ["AQIDBA==", "BQYHCA=="],
}


@dataclass(frozen=True)
class Resource:
    """A custom resource of a template."""

    name: str
    type: str
    given: tuple[tuple[str, str], ...] = ()
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    role: int = 0
    image: int = 0
    retain: bool = False
    made: bool = True  # False: on record as one whose Create failed

    def properties(self, group_ids: Mapping[str, str]) -> dict[str, Any]:
        """The properties as CloudFormation sends them, references resolved."""
        always = {"ServiceToken": FUNCTION, "ServiceTimeout": "330"}
        content = f"firmware {self.image}".encode() * 100
        sha256 = hashlib.sha256(content).hexdigest()
        key = f"firmware/{sha256[:16]}/meter.bin"
        if self.type == "Custom::FirmwareObject":
            return {
                **always,
                "SourceBucket": ASSETS,
                "SourceKey": f"{self.image}.bin",
                "DestinationBucket": FIRMWARE,
                "DestinationKey": key,
                "Sha256": sha256,
                "SizeBytes": str(len(content)),
            }
        return {
            **always,
            **dict(self.given),
            "FirmwareObject": f"s3://{FIRMWARE}/{key}",
            "FirmwareUpdateImage": f"s3://{FIRMWARE}/{key}",
            "FirmwareUpdateRole": role_arn(self.role),
            # Deployments go up, so only a rollback may bring a lower one, and none may be refused.
            "FirmwareVersion": f"1.{self.image}.0",
            "FirmwareFormat": "mcuboot",
            "FirmwareDigest": sha256,
            "LoRaWAN": {"RfRegion": "EU868"},
            "MulticastGroupIds": [group_ids[name] for name in self.groups],
            "Tags": [{"key": tag, "value": "1"} for tag in self.tags],
        }


@dataclass(frozen=True)
class Template:
    """What a stack is to have: its groups and its custom resources."""

    groups: tuple[str, ...]
    resources: tuple[Resource, ...]


def role_arn(number: int) -> str:
    """The firmware update role of a revision."""
    return f"arn:aws:iam::123456789012:role/Fleet-FirmwareUpdateRole-{number}"


def first(chance: random.Random) -> Template:
    """A template to begin with."""
    task = Resource("Task", "Custom::FuotaTask", _given(chance), groups=("A",), tags=("team",))
    if chance.random() < 0.05:
        task = replace(task, retain=True)
    resources = [Resource("Image", "Custom::FirmwareObject"), task]
    if chance.random() < 0.2:
        resources.append(replace(task, name="Second", groups=("B",)))
    return Template(("A", "B"), tuple(resources))


def changed(before: Template, chance: random.Random) -> Template:
    """The next template."""
    image = next(each.image for each in before.resources if each.type == "Custom::FirmwareObject")
    if chance.random() < 0.4:
        image += 1
    groups = {"A", "B", *(["C"] if chance.random() < 0.3 else [])}
    resources = [Resource("Image", "Custom::FirmwareObject", image=image)]
    for task in before.resources:
        if task.type == "Custom::FuotaTask" and not (task.name == "Second" and chance.random() < 0.3):
            resources.append(replace(_changed_task(task, groups, chance), image=image, made=True))  # noqa: PERF401  # one draw of chance after another
    if not any(each.name == "Second" for each in resources) and chance.random() < 0.15:
        resources.append(replace(resources[1], name="Second", groups=("B",), given=_given(chance)))
    return Template(tuple(sorted(groups)), tuple(resources))


def _changed_task(task: Resource, groups: set[str], chance: random.Random) -> Resource:
    given = dict(task.given)
    for name in OPTIONAL:
        point = chance.random()
        if point < 0.08:
            given.pop(name, None)
        elif point < 0.25:
            given[name] = chance.choice(VALUES[name])
    wanted = tuple(name for name in task.groups if name in groups)
    if chance.random() < 0.25:
        wanted = tuple(sorted(chance.sample(sorted(groups), chance.randint(1, len(groups)))))
    return replace(
        task,
        given=tuple(sorted(given.items())),
        groups=wanted or ("A",),
        tags=("team", chance.choice(["spring", "summer"])) if chance.random() < 0.3 else task.tags,
        role=task.role + (chance.random() < 0.2),
    )


def _given(chance: random.Random) -> tuple[tuple[str, str], ...]:
    return tuple((name, chance.choice(VALUES[name])) for name in sorted(OPTIONAL) if chance.random() < 0.7)
