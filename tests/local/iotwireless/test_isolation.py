"""Accounts and regions do not see each other; many callers at once do no harm."""

from concurrent.futures import ThreadPoolExecutor

import pytest

CREATE = {"FirmwareUpdateImage": "s3://b/k", "FirmwareUpdateRole": "r"}


@pytest.mark.parametrize(
    ("access_key", "account"),
    [("123456789012", "123456789012"), ("AKIAIOSFODNN7EXAMPLE", "000000000000"), ("test", "000000000000")],
)
def test_the_account_is_the_access_key_when_it_has_12_digits(cloud, access_key, account):
    arn = cloud.client(account=access_key, region="us-west-2").create_fuota_task(**CREATE)["Arn"]
    assert arn.startswith(f"arn:aws:iotwireless:us-west-2:{account}:FuotaTask/")


def test_the_account_of_an_access_key_can_be_looked_up(new_cloud):
    cloud = new_cloud(account_of=lambda key: "111122223333" if key == "ASIA1" else "444455556666")
    assert ":111122223333:" in cloud.client(account="ASIA1").create_fuota_task(**CREATE)["Arn"]


def test_accounts_and_regions_are_apart(cloud, refusal):
    home = cloud.client()
    task = home.create_fuota_task(**CREATE)
    group_id = home.create_multicast_group(LoRaWAN={})["Id"]
    for other in (cloud.client(account="210987654321"), cloud.client(region="us-east-1")):
        assert other.list_fuota_tasks()["FuotaTaskList"] == []
        assert refusal(other.get_fuota_task, Id=task["Id"])["code"] == "ResourceNotFoundException"
        assert refusal(other.list_tags_for_resource, ResourceArn=task["Arn"])["code"] == "ResourceNotFoundException"
        task_id = other.create_fuota_task(**CREATE)["Id"]
        parameters = {"Id": task_id, "MulticastGroupId": group_id}
        error = refusal(other.associate_multicast_group_with_fuota_task, **parameters)
        assert error["code"] == "ResourceNotFoundException"


def test_unsigned_requests_belong_to_the_region_of_the_environment(cloud):
    cloud.http("POST", "/fuota-tasks", b'{"FirmwareUpdateImage": "i", "FirmwareUpdateRole": "r"}')
    (state,) = cloud.admin("GET", "state")["states"]
    assert (state["account"], state["region"], len(state["fuotaTasks"])) == ("000000000000", "eu-west-1", 1)


def test_many_callers_at_once_lose_nothing(client):
    group_id = client.create_multicast_group(LoRaWAN={})["Id"]

    def make(index):
        task_id = client.create_fuota_task(**CREATE, ClientRequestToken=f"token-{index % 20}")["Id"]
        client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group_id)
        return task_id

    with ThreadPoolExecutor(8) as callers:
        made = list(callers.map(make, range(40)))
    listed = [item["Id"] for item in client.list_fuota_tasks()["FuotaTaskList"]]
    assert len(listed) == 20
    assert set(listed) == set(made)
