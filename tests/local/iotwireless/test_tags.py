"""Tags of resources."""

import pytest


def tags_of(client, arn):
    return {tag["Key"]: tag["Value"] for tag in client.list_tags_for_resource(ResourceArn=arn)["Tags"]}


def tag_list(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@pytest.fixture
def arns(client):
    """A tagged resource of every kind."""
    tags = tag_list({"fleet": "north"})
    role = "arn:aws:iam::123456789012:role/Readings"
    return [
        client.create_fuota_task(FirmwareUpdateImage="s3://b/k", FirmwareUpdateRole="r", Tags=tags)["Arn"],
        client.create_multicast_group(LoRaWAN={}, Tags=tags)["Arn"],
        client.create_wireless_device(Type="LoRaWAN", DestinationName="d", Tags=tags)["Arn"],
        client.create_device_profile(Tags=tags)["Arn"],
        client.create_service_profile(Tags=tags)["Arn"],
        client.create_destination(Name="d", ExpressionType="RuleName", Expression="rule", RoleArn=role, Tags=tags)[
            "Arn"
        ],
    ]


def test_every_resource_has_tags(client, arns):
    for arn in arns:
        assert tags_of(client, arn) == {"fleet": "north"}
        client.tag_resource(ResourceArn=arn, Tags=tag_list({"fleet": "south", "owner": "&=é 日本"}))
        assert tags_of(client, arn) == {"fleet": "south", "owner": "&=é 日本"}
        client.untag_resource(ResourceArn=arn, TagKeys=["fleet", "nothing"])
        assert tags_of(client, arn) == {"owner": "&=é 日本"}
        client.untag_resource(ResourceArn=arn, TagKeys=["owner"])
        assert tags_of(client, arn) == {}


def test_a_resource_has_up_to_200_tags(client, arns, refusal):
    arn = arns[0]
    client.tag_resource(ResourceArn=arn, Tags=tag_list({f"key-{index}": "" for index in range(199)}))
    assert len(tags_of(client, arn)) == 200
    client.tag_resource(ResourceArn=arn, Tags=tag_list({"key-0": "changed"}))
    error = refusal(client.tag_resource, ResourceArn=arn, Tags=tag_list({"one": "too many"}))
    assert (error["code"], error["status"], error["ResourceName"]) == ("TooManyTagsException", 400, arn)
    assert "201 tags" in error["message"]
    assert len(tags_of(client, arn)) == 200


@pytest.mark.parametrize("arn", ["nothing", "arn:aws:iotwireless:eu-west-1:123456789012:FuotaTask/nothing", "a&b=c"])
def test_fails_on_an_arn_that_is_no_resource(client, refusal, arn):
    for call, parameters in (
        (client.tag_resource, {"Tags": []}),
        (client.untag_resource, {"TagKeys": ["a"]}),
        (client.list_tags_for_resource, {}),
    ):
        assert refusal(call, ResourceArn=arn, **parameters)["code"] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}], "given twice"),
        ([{"Key": "aws:cloudformation:stack-id", "Value": "1"}], "reserved for AWS"),
        ([{"Key": "", "Value": "1"}], "'tags.1.member.key'"),
        ([{"Key": "a", "Value": "v" * 257}], "'tags.1.member.value'"),
        ([{"Key": "a"}], "'tags.1.member.value'"),
        ([{"Key": f"key-{index}", "Value": ""} for index in range(201)], "less than or equal to 200"),
    ],
)
def test_fails_on_tags_that_cannot_be(client, arns, refusal, tags, reason):
    create = {"FirmwareUpdateImage": "s3://b/k", "FirmwareUpdateRole": "r"}
    for call, parameters in ((client.tag_resource, {"ResourceArn": arns[0]}), (client.create_fuota_task, create)):
        error = refusal(call, **parameters, Tags=tags)
        assert error["code"] == "ValidationException"
        assert reason in error["message"]
