"""Stand-ins for what an app imports: it refers to them by name, ARN or id, and they exist only in the real account.

Found in the synthesised templates, in what belongs to firmware updates: buckets with their images, roles, multicast
groups, wireless devices and FUOTA tasks. What they are like is made up, and said.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from fuota_constructs.local.cloud_assembly import stacks_of
from fuota_constructs.local.template_text import TemplateText

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from fuota_constructs.local.cloud import LocalCloud
    from fuota_constructs.local.cloud_assembly import AssemblyStack
    from fuota_constructs.local.deployment import Synthesised

IMAGE_BYTES: Final = 20_000
"""The size of an image whose real size the app does not say (`FirmwareImage.from_bucket(..., size_bytes=...)`)."""

IMAGE_METADATA: Final = "fuota-constructs:image-bytes"
ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::(\d{12}):role/(?:.*/)?([^/]+)")
_THING = re.compile(r"arn:[a-z-]+:iotwireless:([a-z0-9-]+):(\d{12}):(FuotaTask|MulticastGroup|WirelessDevice)/([\w-]+)")
_URI = re.compile(r"s3://([^/\0]+)/([^\0]+)")
_TRUST = {"Effect": "Allow", "Principal": {"Service": "iotwireless.amazonaws.com"}, "Action": "sts:AssumeRole"}
_TASK_TYPES = ("Custom::FuotaTask", "AWS::IoTWireless::FuotaTask")
_POLICY_TYPES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")


@dataclass
class StandIns:
    """What an app refers to and does not make, by where it belongs (account and Region)."""

    account: str | None = None
    region: str | None = None
    buckets: dict[str, tuple[str, str]] = field(default_factory=dict)
    images: dict[tuple[str, str], int | None] = field(default_factory=dict)
    roles: dict[tuple[str, str], str] = field(default_factory=dict)
    groups: dict[str, tuple[str, str, str | None]] = field(default_factory=dict)
    devices: dict[str, tuple[str, str]] = field(default_factory=dict)
    members: dict[str, tuple[str, str]] = field(default_factory=dict)
    tasks: dict[str, tuple[str, str]] = field(default_factory=dict)
    adopted: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class MadeUp:
    """An app whose imports are made up, the cloud as it is for it, what is said about them, and the ids of tasks."""

    app: Synthesised
    cloud: LocalCloud
    lines: tuple[str, ...]
    tasks: frozenset[str]


def make_up(app: Synthesised, cloud: LocalCloud) -> MadeUp:
    """Make what the app refers to and does not make, before it is deployed."""
    found = found_in(app.assembly, account=cloud.account, region=app.region or cloud.region)
    if found.account or found.region:
        region = app.region or found.region or cloud.region
        cloud = replace(cloud, account=found.account or cloud.account, region=region)
        app = replace(app, run=replace(app.run, cloud=cloud), region=region)
    return MadeUp(app, cloud, tuple(_make(found, cloud)), frozenset(found.tasks.keys() - found.adopted))


def make_members(app: Synthesised, cloud: LocalCloud) -> list[str]:
    """Make the devices that the app gives its groups: whatever makes those of a real account, it is no stack."""
    found = found_in(app.assembly, account=cloud.account, region=app.region or cloud.region)
    return list(_make_things(StandIns(devices=found.members), cloud, "which receives everything"))


def found_in(assembly: Path, *, account: str, region: str) -> StandIns:
    """What the stacks of an assembly refer to and none of them makes.

    An app that names no account or Region goes to those given. Where all that it refers to is in one other account (and
    Region), the app is for that one, and the answer names it.
    """
    stacks = [(stack, stack.template) for stack in stacks_of(assembly)]
    found = StandIns(*_own_place(stacks, account, region))
    place = (found.account or account, found.region or region)
    made = _names_made(stacks)
    for stack, template in stacks:
        _Search(stack, template, stack.place(*place), found).run()
    for name in made:
        found.buckets.pop(name, None)
    found.images = {image: size for image, size in found.images.items() if image[0] in found.buckets}
    found.roles = {role: arn for role, arn in found.roles.items() if role[1] not in made}
    return found


def _own_place(
    stacks: list[tuple[AssemblyStack, dict[str, Any]]], home: str, home_region: str
) -> tuple[str | None, str | None]:
    """The one account and Region that stacks without one refer to, if there is one."""
    accounts: set[str] = set()
    regions: set[str] = set()
    for stack, template in stacks:
        text = "\n".join(TemplateText(template, *stack.place("\0", "\0")).strings(template["Resources"]))
        things = _THING.findall(text)
        if "unknown-account" in stack.environment:
            accounts |= {account for _, account, _, _ in things}
            accounts |= {role[1] for arn in _firmware_roles(stack, template) if (role := ROLE_ARN.fullmatch(arn))}
        if "unknown-region" in stack.environment:
            regions |= {region for region, _, _, _ in things}
    others = accounts - {home}, regions - {home_region}
    account, region = (each.pop() if len(each) == 1 else None for each in others)
    return account, region


def _firmware_roles(stack: AssemblyStack, template: dict[str, Any]) -> Iterator[str]:
    text = TemplateText(template, *stack.place("\0", "\0"))
    for resource in template["Resources"].values():
        if resource["Type"] in _TASK_TYPES:
            yield text.of(resource.get("Properties", {}).get("FirmwareUpdateRole"))


def _names_made(stacks: list[tuple[AssemblyStack, dict[str, Any]]]) -> set[str]:
    names = {"AWS::S3::Bucket": "BucketName", "AWS::IAM::Role": "RoleName"}
    return {
        TemplateText(template, *stack.place("\0", "\0")).of(resource.get("Properties", {}).get(names[resource["Type"]]))
        for stack, template in stacks
        for resource in template["Resources"].values()
        if resource["Type"] in names
    }


class _Search:
    """Looks through one stack."""

    def __init__(self, stack: AssemblyStack, template: dict[str, Any], place: tuple[str, str], found: StandIns) -> None:
        self._stack, self._template, self._place, self._found = stack, template, place, found
        self._text = TemplateText(template, *place)

    def run(self) -> None:
        for logical_id, resource in self._template["Resources"].items():
            properties = resource.get("Properties", {})
            match resource["Type"]:
                case kind if kind in _TASK_TYPES:
                    self._task(logical_id, properties)
                case kind if kind in _POLICY_TYPES:
                    for name in [*_listed(properties.get("Roles")), properties.get("RoleName")]:
                        self._role(self._place[0], self._text.of(name))
                case "AWS::S3::BucketPolicy" | "Custom::FirmwareObject":
                    self._bucket(self._text.of(properties.get("Bucket", properties.get("DestinationBucket"))))
                case "Custom::MulticastGroupSettings":
                    self._members(properties)
                case "Custom::FuotaRollout":
                    self._rollout(properties)
            for text in self._text.strings(properties):
                for region, account, kind, thing in _THING.findall(text):
                    self._thing(kind, thing, (account, region), None)

    def _task(self, logical_id: str, properties: dict[str, Any]) -> None:
        image, role = (self._text.of(properties.get(f"FirmwareUpdate{name}")) for name in ("Image", "Role"))
        self._firmware(image, role, lambda: self._image_bytes(logical_id))
        rf_region = self._text.of((properties.get("LoRaWAN") or {}).get("RfRegion")) or None
        if (adopted := self._text.of(properties.get("AdoptFuotaTaskId"))) and "\0" not in adopted:
            self._found.adopted.add(adopted)
        targets = {
            "FuotaTask": [adopted],
            "MulticastGroup": [
                *_listed(properties.get("MulticastGroupIds")),
                properties.get("AssociateMulticastGroup"),
            ],
            "WirelessDevice": [
                *_listed(properties.get("WirelessDeviceIds")),
                properties.get("AssociateWirelessDevice"),
            ],
        }
        for kind, values in targets.items():
            for value in values:
                if (known := self._text.of(value)) and "\0" not in known:
                    self._thing(kind, known, self._place, rf_region)

    def _rollout(self, properties: dict[str, Any]) -> None:
        """What its settings name, which are a text of JSON; in it stands UNKNOWN for what only the deployment knows."""
        text = self._text.of(properties.get("Settings"))
        settings = json.loads(text, strict=False) if text.startswith("{") else {}
        image = settings.get("image", {})
        self._firmware(str(image.get("uri")), str(image.get("role")), lambda: image.get("sizeBytes"))
        for group in _listed(settings.get("targets", {}).get("multicastGroupIds")):
            if "\0" not in group:
                self._thing("MulticastGroup", group, self._place, settings["session"]["rfRegion"])

    def _firmware(self, image: str, role: str, size: Callable[[], int | None]) -> None:
        if uri := _URI.fullmatch(image):
            self._bucket(uri[1])
            self._found.images.setdefault((uri[1], uri[2]), size())
        if arn := ROLE_ARN.fullmatch(role):
            self._role(arn[1], arn[2], arn[0])

    def _members(self, properties: dict[str, Any]) -> None:
        if (group := self._text.of(properties.get("MulticastGroupId"))) and "\0" not in group:
            self._thing("MulticastGroup", group, self._place, None)
        for value in (*self._listed_devices(properties), *_listed(properties.get("WirelessDeviceIds"))):
            if (device := self._text.of(value)) and "\0" not in device:
                self._thing("WirelessDevice", device, self._place, None)
                self._found.members[device] = self._place

    def _listed_devices(self, properties: dict[str, Any]) -> list[str]:
        """The ids of a list among the assets, which lie in the assembly, for a Stage in the one around it."""
        sha256 = str((properties.get("DeviceList") or {}).get("Sha256"))
        for folder in (self._stack.folder, *self._stack.folder.parents):
            if (asset := folder / f"asset.{sha256}.txt").is_file():
                return asset.read_text("utf-8").split()
            if not (folder / "manifest.json").is_file():
                break
        return []

    def _thing(self, kind: str, thing: str, place: tuple[str, str], rf_region: str | None) -> None:
        if kind == "MulticastGroup":
            before = self._found.groups.get(thing)
            self._found.groups[thing] = (*place, rf_region or (before[2] if before else None))
        else:
            (self._found.devices if kind == "WirelessDevice" else self._found.tasks).setdefault(thing, place)

    def _bucket(self, name: str) -> None:
        if name and "\0" not in name and not name.startswith("cdk-"):
            self._found.buckets.setdefault(name, self._place)

    def _role(self, account: str, name: str, arn: str | None = None) -> None:
        if name and "\0" not in name:
            before = self._found.roles.get((account, name), "")
            self._found.roles[account, name] = arn or before or f"arn:aws:iam::{account}:role/{name}"

    def _image_bytes(self, logical_id: str) -> int | None:
        for path, entries in self._stack.metadata.items():
            if any(entry["type"] == "aws:cdk:logicalId" and entry["data"] == logical_id for entry in entries):
                above = self._stack.metadata.get(path.rpartition("/")[0], [])
                return next((int(entry["data"]) for entry in above if entry["type"] == IMAGE_METADATA), None)
        return None


def _make(found: StandIns, cloud: LocalCloud) -> Iterator[str]:
    if found.account or found.region:
        where = " ".join(filter(None, (found.account, found.region)))
        yield f"the app names no account and refers to {where}: it is rehearsed as if it went there"
    yield from _make_buckets(found, cloud)
    yield from _make_roles(found, cloud)
    yield from _make_things(found, cloud, "simulated, as the fleet says")
    for task, place in found.tasks.items():
        cloud.admin(
            "stand-ins",
            method="POST",
            content={"account": place[0], "aws_region": place[1], "fuota_tasks": [task]},
        )
        yield f"stand-in: FUOTA task {task}, made elsewhere, so its session is not rehearsed here"


def _make_things(found: StandIns, cloud: LocalCloud, like: str) -> Iterator[str]:
    for place in sorted({*((each[0], each[1]) for each in found.groups.values()), *found.devices.values()}):
        document = {
            "account": place[0],
            "aws_region": place[1],
            "multicast_groups": {
                group: rf_region for group, (*where, rf_region) in found.groups.items() if tuple(where) == place
            },
            "wireless_devices": [device for device, where in found.devices.items() if where == place],
        }
        cloud.admin("stand-ins", method="POST", content=document)
        groups, devices = document["multicast_groups"], document["wireless_devices"]
        if groups:
            yield f"stand-in: multicast group {_some(groups)}, of class C, and in the RfRegion of its task"
        if devices:
            yield f"stand-in: wireless device {_some(devices)}, {like}"


def _make_buckets(found: StandIns, cloud: LocalCloud) -> Iterator[str]:
    for name, (account, region) in found.buckets.items():
        s3 = cloud.client("s3", account=account, region=region)
        try:
            # S3 takes every Region but this one as a LocationConstraint.
            where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
            s3.create_bucket(Bucket=name, **where)
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                raise
        images = [(key, size) for (bucket, key), size in found.images.items() if bucket == name]
        for key, size in images:
            image = random.Random(key).randbytes(size or IMAGE_BYTES)  # noqa: S311  # a made-up image, no secret
            s3.put_object(Bucket=name, Key=key, Body=image)
            known = "random bytes" if size else "random bytes, as the app does not say its size_bytes"
            yield f"stand-in: bucket {name} with {key}: {len(image):,} {known}"
        if not images:
            yield f"stand-in: bucket {name}, empty"


def _make_roles(found: StandIns, cloud: LocalCloud) -> Iterator[str]:
    for (account, name), arn in found.roles.items():
        iam = cloud.client("iam", account=account)
        path = arn.partition(":role")[2].removesuffix(name)
        buckets = [f"arn:aws:s3:::{bucket}" for bucket in found.buckets]
        try:
            iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps({"Statement": [_TRUST]}))
        except ClientError as error:
            if error.response["Error"]["Code"] != "EntityAlreadyExists":
                raise
        if buckets:
            resources = [*buckets, *(f"{bucket}/*" for bucket in buckets)]
            allow = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket*"], "Resource": resources}
            document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
            iam.put_role_policy(RoleName=name, PolicyName="stand-in", PolicyDocument=document)
        yield f"stand-in: role {name}, taken to trust iotwireless.amazonaws.com and to read the buckets made up"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _some(names: Iterable[str]) -> str:
    given = list(names)
    return given[0] if len(given) == 1 else f"{given[0]} and {len(given) - 1} more"
