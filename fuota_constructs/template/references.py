"""Buckets, roles and devices given as what the CDK refers to them by, such as `IBucketRef`, which its L1s are, too."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, cast

import aws_cdk as cdk

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.template.service_arns import expect_id
from fuota_constructs.template.tokens import is_list_token

if TYPE_CHECKING:
    from collections.abc import Iterable

    import constructs
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_s3 as s3
    from aws_cdk.interfaces.aws_s3 import IBucketRef

ID = "FuotaConstructsView"
"""Where the `IBucket` or `IRole` of one that is none is: below it, so it is made once."""

_VIEWS: weakref.WeakKeyDictionary[s3.CfnBucket, s3.IBucket] = weakref.WeakKeyDictionary()


def referred(value: object, name: str) -> Any:
    """What a value has under a name such as `bucket_ref`, asked for once. A class has it, too, and is no such value."""
    return None if isinstance(value, type) else getattr(value, name, None)


def refers(value: object, name: str) -> bool:
    """Whether a value has this, be it None."""
    return not isinstance(value, type) and hasattr(value, name)


def bucket_of(given: object) -> s3.IBucket | None:
    """The bucket behind an `IBucket` or `IBucketRef`; None for what is neither."""
    # Told by a method: asking for a property would be a round trip to the CDK.
    if refers(given, "arn_for_objects"):
        return cast("s3.IBucket", given)
    if not refers(given, "bucket_ref"):
        return None
    from aws_cdk import aws_s3 as s3

    if isinstance(given, s3.CfnBucket):
        # The CDK answers with the same construct each time, and jsii with another Python object.
        return _VIEWS.setdefault(given, s3.Bucket.from_cfn_bucket(given))
    construct = cast("IBucketRef", given)
    if made := construct.node.try_find_child(ID):
        return cast("s3.IBucket", made)
    environment = construct.env
    return s3.Bucket.from_bucket_attributes(
        cast("constructs.Construct", construct),
        ID,
        account=environment.account,
        bucket_arn=construct.bucket_ref.bucket_arn,
        region=environment.region,
    )


def role_of(given: object) -> iam.IRole | None:
    """The role behind an `IRole` or `IRoleRef`; None for what is neither."""
    if all(refers(given, method) for method in ("attach_inline_policy", "grant_pass_role")):
        return cast("iam.IRole", given)
    if not refers(given, "role_ref"):
        return None
    from aws_cdk import aws_iam as iam

    construct = cast("iam.CfnRole", given)
    made = construct.node.try_find_child(ID)
    return cast("iam.IRole", made) if made else iam.Role.from_role_arn(construct, ID, _role_arn(construct))


def wireless_device_ids(values: Iterable[object], at: constructs.IConstruct) -> list[str]:
    """The ids, each once, if the values are devices or ids of some; or the one list known only at deployment."""
    ids = [referred_id(value, "wireless_device_ref", "wireless_device_id") for value in values]
    devices = list(dict.fromkeys(expect_id(value, "WirelessDevice", at) for value in ids))
    if len(devices) > 1 and any(map(is_list_token, devices)):
        raise FuotaValidationError(
            "wireless-devices",
            "wireless_devices is a list known only at deployment, to which CloudFormation can add nothing; put all ids"
            " into that list, for example into the parameter it comes from",
            construct_path=at.node.path,
        )
    return devices


def referred_id(value: object, reference: str, name: str) -> object:
    """The id that a reference has; what is no such reference may be the id itself."""
    found = referred(value, reference)
    return value if found is None else getattr(found, name)


def _role_arn(role: iam.CfnRole) -> str:
    # Of an ARN that is one token the CDK can tell the name only where the role has no path: it is written out instead,
    # as the path and the name of a role of this app are known apart.
    if not isinstance(role, cdk.CfnResource):
        return role.role_ref.role_arn
    path = (role.path or "/").strip("/")
    return cdk.Stack.of(role).format_arn(
        service="iam", region="", resource="role", resource_name=f"{path}/{role.ref}".lstrip("/")
    )
