"""Values that are not known at synth: CDK tokens, and what stands in for context that is not looked up yet."""

from __future__ import annotations

import math
import re
from typing import cast

import aws_cdk as cdk

_TOKEN_IN_TEXT = re.compile(r"[$#]\{Token\[|\{\{resolve:")
"""CDK's own mark, `${Token[...]}` in a text, `#{Token[...]}` for a list; that of CloudFormation's dynamic reference."""

_NOT_LOOKED_UP = re.compile(
    r"dummy-value-for-"  # ssm.StringParameter.value_from_lookup; may be part of a text
    r"|\bDUMMY_ARN\b"  # iam.Role.from_lookup
    r"|\b1234abcd-12ab-34cd-56ef-1234567890ab\b"  # kms.Key.from_lookup
    r"|\b(?:vpc-12345|sg-12345678|ami-1234)\b|\bdummy1[abc]\b|^DUMMY$"  # VPCs, AMIs, Availability Zones, hosted zones
)
"""What CDK's context lookups answer in a first run, of which only the missing keys count.

The CLI looks the keys up and runs the app again: refusing the stand-in would end it before that.
"""

_NO_NUMBER_OF_A_USER = 1e280
"""A number token is a float of about -1.9e289; one that was calculated with or rounded is no token any more."""

_SHOWN_CHARACTERS = 120


def is_known(value: object) -> bool:
    """Whether a value is known now.

    Texts with a token in them are told by CDK's own mark, numbers and objects by asking the CDK: a number token is a
    float of about -1.9e289, so a whole number is worth no round trip. The CDK takes for a token whatever has a method
    `resolve`: a parameter of the template is one, a stack, whose method is another one, is none.
    """
    if isinstance(value, str):
        return not (_TOKEN_IN_TEXT.search(value) or is_stand_in(value))
    if isinstance(value, float):
        return not math.isfinite(value) or not cdk.Token.is_unresolved(value)  # jsii cannot transport the others
    may_be_token = hasattr(value, "__jsii_ref__") and not isinstance(value, cdk.Stack)
    return not (may_be_token and cdk.Token.is_unresolved(value))


def is_token(value: object) -> bool:
    """Whether a value is, or has in it, what only the deployment knows; what is being looked up is no such value."""
    return not is_known(value) and not (isinstance(value, str) and is_stand_in(value))


def known_text(value: object) -> str | None:
    """A text that is known now, else None."""
    return value if isinstance(value, str) and is_known(value) else None


def is_stand_in(value: str) -> bool:
    """Whether a text, or a part of it, stands in for context that the CLI has not looked up yet."""
    return _NOT_LOOKED_UP.search(value) is not None


def maker_of(text: str) -> cdk.CfnResource | None:
    """The resource of this app that a token is about; None for every other text."""
    if is_known(text):
        return None
    token = cdk.Tokenization.reverse_string(text).first_token
    is_reference = token is not None and cdk.Reference.is_reference(token)
    target = cast("cdk.Reference", token).target if is_reference else None
    return cast("cdk.CfnResource", target) if target is not None and cdk.CfnResource.is_cfn_resource(target) else None


def number_token(value: object) -> float | None:
    """A token, given as a number, a text or an object, as the number that a property of a number takes; else None.

    The property of a typed resource is set in Node.js, where jsii refuses a text for a number, a token or not.
    """
    if isinstance(value, float):
        return value
    if isinstance(value, str):
        parts = cdk.Tokenization.reverse_string(value)
        value = parts.first_token if parts.length == 1 else None  # of more parts no number is made
    return cdk.Token.as_number(value) if value is not None else None


def is_list_token(value: object) -> bool:
    """Whether a value is the one element of a list that is known only at deployment."""
    return isinstance(value, str) and value.startswith("#{Token[")


def shown(value: object) -> str:
    """A value as a message shows it: never the encoding of a token, never the address of an object."""
    if isinstance(value, cdk.Duration):
        return "a Duration known only at deployment" if value.is_unresolved() else f"Duration {value.to_iso_string()}"
    if path := _path_of(value):
        kind = type(value).__name__.lstrip("_")
        return f"{_article('Construct' if kind.endswith('Proxy') else kind)} ({path})"  # a proxy of jsii's
    if (isinstance(value, float | int) and _NO_NUMBER_OF_A_USER < abs(value) < math.inf) or not is_known(value):
        return "a value known only at deployment"
    if isinstance(value, list | tuple) and not all(map(is_known, value)):
        return "a list with values known only at deployment"
    text = f"[{', '.join(map(shown, value))}]" if type(value) is list else repr(value)
    if re.search(r" at 0x[0-9a-f]+>$", text):
        return _article(type(value).__name__)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


def _path_of(value: object) -> str | None:
    try:
        path = getattr(getattr(value, "node", None), "path", None)  # a uuid.UUID has a node, too
        return path if isinstance(path, str) else None
    except RuntimeError:  # of a construct that the CDK says is in no tree, such as a managed policy of AWS
        return "in no stack"


def _article(name: str) -> str:
    return f"{'an' if name[:1] in 'AEIOaeio' else 'a'} {name}"
