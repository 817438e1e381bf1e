"""Whether the role may decrypt the image: every side that has a say, through its real cause."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from fuota_constructs.operations.preflight import preflight
from fuota_constructs.operations.task import read_task

if TYPE_CHECKING:
    from collections.abc import Callable

    from fuota_constructs.local.cloud import LocalCloud
    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.checks import Check

Json = dict[str, Any]
ROOT = "arn:aws:iam::000000000000:root"
TRUST = {"Effect": "Allow", "Principal": {"Service": "iotwireless.amazonaws.com"}, "Action": "sts:AssumeRole"}
VIA = {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}
ELSEWHERE = {"StringEquals": {"kms:ViaService": "ec2.eu-west-1.amazonaws.com"}}
TAGGED = {"StringEquals": {"aws:PrincipalTag/team": "radio"}}


def _document(*statements: Json) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _says(principal: str, *, effect: str = "Allow", action: str = "kms:Decrypt", condition: Json | None = None) -> Json:
    tail = {"Condition": condition} if condition else {}
    return {"Effect": effect, "Principal": {"AWS": principal}, "Action": action, "Resource": "*", **tail}


class Bench:
    """A bucket with a key, and roles that may read its image."""

    def __init__(self, cloud: LocalCloud, aws: Aws, task: Callable[..., str]) -> None:
        self.cloud, self.aws, self._task = cloud, aws, task
        self.kms, self.s3, self.iam = (cloud.client(name) for name in ("kms", "s3", "iam"))
        self._roles: dict[str, str] = {}

    def role(self, *statements: Json) -> str:
        """A role that may read all images, and what else is said."""
        name = f"key-{uuid.uuid4().hex[:12]}"
        arn: str = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(TRUST))["Role"]["Arn"]
        read = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
        self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=_document(read, *statements))
        return arn

    def key(self, *statements: Json) -> str:
        """A key with a policy."""
        arn: str = self.kms.create_key(Policy=_document(*statements))["KeyMetadata"]["Arn"]
        return arn

    def image(self, key: str | None, algorithm: str = "aws:kms") -> str:
        """An image in a bucket whose default encryption has a key."""
        bucket = f"key-{uuid.uuid4()}"
        self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": self.cloud.region})
        default = {"SSEAlgorithm": algorithm, **({"KMSMasterKeyID": key} if key else {})}
        rules: Any = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
        self.s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)
        self.s3.put_object(Bucket=bucket, Key="v2.bin", Body=b"x" * 1000)
        return f"s3://{bucket}/v2.bin"

    def check(self, role: str, image: str) -> list[Check]:
        """What preflight finds of the key."""
        found = preflight(self.aws, read_task(self.aws, self._task(FirmwareUpdateRole=role, FirmwareUpdateImage=image)))
        return [check for check in found.checks if check.name == "image key"]


@pytest.fixture
def bench(cloud: LocalCloud, aws: Aws, task: Any) -> Bench:
    """All of it, in the running cloud."""
    return Bench(cloud, aws, task)


DECRYPT = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
DENY = {**DECRYPT, "Effect": "Deny"}
CASES: list[tuple[str, list[Json], Callable[[str], list[Json]], str, str]] = [
    # what it is, what the role's policies say, what the key's policy says, the outcome, and a piece of the message
    ("IAM decides: allowed", [DECRYPT], lambda _: [_says(ROOT, action="kms:*")], "ok", "and the key's"),
    ("IAM decides: not allowed", [], lambda _: [_says(ROOT, action="kms:*")], "error", "do not allow kms:Decrypt"),
    ("IAM decides: denied", [DECRYPT, DENY], lambda _: [_says(ROOT)], "error", "deny kms:Decrypt on it"),
    ("by account number", [DECRYPT], lambda _: [_says("000000000000")], "ok", "and the key's"),
    ("names the role", [], lambda role: [_says(role)], "ok", "by the key's policy"),
    ("names everybody", [], lambda _: [_says("*")], "ok", "by the key's policy"),
    (
        "names another",
        [DECRYPT],
        lambda role: [_says(f"{role}-not")],
        "error",
        "names neither the role nor its account",
    ),
    ("only encrypts", [DECRYPT], lambda role: [_says(role, action="kms:Encrypt*")], "error", "names neither"),
    ("all but encrypting", [], lambda role: [_not_action(role, "kms:Encrypt")], "ok", "by the key's policy"),
    ("all but decrypting", [DECRYPT], lambda role: [_not_action(role, "kms:Dec*")], "error", "names neither"),
    (
        "denies the role",
        [DECRYPT],
        lambda role: [_says(ROOT, action="kms:*"), _says(role, effect="Deny")],
        "error",
        "the key's policy denies it",
    ),
    (
        "denies the account",
        [DECRYPT],
        lambda role: [_says(role), _says(ROOT, effect="Deny", action="kms:*")],
        "error",
        "the key's policy denies it",
    ),
    (
        "denies another",
        [DECRYPT],
        lambda role: [_says(ROOT, action="kms:*"), _says(f"{role}-not", effect="Deny")],
        "ok",
        "and the key's",
    ),
    (
        "denies all but one",
        [DECRYPT],
        lambda role: [_says(ROOT, action="kms:*"), _not_principal(role)],
        "warning",
        "conditions that cannot be judged",
    ),
    ("through S3", [], lambda role: [_says(role, condition=VIA)], "ok", "by the key's policy"),
    ("through another service", [], lambda role: [_says(role, condition=ELSEWHERE)], "error", "names neither"),
    (
        "denied elsewhere",
        [DECRYPT],
        lambda role: [_says(role), _says(role, effect="Deny", condition=ELSEWHERE)],
        "ok",
        "",
    ),
    ("by tag", [DECRYPT], lambda role: [_says(role, condition=TAGGED)], "warning", "conditions that cannot be judged"),
    (
        "denied by tag",
        [DECRYPT],
        lambda role: [_says(role), _says("*", effect="Deny", condition=TAGGED)],
        "warning",
        "conditions that cannot be judged",
    ),
    (
        "by tag, but named too",
        [],
        lambda role: [_says(role, condition=TAGGED), _says(role)],
        "ok",
        "by the key's policy",
    ),
]


def _not_action(role: str, action: str) -> Json:
    return {"Effect": "Allow", "Principal": {"AWS": [role]}, "NotAction": [action], "Resource": "*"}


def _not_principal(role: str) -> Json:
    return {"Effect": "Deny", "NotPrincipal": {"AWS": role}, "Action": "kms:*", "Resource": "*"}


@pytest.mark.parametrize(("own", "policy", "outcome", "said"), [it[1:] for it in CASES], ids=[it[0] for it in CASES])
def test_role_and_key_have_a_say(
    bench: Bench, own: list[Json], policy: Callable[[str], list[Json]], outcome: str, said: str
) -> None:
    role = bench.role(*own)
    [check] = bench.check(role, bench.image(bench.key(*policy(role))))
    assert (check.outcome, said in check.message) == (outcome, True), check
    assert check.remedy or outcome == "ok"


def test_a_grant_is_enough_where_nothing_denies(bench: Bench) -> None:
    for own, outcome in (([], "ok"), ([DENY], "error")):
        role, key = bench.role(*own), bench.key(_says(ROOT, action="kms:*"))
        image = bench.image(key)
        bench.kms.create_grant(KeyId=key, GranteePrincipal=role, Operations=["Decrypt"])
        [check] = bench.check(role, image)
        assert check.outcome == outcome, check


def test_a_key_that_is_disabled_or_gone_is_found(bench: Bench) -> None:
    key = bench.key(_says(ROOT, action="kms:*"))
    role, image = bench.role(DECRYPT), bench.image(key)
    bench.kms.disable_key(KeyId=key)
    [check] = bench.check(role, image)
    assert (check.outcome, f"{key}, which is Disabled" in check.message) == ("error", True)
    bench.kms.enable_key(KeyId=key)
    bench.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    [check] = bench.check(role, image)
    assert (check.outcome, "which is PendingDeletion" in check.message) == ("error", True)
    [check] = bench.check(role, bench.image(f"{key}x"))
    assert (check.outcome, "there is no such key" in check.message) == ("error", True)


def test_a_key_named_by_its_alias_is_looked_up(bench: Bench) -> None:
    key, alias = bench.key(_says(ROOT, action="kms:*")), f"alias/{uuid.uuid4()}"
    bench.kms.create_alias(AliasName=alias, TargetKeyId=key)
    [check] = bench.check(bench.role(), bench.image(alias))
    assert (check.outcome, key in check.message) == ("error", True)


def test_an_image_without_a_key_of_yours_needs_none(bench: Bench) -> None:
    for algorithm in ("AES256", "aws:kms"):
        assert bench.check(bench.role(), bench.image(None, algorithm)) == []


def _refusing(*operations: str) -> Callable[..., None]:
    def refuse(*, model: Any, **_: Any) -> None:
        if model.name in operations:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": ""}}, model.name)

    return refuse


@pytest.mark.parametrize(
    ("hidden", "own", "said"),
    [
        (("DescribeKey",), [DECRYPT], "could not check the state of"),
        (("GetKeyPolicy",), [DECRYPT], "could not check the policy of"),
        (("GetKeyPolicy",), [], "do not allow kms:Decrypt on it; its own policy may"),
        (("ListGrants",), [], "you may not see the key's grants"),
    ],
)
def test_what_a_caller_may_not_see_is_a_warning(
    bench: Bench, hidden: tuple[str, ...], own: list[Json], said: str
) -> None:
    role, image = bench.role(*own), bench.image(bench.key(_says(ROOT, action="kms:*")))
    bench.aws.kms.meta.events.register("before-call.kms", _refusing(*hidden))
    found = bench.check(role, image)
    assert [check for check in found if check.outcome == "warning" and said in check.message], found
    assert not [check for check in found if check.outcome == "error"]


def test_an_image_that_cannot_be_read_may_have_its_buckets_key(bench: Bench) -> None:
    image = bench.image(bench.key(_says(ROOT, action="kms:*")))
    bench.aws.s3.meta.events.register("before-call.s3", _refusing("HeadObject"))
    [check] = bench.check(bench.role(), image)
    assert check.outcome == "warning"
    assert check.message.startswith("if it has its bucket's key: the image is encrypted with")
    assert bench.check(bench.role(DECRYPT), image) == []


def test_an_image_with_a_customers_own_key_cannot_be_checked(bench: Bench) -> None:
    image = bench.image(None, "AES256")
    own: Any = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    bench.s3.put_object(Bucket=image.split("/")[2], Key="v2.bin", Body=b"x", **own)
    found = preflight(bench.aws, read_task(bench.aws, bench._task(FirmwareUpdateImage=image))).checks
    assert [check.message for check in found if check.name == "image" and "SSE-C" in check.message]
