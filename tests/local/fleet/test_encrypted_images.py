"""An encrypted image is read with its key, and not by a role that may not use it."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from .image_operator import IMAGE, Json, Operator, allow

if TYPE_CHECKING:
    from collections.abc import Callable

READ = allow("s3:GetObject", "arn:aws:s3:::*")
ROOT = {"AWS": "arn:aws:iam::000000000000:root"}


def _key(operator: Operator, *statements: Json) -> str:
    """Make a key with a policy; by default that of the console, which leaves all to IAM."""
    policy = list(statements) or [{**allow("kms:*", "*"), "Principal": ROOT}]
    document = json.dumps({"Version": "2012-10-17", "Statement": policy})
    arn: str = operator.kms.create_key(Policy=document)["KeyMetadata"]["Arn"]
    return arn


def _by_header(operator: Operator, key: str) -> str:
    """An image encrypted with a key that its upload named."""
    name = f"{key.rsplit('/', maxsplit=1)[-1]}.bin"
    operator.s3.put_object(Bucket="images", Key=name, Body=IMAGE, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    return f"s3://images/{name}"


def _by_bucket(operator: Operator, key: str, algorithm: str = "aws:kms", **rule: object) -> str:
    """An image encrypted with a key because its bucket says so."""
    bucket = f"b-{uuid.uuid4()}"
    operator.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": operator.cloud.region})
    default = {"SSEAlgorithm": algorithm, **({"KMSMasterKeyID": key} if key else {})}
    rules: Any = [{"ApplyServerSideEncryptionByDefault": default, **rule}]
    operator.s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})
    operator.s3.put_object(Bucket=bucket, Key="v2.bin", Body=IMAGE)
    return f"s3://{bucket}/v2.bin"


def _by_template(operator: Operator, key: str) -> str:
    """An image in a bucket that CloudFormation made with a key of its own."""
    name = f"t-{uuid.uuid4()}"
    default = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    properties = {"BucketName": name, "BucketEncryption": {"ServerSideEncryptionConfiguration": [default]}}
    template = {"Resources": {"B": {"Type": "AWS::S3::Bucket", "Properties": properties}}}
    client = operator.cloud.client("cloudformation")
    client.create_stack(StackName=name, TemplateBody=json.dumps(template))
    client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    operator.s3.put_object(Bucket=name, Key="v2.bin", Body=IMAGE)
    return f"s3://{name}/v2.bin"


@pytest.mark.parametrize("encrypted", [_by_header, _by_bucket, _by_template])
def test_an_encrypted_image_needs_the_key_too(operator: Operator, encrypted: Callable[[Operator, str], str]) -> None:
    key = _key(operator)
    uri = encrypted(operator, key)
    status, devices, problem = operator.run(operator.role(READ), uri)
    assert (status, devices) == ("FuotaDone", {"Initial": 3})
    assert f"is not authorized to perform kms:Decrypt on {key}" in str(problem)
    assert operator.run(operator.role(READ, allow("kms:Decrypt", key)), uri)[1] == {"Successful": 3}


def test_the_key_of_a_bucket_may_be_an_id_or_an_alias(operator: Operator) -> None:
    key = _key(operator)
    alias = f"alias/{uuid.uuid4()}"
    operator.kms.create_alias(AliasName=alias, TargetKeyId=key)
    for name in (key.rsplit("/")[-1], alias, key.replace(f"key/{key.rsplit('/')[-1]}", alias)):
        uri = _by_bucket(operator, name)
        assert f"kms:Decrypt on {key}" in str(operator.run(operator.role(READ), uri)[2])
        # KMS ignores an alias in the resource of an IAM policy (KMS Developer Guide, using aliases).
        aliased = operator.role(READ, allow("kms:Decrypt", f"arn:aws:kms:eu-west-1:000000000000:{alias}"))
        assert f"kms:Decrypt on {key}" in str(operator.run(aliased, uri)[2])
        assert operator.run(operator.role(READ, allow("kms:Decrypt", key)), uri)[1] == {"Successful": 3}


def test_the_other_kms_algorithm_needs_the_key_too(operator: Operator) -> None:
    uri = _by_bucket(operator, _key(operator), "aws:kms:dsse")
    assert "kms:Decrypt" in str(operator.run(operator.role(READ), uri)[2])


@pytest.mark.parametrize(("key", "algorithm"), [("", "aws:kms"), ("", "AES256")])
def test_keys_of_amazons_own_need_no_right(operator: Operator, key: str, algorithm: str) -> None:
    assert operator.run(operator.role(READ), _by_bucket(operator, key, algorithm))[1] == {"Successful": 3}


@pytest.mark.parametrize("algorithm", ["aws:kms", "aws:kms:dsse"])
def test_an_upload_may_name_an_algorithm_with_and_without_a_key(operator: Operator, algorithm: Any) -> None:
    key = _key(operator)
    operator.s3.put_object(Bucket="images", Key="amazons.bin", Body=IMAGE, ServerSideEncryption=algorithm)
    operator.s3.put_object(
        Bucket="images", Key="keyed.bin", Body=IMAGE, ServerSideEncryption=algorithm, SSEKMSKeyId=key
    )
    assert operator.s3.head_object(Bucket="images", Key="amazons.bin")["ServerSideEncryption"] == algorithm
    assert operator.s3.head_object(Bucket="images", Key="keyed.bin")["SSEKMSKeyId"] == key
    assert operator.run(operator.role(READ), "s3://images/amazons.bin")[1] == {"Successful": 3}
    assert "kms:Decrypt" in str(operator.run(operator.role(READ), "s3://images/keyed.bin")[2])


def test_an_object_older_than_its_buckets_key_is_not_encrypted_with_it(operator: Operator) -> None:
    bucket = f"old-{uuid.uuid4()}"
    operator.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": operator.cloud.region})
    operator.s3.put_object(Bucket=bucket, Key="v2.bin", Body=IMAGE)
    default: Any = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": _key(operator)}
    rules: Any = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    operator.s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)
    assert operator.run(operator.role(READ), f"s3://{bucket}/v2.bin")[1] == {"Successful": 3}


def _principal(role: str) -> Json:
    return {"Principal": {"AWS": role}}


KEY_POLICIES: list[tuple[str, Callable[[str], list[Json]], bool, bool]] = [
    # what it is, its statements for a role, whether the role's own policy allows it, and whether it may decrypt
    ("leaves it to IAM", lambda _: [{**allow("kms:*", "*"), "Principal": ROOT}], True, True),
    ("names the role", lambda role: [{**allow("kms:Decrypt", "*"), **_principal(role)}], False, True),
    ("names everybody", lambda _: [{**allow("kms:Decrypt", "*"), "Principal": "*"}], True, True),
    (
        "denies the role",
        lambda role: [
            {**allow("kms:*", "*"), "Principal": ROOT},
            {**allow("kms:Decrypt", "*", "Deny"), **_principal(role)},
        ],
        True,
        False,
    ),
    (
        "denies everybody",
        lambda role: [
            {**allow("kms:*", "*"), **_principal(role)},
            {**allow("kms:*", "*", "Deny"), "Principal": "*"},
        ],
        True,
        False,
    ),
    ("is for another", lambda role: [{**allow("kms:*", "*"), **_principal(f"{role}-not")}], True, False),
    ("allows to encrypt", lambda role: [{**allow("kms:Encrypt", "*"), **_principal(role)}], True, False),
    (
        "is for S3 of this Region",
        lambda role: [
            {
                **allow("kms:Decrypt", "*"),
                **_principal(role),
                "Condition": {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
            }
        ],
        False,
        True,
    ),
    (
        "is for another service",
        lambda role: [
            {
                **allow("kms:Decrypt", "*"),
                **_principal(role),
                "Condition": {"StringEquals": {"kms:ViaService": "ec2.eu-west-1.amazonaws.com"}},
            }
        ],
        False,
        False,
    ),
    (
        "is for callers of this account",
        lambda _: [
            {
                **allow("kms:Decrypt", "*"),
                "Principal": {"AWS": "*"},
                "Condition": {"StringEquals": {"kms:CallerAccount": "000000000000"}},
            }
        ],
        True,
        True,
    ),
]


@pytest.mark.parametrize(
    ("what", "statements", "allowed", "decrypts"), KEY_POLICIES, ids=[it[0] for it in KEY_POLICIES]
)
def test_the_policy_of_the_key_counts(
    operator: Operator, what: str, statements: Callable[[str], list[Json]], allowed: bool, decrypts: bool
) -> None:
    role = operator.role(READ, *([allow("kms:Decrypt", "*")] if allowed else []))
    uri = _by_bucket(operator, _key(operator, *statements(role)))
    _, devices, problem = operator.run(role, uri)
    assert devices == ({"Successful": 3} if decrypts else {"Initial": 3}), (what, problem)


def test_a_grant_is_enough(operator: Operator) -> None:
    role, key = operator.role(READ), _key(operator)
    uri = _by_bucket(operator, key)
    operator.kms.create_grant(KeyId=key, GranteePrincipal=role, Operations=["Encrypt"])
    assert "kms:Decrypt" in str(operator.run(role, uri)[2])
    operator.kms.create_grant(KeyId=key, GranteePrincipal=role, Operations=["Decrypt"])
    assert operator.run(role, uri)[1] == {"Successful": 3}
    denied = operator.role(READ, allow("kms:Decrypt", "*", "Deny"))
    operator.kms.create_grant(KeyId=key, GranteePrincipal=denied, Operations=["Decrypt"])
    assert "kms:Decrypt" in str(operator.run(denied, uri)[2])


def test_a_key_has_to_be_enabled(operator: Operator) -> None:
    key = _key(operator)
    role, uri = operator.role(READ, allow("kms:Decrypt", key)), _by_bucket(operator, key)
    operator.kms.disable_key(KeyId=key)
    assert f"KMS key {key} is Disabled" in str(operator.run(role, uri)[2])
    operator.kms.enable_key(KeyId=key)
    assert operator.run(role, uri)[1] == {"Successful": 3}
    operator.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert f"KMS key {key} is PendingDeletion" in str(operator.run(role, uri)[2])


def test_the_object_or_with_a_bucket_key_the_bucket_is_what_it_is_encrypted_for(operator: Operator) -> None:
    for bucket_key, tail in ((False, "/v2.bin"), (True, "")):
        key = _key(operator)
        uri = _by_bucket(operator, key, BucketKeyEnabled=bucket_key)
        arn = f"arn:aws:s3:::{uri.split('/')[2]}{tail}"
        condition = {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": arn}}
        role = operator.role(READ, {**allow("kms:Decrypt", key), "Condition": condition})
        assert operator.run(role, uri)[1] == {"Successful": 3}, bucket_key


def test_a_key_of_another_account_wants_both_policies(operator: Operator) -> None:
    theirs = operator.cloud.client("kms", account="111122223333")
    role = operator.role(READ, allow("kms:Decrypt", "*"))
    for names, decrypts in (("arn:aws:iam::000000000000:root", True), ("arn:aws:iam::999999999999:root", False)):
        statement = {**allow("kms:*", "*"), "Principal": {"AWS": names}}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        key = theirs.create_key(Policy=policy)["KeyMetadata"]["Arn"]
        devices = operator.run(role, _by_bucket(operator, key))[1]
        assert devices == ({"Successful": 3} if decrypts else {"Initial": 3})
    unknown = "arn:aws:kms:eu-west-1:444455556666:key/11111111-2222-3333-4444-555555555555"
    assert operator.run(role, _by_bucket(operator, unknown))[1] == {"Successful": 3}
    assert "kms:Decrypt" in str(operator.run(operator.role(READ), _by_bucket(operator, unknown))[2])


def test_an_image_with_a_customers_own_key_can_be_read_by_nobody_else(operator: Operator) -> None:
    operator.s3.put_object(
        Bucket="images", Key="own.bin", Body=IMAGE, SSECustomerAlgorithm="AES256", SSECustomerKey="k" * 32
    )
    assert "SSE-C" in str(operator.run(operator.role(READ, allow("kms:*", "*")), "s3://images/own.bin")[2])


def test_a_template_changes_and_removes_the_key_of_a_bucket(operator: Operator) -> None:
    client, name = operator.cloud.client("cloudformation"), f"c-{uuid.uuid4()}"

    def deploy(call: Any, key: str | None) -> Json:
        default = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
        encryption = {"BucketEncryption": {"ServerSideEncryptionConfiguration": [default]}} if key else {}
        properties = {"BucketName": name, **encryption}
        template = {"Resources": {"B": {"Type": "AWS::S3::Bucket", "Properties": properties}}}
        call(StackName=name, TemplateBody=json.dumps(template))
        while (status := client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]).endswith("IN_PROGRESS"):
            time.sleep(0.05)
        assert status.endswith("COMPLETE"), status
        rules: Json = operator.s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
        default_rule: Json = rules["ApplyServerSideEncryptionByDefault"]
        return default_rule

    for call, key in ((client.create_stack, "one&<two>"), (client.update_stack, "alias/three")):
        assert deploy(call, key) == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    assert deploy(client.update_stack, None) == {"SSEAlgorithm": "AES256"}
