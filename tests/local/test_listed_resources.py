"""Permissions on requests that name several resources, under IAM."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from fuota_constructs.local import clients
from fuota_constructs.local import cloud as clouds
from fuota_constructs.local.listed_resources import first_listed

PLACE = "eu-west-1:000000000000"


@pytest.mark.parametrize(
    ("service", "fields", "expected"),
    [
        ("ssm", {"Names": ["/cdk/exports/a", "/cdk/exports/b"]}, f"arn:aws:ssm:{PLACE}:parameter/cdk/exports/a"),
        ("ssm", {"Path": "/cdk/exports/"}, f"arn:aws:ssm:{PLACE}:parameter/cdk/exports/*"),
        ("ecr", {"repositoryNames": ["images"]}, f"arn:aws:ecr:{PLACE}:repository/images"),
        ("ecr", {}, None),
        ("ssm", {"Names": []}, None),
        ("ssm", {"Names": [1]}, None),
        ("ssm", [], None),
        ("sqs", {"Names": ["a"]}, None),
        ("events", {"Rule": "polls"}, f"arn:aws:events:{PLACE}:rule/polls"),
        ("events", {"Rule": "polls", "EventBusName": "default"}, f"arn:aws:events:{PLACE}:rule/polls"),
        ("events", {"Rule": "polls", "EventBusName": "own"}, f"arn:aws:events:{PLACE}:rule/own/polls"),
        (
            "events",
            {"Rule": "polls", "EventBusName": f"arn:aws:events:{PLACE}:event-bus/own"},
            f"arn:aws:events:{PLACE}:rule/own/polls",
        ),
        ("events", {"Name": "polls"}, None),
        ("states", {"resourceArn": f"arn:aws:states:{PLACE}:stateMachine:m"}, f"arn:aws:states:{PLACE}:stateMachine:m"),
        ("states", {"stateMachineArn": f"arn:aws:states:{PLACE}:stateMachine:m"}, None),
    ],
)
def test_the_first_one_named_is_asked_for(service: str, fields: Any, expected: str | None) -> None:
    assert first_listed(service, json.dumps(fields).encode(), "eu-west-1", "0" * 12) == expected


def test_iam_is_asked_about_the_role_whose_policies_are_simulated() -> None:
    role = "arn:aws:iam::000000000000:role/firmware"
    body = urlencode({"Action": "SimulatePrincipalPolicy", "PolicySourceArn": role}).encode()
    assert first_listed("iam", body, "eu-west-1", "0" * 12) == role
    assert first_listed("iam", b"Action=GetRole&RoleName=firmware", "eu-west-1", "0" * 12) is None


def test_a_body_that_is_no_json_names_none() -> None:
    assert first_listed("ssm", b"{", "eu-west-1", "0" * 12) is None


def test_a_role_for_some_parameters_may_delete_those_and_no_others(state_dir: None) -> None:
    cloud = clouds.start(clouds.free_port(), iam=True)
    try:
        iam = cloud.client("iam")
        iam.create_user(UserName="deleter")
        allowed = {
            "Effect": "Allow",
            "Action": "ssm:DeleteParameters",
            "Resource": "arn:aws:ssm:*:*:parameter/cdk/exports/*",
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam.put_user_policy(UserName="deleter", PolicyName="p", PolicyDocument=document)
        key = iam.create_access_key(UserName="deleter")["AccessKey"]
        session = clients.session(access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"], region=cloud.region)
        ssm = session.client("ssm", endpoint_url=cloud.url, verify=str(cloud.ca_bundle))
        assert ssm.delete_parameters(Names=["/cdk/exports/x"])["InvalidParameters"] == ["/cdk/exports/x"]
        with pytest.raises(ssm.exceptions.ClientError, match="AccessDenied"):
            ssm.delete_parameters(Names=["/other/x"])
    finally:
        clouds.stop(cloud)
