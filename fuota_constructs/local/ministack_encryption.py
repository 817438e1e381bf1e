"""The encryption of buckets and objects in MiniStack: what CloudFormation sets, and whether a role may decrypt.

MiniStack's CloudFormation drops BucketEncryption, and its S3 never asks KMS. Belongs to `ministack_host`, which checks
the seams below.
"""

import importlib
import re
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from fuota_constructs.local.errors import LocalCloudError

_S3, _KMS = "ministack.services.s3", "ministack.services.kms"
_PROVISIONERS = "ministack.services.cloudformation.provisioners"
SEAMS: tuple[tuple[str, str, tuple[str, ...] | None], ...] = (
    ("ministack.core.responses", "request_scope", ("account_id", "region")),
    (_PROVISIONERS, "_S3_BUCKET_CONFIGURATIONS", None),
    (_S3, "_bucket_default_sse_headers", ("bucket_name",)),
    (_S3, "_bucket_encryption", None),
    (_S3, "_delete_bucket_encryption", ("name",)),
    (_S3, "_put_bucket_encryption", ("name", "body")),
    (_S3, "_resolve_sse_write_headers", ("headers", "bucket_name")),
    (_KMS, "_grants", None),
    (_KMS, "_resolve_key", ("key_id_or_arn",)),
)

ALGORITHM = "x-amz-server-side-encryption"
KEY = f"{ALGORITHM}-aws-kms-key-id"
CUSTOMER_ALGORITHM = f"{ALGORITHM}-customer-algorithm"
_SINGLE, _DOUBLE = "aws:kms", "aws:kms:dsse"
_ARN = re.compile(r"arn:aws[a-z-]*:kms:([a-z0-9-]+):(\d{12}):(?:key|alias)/.+")
_KEY_ID = re.compile(r"<(?:\w+:)?KMSMasterKeyID>\s*([^<\s]+)\s*<")
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class Key(NamedTuple):
    """A KMS key, and who is allowed to decrypt with it beside the policies of the caller."""

    arn: str
    account: str
    policy: str
    grantees: frozenset[str]


def install() -> None:
    """Let the encryption that a template gives a bucket count, and both KMS algorithms with and without a key."""
    provisioners, s3 = _module(_PROVISIONERS), _module(_S3)
    entry = ("BucketEncryption", _as_xml, s3._put_bucket_encryption, s3._delete_bucket_encryption)
    provisioners._S3_BUCKET_CONFIGURATIONS = (*provisioners._S3_BUCKET_CONFIGURATIONS, entry)
    default_before, written_before = s3._bucket_default_sse_headers, s3._resolve_sse_write_headers

    def default_headers(bucket_name: str) -> dict[str, str]:
        headers: dict[str, str] = default_before(bucket_name)
        if headers.get(ALGORITHM) == _DOUBLE and (match := _KEY_ID.search(s3._bucket_encryption[bucket_name])):
            headers[KEY] = match[1]
        return headers

    def written_headers(headers: dict[str, str], bucket_name: str) -> Any:
        if headers.get(ALGORITHM) not in (_SINGLE, _DOUBLE) or headers.get(CUSTOMER_ALGORITHM):
            return written_before(headers, bucket_name)
        # Without a key S3 takes the account's own, aws/s3 (Amazon S3 API, PutObject); MiniStack refuses that.
        return {name: headers[name] for name in (ALGORITHM, KEY) if headers.get(name)}, None

    s3._bucket_default_sse_headers = default_headers
    s3._resolve_sse_write_headers = written_headers


def key_of(reference: str, *, account: str, region: str) -> Key | None:
    """The key that an id, a name or an ARN stands for in a bucket of this account and region; None for one not here.

    Raises LocalCloudError where the key cannot be used in its state.
    """
    if match := _ARN.fullmatch(reference):
        region, account = match.groups()
    kms = _module(_KMS)
    with _module("ministack.core.responses").request_scope(account, region):
        found = kms._resolve_key(reference)
        if found is None:
            return None
        arn = str(found["Arn"])
        if (state := found["KeyState"]) != "Enabled":
            raise LocalCloudError(f"KMS key {arn} is {state}, and nothing can be decrypted with it")
        grants = [grant for grant in kms._grants.values() if grant["KeyId"] == arn and "Decrypt" in grant["Operations"]]
        return Key(arn, account, found.get("Policy") or "", frozenset(grant["GranteePrincipal"] for grant in grants))


def encryption_context(bucket: str, key: str) -> str:
    """What S3 encrypts an object for: its ARN, or that of its bucket where the bucket has a key of its own."""
    raw = _module(_S3)._bucket_encryption.get(bucket) or ""
    with_bucket_key = re.search(r"<(?:\w+:)?BucketKeyEnabled>\s*true\s*<", raw) is not None
    return f"arn:aws:s3:::{bucket}" if with_bucket_key else f"arn:aws:s3:::{bucket}/{key}"


def _as_xml(configuration: dict[str, Any]) -> bytes:
    rules = []
    for rule in configuration.get("ServerSideEncryptionConfiguration") or []:
        default = rule.get("ServerSideEncryptionByDefault") or {}
        members = {name: default[name] for name in ("SSEAlgorithm", "KMSMasterKeyID") if default.get(name)}
        inner = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in members.items())
        enabled = str(rule.get("BucketKeyEnabled", False)).lower()
        rules.append(
            f"<Rule><ApplyServerSideEncryptionByDefault>{inner}</ApplyServerSideEncryptionByDefault>"
            f"<BucketKeyEnabled>{enabled}</BucketKeyEnabled></Rule>"
        )
    return (
        f'<ServerSideEncryptionConfiguration xmlns="{_NAMESPACE}">{"".join(rules)}</ServerSideEncryptionConfiguration>'
    ).encode()


def _module(name: str) -> Any:
    return importlib.import_module(name)
