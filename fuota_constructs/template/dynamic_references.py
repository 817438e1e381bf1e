"""CloudFormation's dynamic references to secrets, in texts that are none."""

from __future__ import annotations

import json
import re

import aws_cdk as cdk

_SECRET = re.compile(r"\{\{resolve:(ssm-secure|secretsmanager):")


def secret_in(value: object) -> str | None:
    """The service that a text, or a `SecretValue`, has a secret of: `ssm-secure` or `secretsmanager`; None without."""
    if isinstance(value, str):
        if written := _SECRET.search(value):
            return written[1]
        tokens = cdk.Tokenization.reverse_string(value).tokens if "${Token[" in value else []
    else:
        tokens = [value] if isinstance(value, cdk.SecretValue) else []
    for token in tokens:
        is_asked = isinstance(token, cdk.SecretValue | cdk.CfnDynamicReference)  # no other one before its time
        if is_asked and (written := _SECRET.search(json.dumps(cdk.Stack().resolve(token)))):
            return written[1]
    return None
