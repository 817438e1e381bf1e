"""The inputs of a FUOTA task: refused when of a wrong kind, turned into what the template says otherwise."""

from __future__ import annotations

import base64
import math
import os
import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import aws_cdk as cdk
import jsii

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.firmware.firmware_image import AssetImage, BucketImage, bucket_remedy, object_remedy
from fuota_constructs.firmware.role_trust import trusts_service
from fuota_constructs.service_id import SERVICE_ID
from fuota_constructs.synth_checks import expect_own_place, place_of_stack
from fuota_constructs.template.durations import without_float_error
from fuota_constructs.template.references import bucket_of, referred, role_of, wireless_device_ids
from fuota_constructs.template.service_arns import expect_arn, expect_id, parts_of
from fuota_constructs.template.tokens import is_known, known_text, maker_of, shown

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_s3 as s3
    from aws_cdk.interfaces.aws_iam import IRoleRef
    from aws_cdk.interfaces.aws_iotwireless import MulticastGroupReference
    from aws_cdk.interfaces.aws_s3 import IBucketRef
    from constructs import Construct, IConstruct

    from fuota_constructs.firmware.delta.delta_image import DeltaImage
    from fuota_constructs.firmware.shared_firmware import ReadableImage, SharedFirmware
    from fuota_constructs.synth_checks import Place
    from fuota_constructs.template.resource_tags import ResourceTags

_Target = TypeVar("_Target")

DELTA_TAG: Final = "fuota-delta:"
"""What the tags begin with that say what a delta makes of what; a rehearsal reads them."""

_MILLISECONDS: weakref.WeakKeyDictionary[cdk.Duration, float | str] = weakref.WeakKeyDictionary()
"""Of intervals that several tasks were given, which never change: asking is a round trip to the CDK."""

_ADOPTING: weakref.WeakKeyDictionary[IConstruct, dict[str, dict[str, tuple[str, Place]]]] = weakref.WeakKeyDictionary()
"""By app and task, who adopts it: the path, with that of its stack and where that is."""


def image_of(value: object, at: IConstruct) -> AssetImage | BucketImage:
    """The value, if it is an image."""
    if isinstance(value, AssetImage | BucketImage):
        return value
    path = repr(str(value)) if isinstance(value, str | os.PathLike) and is_known(value) else "path"
    remedy = object_remedy(value) or (
        f"write FirmwareImage.from_asset({path}) for a file, or FirmwareImage.from_bucket(bucket, key) for an object in"
        " a bucket"
    )
    raise FuotaValidationError(
        "firmware-image",
        f"firmware_image is {shown(value)}; {remedy}",
        construct_path=at.node.path,
    )


def note_image_of(image: AssetImage | BucketImage, at: IConstruct, tags: ResourceTags) -> None:
    """Leave what the image itself does not tell.

    The size of one in somebody's bucket goes beside the template, for a rehearsal, which makes one up. What a delta
    makes of what goes into outputs and tags: a patch names neither its base nor its target.
    """
    if isinstance(image, BucketImage) and isinstance(image.size_bytes, int):
        at.node.add_metadata("fuota-constructs:image-bytes", image.size_bytes)
    if image.delta_facts is not None:
        _note_delta(image.delta_facts, at, tags)


def _note_delta(delta: DeltaImage, at: IConstruct, tags: ResourceTags) -> None:
    for name, digest in (("base", delta.base_sha256), ("target", delta.target.sha256)):
        tags.manager.set_tag(f"{DELTA_TAG}{name}-sha256", digest)
        cdk.CfnOutput(
            cast("Construct", at),
            f"Delta{name.title()}Sha256",
            value=digest,
            description=f"SHA-256 of the {name} of the delta of {at.node.path}",
        )


def own_bucket_of(
    image: AssetImage | BucketImage, firmware_bucket: s3.IBucket | IBucketRef | None, at: IConstruct
) -> s3.IBucket | None:
    """The bucket the caller chose for the image, None for the default one."""
    given = bucket_of(firmware_bucket)
    if firmware_bucket is not None and given is None:
        wrong = f"{shown(firmware_bucket)}; {bucket_remedy(firmware_bucket)}"
    elif isinstance(image, AssetImage):
        return given
    elif given is None or given is image.bucket or given.node.path == image.bucket.node.path:
        return image.bucket
    else:
        wrong = f"given, but {image!r} is in a bucket already and is not copied: leave firmware_bucket out"
    raise FuotaValidationError("firmware-bucket", f"firmware_bucket is {wrong}", construct_path=at.node.path)


