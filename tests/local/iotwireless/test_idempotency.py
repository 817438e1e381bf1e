"""ClientRequestToken."""

import pytest

CREATES = {
    "create_fuota_task": {"FirmwareUpdateImage": "s3://b/k", "FirmwareUpdateRole": "r"},
    "create_multicast_group": {"LoRaWAN": {"RfRegion": "EU868"}},
    "create_wireless_device": {"Type": "LoRaWAN", "DestinationName": "d"},
    "create_device_profile": {},
    "create_service_profile": {},
    "create_destination": {"Name": "d", "ExpressionType": "RuleName", "Expression": "e", "RoleArn": "r" * 20},
}
OTHER = {"Tags": [{"Key": "a", "Value": "b"}]}


def identity(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


@pytest.mark.parametrize("operation", CREATES)
def test_the_same_request_again_gets_the_same_answer(client, operation):
    parameters = {**CREATES[operation], "ClientRequestToken": "token-1"}
    first, second = (getattr(client, operation)(**parameters) for _ in range(2))
    assert identity(first) == identity(second)
    listed = getattr(client, f"{operation.replace('create', 'list')}s")()
    assert [len(value) for name, value in listed.items() if name.endswith("List")] == [1]


@pytest.mark.parametrize("operation", CREATES)
def test_fails_on_the_same_token_with_other_parameters(client, refusal, operation):
    parameters = {**CREATES[operation], "ClientRequestToken": "token-1"}
    getattr(client, operation)(**parameters)
    error = refusal(getattr(client, operation), **parameters, **OTHER)
    assert (error["code"], error["status"]) == ("ConflictException", 409)
    assert "'token-1' was already used" in error["message"]


def test_the_order_of_members_does_not_matter(client):
    fields = {**CREATES["create_fuota_task"], "Name": "n", "ClientRequestToken": "t"}
    first = client.create_fuota_task(**fields)
    second = client.create_fuota_task(**dict(reversed(fields.items())))
    assert first["Id"] == second["Id"]


def test_two_tokens_are_two_tasks(client):
    fields = CREATES["create_fuota_task"]
    assert len({client.create_fuota_task(**fields, ClientRequestToken=token)["Id"] for token in "ab"}) == 2


def test_boto3_gives_every_request_a_token_of_its_own(client, task):
    assert task() != task()


def test_operations_accounts_and_regions_have_tokens_of_their_own(cloud, client):
    client.create_multicast_group(**CREATES["create_multicast_group"], ClientRequestToken="t")
    fields = {**CREATES["create_fuota_task"], "ClientRequestToken": "t"}
    clients = [client, cloud.client(account="210987654321"), cloud.client(region="us-east-1")]
    assert len({one.create_fuota_task(**fields)["Id"] for one in clients}) == 3


def test_a_token_remembers_a_task_that_was_deleted(client, clock, refusal):
    fields = {**CREATES["create_fuota_task"], "ClientRequestToken": "t"}
    first = client.create_fuota_task(**fields)
    client.delete_fuota_task(Id=first["Id"])
    clock.advance(10)
    assert identity(client.create_fuota_task(**fields)) == identity(first)
    assert refusal(client.get_fuota_task, Id=first["Id"])["status"] == 404


def test_a_refused_request_does_not_use_its_token_up(cloud, client, refusal):
    fields = {**CREATES["create_fuota_task"], "ClientRequestToken": "t"}
    cloud.service.pass_role = lambda _: "no"
    assert refusal(client.create_fuota_task, **fields)["code"] == "AccessDeniedException"
    cloud.service.pass_role = None
    client.create_fuota_task(**fields, Name="other")


def test_a_retry_after_a_lost_answer_finds_the_task(cloud, client, refusal):
    fields = {**CREATES["create_fuota_task"], "ClientRequestToken": "t"}
    cloud.admin("POST", "faults", operation="CreateFuotaTask", fault="lost-answer")
    assert refusal(client.create_fuota_task, **fields)["status"] == 500
    (listed,) = client.list_fuota_tasks()["FuotaTaskList"]
    assert client.create_fuota_task(**fields)["Id"] == listed["Id"]
