"""What a rollout finds in its account: buckets, tables, the image and who may read it, in a real local cloud."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from fuota_constructs.local import cloud as clouds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

BUCKET, TABLE, VERSIONS = "fuota-rollouts", "fuota-rollouts", "device-versions"
IMAGE = random.Random(1).randbytes(1000)


def make_role(
    iam: Any, name: str, *, trusted: str = "iotwireless.amazonaws.com", effect: str = "Allow", path: str = "/"
) -> str:
    """A role that the service may take on to read all buckets; answers with its ARN."""
    trust = {"Effect": "Allow", "Principal": {"Service": [trusted]}, "Action": "sts:AssumeRole"}
    made = iam.create_role(Path=path, RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))[
        "Role"
    ]
    allow = {"Effect": effect, "Action": "s3:GetObject", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=document)
    return str(made["Arn"])


def make_stores(cloud: clouds.LocalCloud) -> None:
    """Make the buckets and tables, the image, and the role that reads it."""
    s3, dynamodb = cloud.client("s3"), cloud.client("dynamodb")
    place: Any = {"LocationConstraint": cloud.region}
    for bucket in (BUCKET, "firmware"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    for table, key in ((TABLE, "Rollout"), (VERSIONS, "WirelessDeviceId")):
        dynamodb.create_table(
            TableName=table,
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    s3.put_object(Bucket="firmware", Key="v2.bin", Body=IMAGE)
    make_role(cloud.client("iam"), "r")


@pytest.fixture(scope="session")
def cloud(start_cloud: Callable[..., AbstractContextManager[clouds.LocalCloud]]) -> Iterator[clouds.LocalCloud]:
    """A MiniStack for S3 and DynamoDB."""
    with start_cloud(requests_per_second=clouds.REHEARSED_REQUESTS_PER_SECOND) as running:
        make_stores(running)
        yield running