def own_role_of(firmware_update_role: iam.IRole | IRoleRef | None, at: IConstruct) -> iam.IRole | None:
    """The role the caller chose, None for the default one."""
    given = role_of(firmware_update_role)
    if given is not None or firmware_update_role is None:
        return given
    arn = repr(given_text) if (given_text := known_text(firmware_update_role)) else "arn"
    raise FuotaValidationError(
        "firmware-update-role",
        f"firmware_update_role is {shown(firmware_update_role)}; give a role: a FirmwareUpdateRole, an iam.Role, or"
        f" FirmwareUpdateRole.from_role_arn(self, 'Role', {arn})",
        construct_path=at.node.path,
    )


def flag_of(name: str, value: object, at: IConstruct) -> bool | None:
    """The value, if it is True, False or not given."""
    if value is None or isinstance(value, bool):
        return value
    raise FuotaValidationError(
        _rule_of(name), f"{name} is {shown(value)}; give True or False", construct_path=at.node.path
    )


def adopted_id_of(value: object, at: IConstruct) -> str | None:
    """The id of a task to adopt, if it can be one and is not that of a resource of this app.

    CloudFormation would delete that task with its own resource, and the provider with the one that adopts it.
    """
    if value is None:
        return None
    task_id = expect_id(value, "FuotaTask", at)
    if is_known(task_id) and not SERVICE_ID.fullmatch(task_id):
        wrong = f"{shown(task_id)}, which is no id of a FUOTA task; give 32 hexadecimal digits in five groups"
    elif (maker := maker_of(task_id)) is not None:
        wrong = (
            f"that of {shown(maker)}, which deletes its task when it goes; have it retain the task, take it out of the"
            " app, deploy, and give the id as plain text"
        )
    elif other := _other_adopter(task_id.lower(), at):
        wrong = (
            f"{shown(task_id)}, which {other} adopts already, and two constructs would take the task from each other;"
            " give the id to one of them, and leave it out of the other, or import the task there"
        )
    else:
        return task_id
    raise FuotaValidationError("adopt-fuota-task-id", f"adopt_fuota_task_id is {wrong}", construct_path=at.node.path)


def _other_adopter(task_id: str, at: IConstruct) -> str | None:
    """Who else adopts the same task: in the same stack, or in one that is known to be in the same place."""
    adopters = _ADOPTING.setdefault(at.node.root, {}).setdefault(task_id, {})
    adopters[at.node.path] = stack, here = cdk.Stack.of(at).node.path, place_of_stack(at)
    return next(
        (
            path
            for path, (its_stack, there) in adopters.items()
            if path != at.node.path and (its_stack == stack or (all(here) and there == here))
        ),
        None,
    )


def firmware_facts(shared: SharedFirmware, image: ReadableImage, role: iam.IRole) -> dict[str, Any]:
    """What the rules want to know of where the image is and who reads it, as it is now."""
    return {
        "image_bucket_account": image.place.account,
        "image_bucket_region": image.place.region,
        "image_key_account": image.key_account,
        "image_access": image.missing_access,
        "image_has_key": image.has_key or image.settings.has_kms,
        "image_lifecycle": None if image.judged else image.settings.end,
        "role_policy_characters": shared.access_of(role).characters,
        "role_trusts_service": shared.made(role) or trusts_service(role),
    }


def expect_role_arn(arn: str, at: IConstruct) -> str:
    """The ARN, if it is or may become that of a role: not of a session of it, a user or anything else."""
    service, resource = parts_of(arn)[2], parts_of(arn)[5]
    if (service is None or service == "iam") and (resource is None or resource.partition("/")[0] == "role"):
        return arn
    if resource == "role" and not is_known(arn):
        return arn  # so the CDK writes that of a role others shall make, about whose missing name it has an error
    raise FuotaValidationError(
        "firmware-update-role",
        f"firmware_update_role has the ARN {shown(arn)}, which is no role's; give arn:aws:iam::<account>:role/<name>",
        construct_path=at.node.path,
    )


