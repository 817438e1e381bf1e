"""Lists in pages."""

import base64

import pytest


@pytest.fixture
def filled(client, task, group, device):
    """Seven resources of every kind that is listed; gives the parameters of every list."""
    task_id = task()
    for index in range(7):
        group_id = group(Name=f"group-{index}")
        client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group_id)
        device(Name=f"device-{index}")
        client.create_device_profile()
        client.create_service_profile()
        client.create_destination(
            Name=f"destination-{index}", ExpressionType="RuleName", Expression="rule", RoleArn="r" * 20
        )
    for _ in range(6):
        task()
    return {
        "list_fuota_tasks": ("FuotaTaskList", {}),
        "list_multicast_groups": ("MulticastGroupList", {}),
        "list_multicast_groups_by_fuota_task": ("MulticastGroupList", {"Id": task_id}),
        "list_wireless_devices": ("WirelessDeviceList", {"DestinationName": "readings"}),
        "list_device_profiles": ("DeviceProfileList", {}),
        "list_service_profiles": ("ServiceProfileList", {}),
        "list_destinations": ("DestinationList", {}),
    }


def all_pages(call, member, **parameters):
    pages, token = [], {}
    while True:
        answer = call(**parameters, **token)
        pages.append(answer[member])
        if "NextToken" not in answer:
            return pages
        token = {"NextToken": answer["NextToken"]}


@pytest.mark.parametrize(("size", "sizes"), [(1, [1] * 7), (3, [3, 3, 1]), (7, [7]), (250, [7]), (0, [7])])
def test_pages_together_are_the_whole_list_in_order(client, filled, size, sizes):
    for operation, (member, parameters) in filled.items():
        call = getattr(client, operation)
        pages = all_pages(call, member, **parameters, MaxResults=size)
        assert [len(page) for page in pages] == sizes, operation
        assert [item for page in pages for item in page] == call(**parameters)[member], operation


def test_a_page_without_size_has_100(client, task):
    for _ in range(101):
        task()
    assert [len(page) for page in all_pages(client.list_fuota_tasks, "FuotaTaskList")] == [100, 1]


def test_the_page_size_can_be_set(new_cloud):
    client = new_cloud(page_size=2).client()
    for _ in range(3):
        client.create_multicast_group(LoRaWAN={})
    assert [len(page) for page in all_pages(client.list_multicast_groups, "MulticastGroupList")] == [2, 1]


def test_a_token_stays_good_while_resources_come_and_go(client, device):
    first, second, third, fourth = (device() for _ in range(4))
    answer = client.list_wireless_devices(MaxResults=2)
    for gone in (first, second, third):
        client.delete_wireless_device(Id=gone)
    fifth = device()
    rest = client.list_wireless_devices(NextToken=answer["NextToken"])
    assert [item["Id"] for item in rest["WirelessDeviceList"]] == [fourth, fifth]


@pytest.mark.parametrize(
    "token",
    ["nonsense", "é", "%%%", *(base64.b64encode(text).decode() for text in (b"{}", b"[1,2]", b"7", b"[1,[2],3]"))],
)
def test_fails_on_a_token_it_never_gave(client, refusal, token):
    error = refusal(client.list_fuota_tasks, NextToken=token)
    assert (error["code"], error["status"]) == ("ValidationException", 400)
    assert "NextToken" in error["message"]


def test_fails_on_the_token_of_another_list(client, task, device, refusal):
    for _ in range(2):
        task()
        device()
    token = client.list_fuota_tasks(MaxResults=1)["NextToken"]
    assert refusal(client.list_multicast_groups, NextToken=token)["code"] == "ValidationException"
    token = client.list_wireless_devices(MaxResults=1, DestinationName="readings")["NextToken"]
    assert refusal(client.list_wireless_devices, NextToken=token)["code"] == "ValidationException"


@pytest.mark.parametrize("size", [-1, 251])
def test_fails_on_a_page_size_out_of_bounds(client, refusal, size):
    error = refusal(client.list_fuota_tasks, MaxResults=size)
    assert f"Value '{size}' at 'maxResults'" in error["message"]
