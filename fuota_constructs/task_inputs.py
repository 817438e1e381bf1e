"""The inputs of a FUOTA task: refused when of a wrong kind, turned into what the template says otherwise."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import aws_cdk as cdk

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.firmware_image import AssetImage, BucketImage

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_s3 as s3
    from constructs import IConstruct

_Target = TypeVar("_Target")


def image_of(value: object, at: IConstruct) -> AssetImage | BucketImage:
    """The value, if it is an image."""
    if isinstance(value, AssetImage | BucketImage):
        return value
    raise FuotaValidationError(
        "firmware-image",
        f"firmware_image is {value!r}; write FirmwareImage.from_asset(path) or FirmwareImage.from_bucket(bucket, key)",
        construct_path=at.node.path,
    )


def own_bucket_of(
    image: AssetImage | BucketImage, firmware_bucket: s3.IBucket | None, at: IConstruct
) -> s3.IBucket | None:
    """The bucket the caller chose for the image, None for the default one."""
    # Any construct passes here without a round trip to the CDK; one that is no bucket has no name to be asked for next.
    if firmware_bucket is not None and not hasattr(firmware_bucket, "__jsii_ref__"):
        wrong = f"{firmware_bucket!r}; give a bucket, such as FirmwareBucket.from_bucket_name(self, 'Bucket', 'name')"
    elif isinstance(image, AssetImage):
        return firmware_bucket
    elif firmware_bucket is None or firmware_bucket is image.bucket:
        return image.bucket
    else:
        wrong = f"given, but {image!r} is in a bucket already and is not copied: leave firmware_bucket out"
    raise FuotaValidationError("firmware-bucket", f"firmware_bucket is {wrong}", construct_path=at.node.path)


def own_role_of(firmware_update_role: iam.IRole | None, at: IConstruct) -> iam.IRole | None:
    """The role the caller chose, None for the default one."""
    if firmware_update_role is None or hasattr(firmware_update_role, "attach_inline_policy"):
        return firmware_update_role
    raise FuotaValidationError(
        "firmware-update-role",
        f"firmware_update_role is {firmware_update_role!r}; give a role, such as"
        " FirmwareUpdateRole.from_role_arn(self, 'Role', arn)",
        construct_path=at.node.path,
    )


def targets_of(name: str, value: Sequence[_Target], at: IConstruct) -> Sequence[_Target]:
    """The value, if it is a list or the like, and not one text."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return value
    raise FuotaValidationError(_rule_of(name), f"{name} is {value!r}; give a list", construct_path=at.node.path)


def wireless_device_of(value: object, at: IConstruct) -> str:
    """The value, if it can be the id of a device: 1 to 256 characters."""
    if isinstance(value, str) and 1 <= len(value) <= 256:  # noqa: PLR2004
        return value
    raise FuotaValidationError(
        "wireless-devices", f"{value!r} is no wireless device id; give 1 to 256 characters", construct_path=at.node.path
    )


def multicast_group_id_of(value: object, at: IConstruct) -> str:
    """The id of a multicast group, if the value is one."""
    if hasattr(value, "multicast_group_ref"):
        group_id: str = value.multicast_group_ref.multicast_group_id
        return group_id
    raise FuotaValidationError(
        "multicast-groups",
        f"{value!r} is no multicast group; import one with MulticastGroup.from_multicast_group_id(self, 'Group', id)",
        construct_path=at.node.path,
    )


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
            f"fragment_interval is {value!r}; write a Duration, for example Duration.seconds(3)",
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