def targets_of(name: str, value: Sequence[_Target] | None, at: IConstruct) -> Sequence[_Target]:
    """The value, if it is a list of targets; an empty one where none is given."""
    if value is None:
        return ()
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return value
    if hasattr(value, "ids"):  # a DeviceList, which is for groups
        remedy = f"give its ids, {name}=devices.ids, or put the devices into a MulticastGroup"
    else:
        one = shown(value) if isinstance(value, str) and is_known(value) else "..."
        remedy = f"give a list: {name}=[{one}]"
    raise FuotaValidationError(_rule_of(name), f"{name} is {shown(value)}; {remedy}", construct_path=at.node.path)


def device_ids(devices: Sequence[object], at: IConstruct) -> list[str]:
    """The ids of devices, each once, if they can be devices of a task here."""
    expect_own_place(devices, at, rule="wireless-devices", reference="wireless_device_ref")
    return wireless_device_ids(devices, at)


def multicast_group_of(value: object, at: IConstruct) -> MulticastGroupReference:
    """What a multicast group is referred to by, if the value is one."""
    reference: MulticastGroupReference | None = referred(value, "multicast_group_ref")
    if reference is not None:  # asked for once: of an L1 that takes three round trips to the CDK
        expect_arn(reference.multicast_group_arn, "MulticastGroup", at)
        expect_id(reference.multicast_group_id, "MulticastGroup", at)
        return reference
    raise FuotaValidationError(
        "multicast-groups",
        f"multicast_groups has {shown(value)}, which is no multicast group; {_group_remedy(value)}",
        construct_path=at.node.path,
    )


def await_devices_of(groups: Sequence[object], task: cdk.CfnResource) -> None:
    """Have a task made when its groups have their devices, and gone before they leave: a session needs them."""
    for group in groups:
        if callable(fill_before := getattr(group, "_fill_before", None)):
            fill_before(task)


def _group_remedy(value: object) -> str:
    if isinstance(value, str) and value.startswith("arn:"):
        return f"import it with MulticastGroup.from_multicast_group_arn(self, 'Group', {shown(value)})"
    given = shown(value) if isinstance(value, str) and is_known(value) else "id"
    return f"import one with MulticastGroup.from_multicast_group_id(self, 'Group', {given})"


def interval_of(value: object, at: IConstruct) -> float | str | None:
    """A fragment interval in milliseconds, or the token that will be milliseconds at deployment.

    CloudFormation cannot multiply, but it can append three zeros: seconds that are a token become milliseconds that
    way.
    """
    if value is None:
        return None
    if not isinstance(value, cdk.Duration):
        raise FuotaValidationError(
            "fragment-interval",
            f"fragment_interval is {shown(value)}; write a Duration, for example cdk.Duration.seconds(3)",
            construct_path=at.node.path,
        )
    if value not in _MILLISECONDS:
        try:
            _MILLISECONDS[value] = without_float_error(jsii.invoke(value, "toMilliseconds", [{"integral": False}]))
        except RuntimeError:  # a token in another unit than milliseconds; asking first would be one more round trip
            _MILLISECONDS[value] = _interval_token_of(value, at)
    return _MILLISECONDS[value]


def _interval_token_of(value: cdk.Duration, at: IConstruct) -> str:
    if value.unit_label() == "seconds":
        return cdk.Token.as_string(value.to_seconds()) + "000"
    raise FuotaValidationError(
        "fragment-interval",
        f"fragment_interval is a token in {value.unit_label()}, and CloudFormation cannot multiply; give it in seconds,"
        " Duration.seconds(token), or in milliseconds",
        construct_path=at.node.path,
    )


def removal_policy_of(value: object, at: IConstruct) -> cdk.RemovalPolicy:
    """The value, if it is a removal policy; DESTROY where none is given."""
    if value is None:
        return cdk.RemovalPolicy.DESTROY
    if isinstance(value, cdk.RemovalPolicy):
        return value
    raise FuotaValidationError(
        "removal-policy",
        f"removal_policy is {shown(value)}; write cdk.RemovalPolicy.RETAIN or cdk.RemovalPolicy.DESTROY",
        construct_path=at.node.path,
    )


def rendered(properties: Mapping[str, object]) -> dict[str, object]:
    """The properties that were given and can be written into a template; about the others the rules have a finding."""
    return {name: value for name, value in properties.items() if _can_be_written(value)}


def _can_be_written(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, str | int) or not is_known(value)


def _rule_of(name: str) -> str:
    return name.replace("_", "-")


def descriptor_of(value: object) -> object:
    """A descriptor as the API takes it: bytes become base64, anything else is left for the rules to judge."""
    return base64.b64encode(value).decode() if isinstance(value, bytes | bytearray) else value
