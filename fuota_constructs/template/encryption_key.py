"""KMS keys, as policies can name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, cast

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.template.references import refers
from fuota_constructs.template.tokens import shown

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms
    from aws_cdk.interfaces.aws_kms import IKeyRef
    from constructs import Construct, IConstruct

_ID = "FuotaConstructsView"


def key_of(given: kms.IKey | IKeyRef, at: IConstruct, *, called: str = "encryption_key") -> kms.IKey:
    """The key behind aliases of it: KMS ignores an alias in the resource of an IAM policy, which then allows nothing.

    Source: AWS KMS Developer Guide, using aliases to control access to KMS keys.
    """
    known = _known(given)
    if known is None:
        raise FuotaValidationError(
            "encryption-key", f"{called} is {shown(given)}; {_remedy(given)}", construct_path=at.node.path
        )
    key = known
    while (name := getattr(key, "alias_name", None)) is not None:
        try:
            key = key.alias_target_key  # type: ignore[attr-defined]  # an alias has one
        except RuntimeError:  # of an alias imported by its name alone
            _refuse_alias(name, at, called)
    _, is_alias, name = key.key_arn.partition(":alias/")
    if is_alias:
        _refuse_alias(f"alias/{name}", at, called)
    return key


def _known(given: object) -> kms.IKey | None:
    if refers(given, "grant_decrypt"):
        return cast("kms.IKey", given)
    if not refers(given, "key_ref"):
        return None
    from aws_cdk import aws_kms as kms

    if isinstance(given, kms.CfnKey):
        try:
            return kms.Key.from_cfn_key(given)
        except RuntimeError:  # of a key whose policy the CDK cannot judge
            return None
    reference = cast("IKeyRef", given)
    made = reference.node.try_find_child(_ID)
    return cast("kms.IKey", made) or kms.Key.from_key_arn(cast("Construct", reference), _ID, reference.key_ref.key_arn)


def _refuse_alias(name: str, at: IConstruct, called: str) -> NoReturn:
    raise FuotaValidationError(
        "encryption-key",
        f"{called} is the alias {shown(name)}, of which this app does not know the key, and IAM policies cannot"
        f" name an alias; give kms.Key.from_lookup(self, 'Key', alias_name={shown(name)}), or kms.Key.from_key_arn with"
        " the ARN of the key",
        construct_path=at.node.path,
    )


def _remedy(value: object) -> str:
    if hasattr(type(value), "attr_key_id"):  # an L1
        return "its policy does not let IAM policies decide; give kms.Key.from_key_arn(self, 'Key', key.attr_arn)"
    if isinstance(value, str) and value.startswith("alias/"):
        return f"give kms.Key.from_lookup(self, 'Key', alias_name={shown(value)})"
    arn = shown(value) if isinstance(value, str) else "arn"
    return f"give a key, such as kms.Key(self, 'Key') or kms.Key.from_key_arn(self, 'Key', {arn})"
