"""What IAM is told about requests of IoT Wireless beyond their first permission, and how it refuses them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from fuota_constructs.local.cloud import LocalCloud

ROLE = "arn:aws:iam::000000000000:role/firmware"
IMAGE = {"FirmwareUpdateImage": "s3://b/k", "FirmwareUpdateRole": ROLE}
GROUP = {"LoRaWAN": {"RfRegion": "EU868", "DlClass": "ClassC"}}
MAY_ALL = {"Effect": "Allow", "Action": ["iotwireless:*", "iam:PassRole"], "Resource": "*"}


@pytest.fixture
def allowed(iam_cloud: LocalCloud) -> Iterator[Callable[..., Any]]:
    """Make clients of a user who is allowed only that."""
    iam = iam_cloud.client("iam")
    iam.create_user(UserName="maker")
    key = iam.create_access_key(UserName="maker")["AccessKey"]

    def client_of(*statements: dict[str, Any]) -> Any:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName="maker", PolicyName="p", PolicyDocument=document)
        return botocore.session.Session().create_client(
            "iotwireless",
            region_name="eu-west-1",
            endpoint_url=iam_cloud.url,
            verify=str(iam_cloud.ca_bundle),
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )

    yield client_of
    iam.delete_access_key(UserName="maker", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="maker", PolicyName="p")
    iam.delete_user(UserName="maker")


def _tags(team: str) -> list[dict[str, str]]:
    return [{"Key": "team", "Value": team}]


def _refused(call: Callable[..., Any], **request: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**request)
    error = refused.value.response["Error"]
    assert error["Code"] == "AccessDeniedException"
    return str(error["Message"])


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:RequestTag/team": "meters"}},
        {"ForAnyValue:StringEquals": {"aws:TagKeys": ["team"]}},
    ],
)
def test_tags_of_a_new_resource_count_for_both_of_its_permissions(
    allowed: Callable[..., Any], condition: dict[str, Any]
) -> None:
    tagging = {"Effect": "Allow", "Action": "iotwireless:*", "Resource": "*", "Condition": condition}
    client = allowed(tagging, {"Effect": "Allow", "Action": "iam:PassRole", "Resource": ROLE})
    client.create_fuota_task(**IMAGE, Tags=_tags("meters"))
    client.create_multicast_group(**GROUP, Tags=_tags("meters"))


def test_fails_to_make_a_resource_with_tags_that_are_denied(allowed: Callable[..., Any]) -> None:
    condition = {"StringNotEquals": {"aws:RequestTag/team": "meters"}}
    client = allowed(
        MAY_ALL, {"Effect": "Deny", "Action": "iotwireless:TagResource", "Resource": "*", "Condition": condition}
    )
    client.create_multicast_group(**GROUP, Tags=_tags("meters"))
    message = _refused(client.create_multicast_group, **GROUP, Tags=_tags("valves"))
    assert message.endswith("MulticastGroup/* with an explicit deny in an identity-based policy")


def test_fails_naming_what_is_not_allowed_on_which_resource(allowed: Callable[..., Any]) -> None:
    client = allowed({"Effect": "Allow", "Action": "iotwireless:*", "Resource": "*"})
    message = _refused(client.create_fuota_task, **IMAGE)
    assert message == (
        "User: arn:aws:iam::000000000000:user/maker is not authorized to perform: iam:PassRole on resource: "
        f"{ROLE} because no identity-based policy allows the iam:PassRole action"
    )
