"""The inputs of a FUOTA task: refused when of a wrong kind, turned into what the template says otherwise."""

from __future__ import annotations

import base64
import math
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import aws_cdk as cdk

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.firmware.firmware_image import AssetImage, BucketImage, bucket_remedy
from fuota_constructs.template.service_arns import expect_arn, expect_id, parts_of
from fuota_constructs.template.tokens import is_known, is_list_token, shown

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_s3 as s3
    from constructs import IConstruct

_Target = TypeVar("_Target")


def image_of(value: object, at: IConstruct) -> AssetImage | BucketImage:
    """The value, if it is an image."""
    if isinstance(value, AssetImage | BucketImage):
        return value
    path = repr(str(value)) if isinstance(value, str | os.PathLike) else "path"
    raise FuotaValidationError(
        "firmware-image",
        f"firmware_image is {shown(value)}; write FirmwareImage.from_asset({path}) for a file, or"
        " FirmwareImage.from_bucket(bucket, key) for an object in a bucket",
        construct_path=at.node.path,
    )


def note_size_of(image: AssetImage | BucketImage, at: IConstruct) -> None:
    """Leave the size of an image in somebody's bucket beside the template, for a rehearsal, which makes one up."""
    if isinstance(image, BucketImage) and isinstance(image.size_bytes, int):
        at.node.add_metadata("fuota-constructs:image-bytes", image.size_bytes)


def own_bucket_of(
    image: AssetImage | BucketImage, firmware_bucket: s3.IBucket | None, at: IConstruct
) -> s3.IBucket | None:
    """The bucket the caller chose for the image, None for the default one."""
    if firmware_bucket is not None and (remedy := bucket_remedy(firmware_bucket)):
        wrong = f"{shown(firmware_bucket)}; {remedy}"
    elif isinstance(image, AssetImage):
        return firmware_bucket
    elif firmware_bucket is None or firmware_bucket is image.bucket:
        return image.bucket
    else:
        wrong = f"given, but {image!r} is in a bucket already and is not copied: leave firmware_bucket out"
    raise FuotaValidationError("firmware-bucket", f"firmware_bucket is {wrong}", construct_path=at.node.path)


def own_role_of(firmware_update_role: iam.IRole | None, at: IConstruct) -> iam.IRole | None:
    """The role the caller chose, None for the default one."""
    # Told by its methods: asking for a property would be a round trip to the CDK.
    if firmware_update_role is None or all(
        hasattr(firmware_update_role, method) for method in ("attach_inline_policy", "grant_pass_role")
    ):
        return firmware_update_role
    arn = repr(firmware_update_role) if isinstance(firmware_update_role, str) else "arn"
    if hasattr(type(firmware_update_role), "attr_role_id"):  # an L1
        arn = "role.attr_arn"
    raise FuotaValidationError(
        "firmware-update-role",
        f"firmware_update_role is {shown(firmware_update_role)}; give a role: a FirmwareUpdateRole, an iam.Role, or"
        f" FirmwareUpdateRole.from_role_arn(self, 'Role', {arn})",
        construct_path=at.node.path,
    )


def access_per_image_of(value: object, at: IConstruct) -> bool | None:
    """The value, if it is True, False or not given."""
    if value is None or isinstance(value, bool):
        return value
    raise FuotaValidationError(
        "access-per-image", f"access_per_image is {value!r}; give True or False", construct_path=at.node.path
    )


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


def targets_of(name: str, value: Sequence[_Target], at: IConstruct) -> Sequence[_Target]:
    """The value, if it is a list of targets."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return value
    one = shown(value) if isinstance(value, str) and is_known(value) else "..."
    raise FuotaValidationError(
        _rule_of(name), f"{name} is {shown(value)}; give a list: {name}=[{one}]", construct_path=at.node.path
    )


def wireless_devices_of(values: Sequence[object], at: IConstruct) -> list[str]:
    """The values, each once, if they can be ids of devices; or the one list that is known only at deployment."""
    devices = list(dict.fromkeys(expect_id(value, "WirelessDevice", at) for value in values))
    if len(devices) > 1 and any(map(is_list_token, devices)):
        raise FuotaValidationError(
            "wireless-devices",
            "wireless_devices is a list known only at deployment, to which CloudFormation can add nothing; put all ids"
            " into that list, for example into the parameter it comes from",
            construct_path=at.node.path,
        )
    return devices


def multicast_group_id_of(value: object, at: IConstruct) -> str:
    """The id of a multicast group, if the value is one."""
    if hasattr(value, "multicast_group_ref"):
        reference = value.multicast_group_ref
        expect_arn(reference.multicast_group_arn, "MulticastGroup", at)
        return expect_id(reference.multicast_group_id, "MulticastGroup", at)
    raise FuotaValidationError(
        "multicast-groups",
        f"multicast_groups has {shown(value)}, which is no multicast group; {_group_remedy(value)}",
        construct_path=at.node.path,
    )


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
    try:
        return value.to_milliseconds(integral=False)
    except RuntimeError:  # a token in another unit than milliseconds; asking first would cost every task a round trip
        return _interval_token_of(value, at)


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
    """The value, if it is a removal policy."""
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
    return isinstance(value, str | int) or (hasattr(value, "__jsii_ref__") and cdk.Token.is_unresolved(value))


def _rule_of(name: str) -> str:
    return name.replace("_", "-")


def descriptor_of(value: object) -> object:
    """A descriptor as the API takes it: bytes become base64, anything else is left for the rules to judge."""
    return base64.b64encode(value).decode() if isinstance(value, bytes | bytearray) else value
