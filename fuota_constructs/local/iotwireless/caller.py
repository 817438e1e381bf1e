"""Who calls, read from the SigV4 credential scope of a request."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]+)/")
_ACCOUNT = re.compile(r"\d{12}")
_DEFAULT_ACCOUNT = "000000000000"
_DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class Caller:
    """The account, the region and the access key of a request."""

    account: str
    region: str
    access_key_id: str


def account_of_access_key(access_key_id: str) -> str:
    """Give the account of an access key: the key itself when it is 12 digits, else 000000000000."""
    return access_key_id if _ACCOUNT.fullmatch(access_key_id) else _DEFAULT_ACCOUNT


def caller_of(headers: Mapping[str, str], account_of: Callable[[str], str]) -> Caller:
    """Read the caller from the Authorization header; unsigned requests belong to the default account and region."""
    authorization = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
    if match := _CREDENTIAL.search(authorization):
        return Caller(account_of(match[1]), match[2], match[1])
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or _DEFAULT_REGION
    return Caller(account_of(""), region, "")
