"""Sessions of multicast groups, and many devices at once."""

import datetime

import pytest

HALF_AN_HOUR = 30 * 60
TWO_DAYS = 48 * 3600


def at(clock, seconds):
    return datetime.datetime.fromtimestamp(clock.time + seconds, datetime.UTC)


def test_a_session_is_scheduled_runs_and_ends(client, group, clock):
    group_id = group()
    session = {"DlDr": 0, "DlFreq": 869525000, "SessionStartTime": at(clock, 3600), "SessionTimeout": 100}
    client.start_multicast_group_session(Id=group_id, LoRaWAN=session)
    assert client.get_multicast_group_session(Id=group_id)["LoRaWAN"] == session

    def status():
        return client.get_multicast_group(Id=group_id)["Status"]

    assert status() == "Session_attempting"
    clock.advance(3600)
    assert status() == "In_session"
    clock.advance(127)  # 100 s are rounded up to 128 s
    assert status() == "In_session"
    clock.advance(1)
    assert status() == "Pending"


def test_what_is_not_given_comes_from_the_group(client, clock):
    lorawan = {"RfRegion": "EU868", "DlClass": "ClassC", "DefaultSessionParameters": {"DlDr": 3, "DlFreq": 869525000}}
    group_id = client.create_multicast_group(LoRaWAN=lorawan)["Id"]
    client.start_multicast_group_session(Id=group_id, LoRaWAN={"DlDr": 5})
    session = client.get_multicast_group_session(Id=group_id)["LoRaWAN"]
    assert (session["DlDr"], session["DlFreq"]) == (5, 869525000)
    assert session["SessionStartTime"] == at(clock, HALF_AN_HOUR)


@pytest.mark.parametrize("seconds", [0, HALF_AN_HOUR - 1, TWO_DAYS + 1])
def test_fails_on_a_start_time_out_of_reach(client, group, clock, refusal, seconds):
    error = refusal(client.start_multicast_group_session, Id=group(), LoRaWAN={"SessionStartTime": at(clock, seconds)})
    assert error["code"] == "ValidationException"
    assert "30 minutes to 48 hours from now" in error["message"]


@pytest.mark.parametrize("seconds", [HALF_AN_HOUR, TWO_DAYS])
def test_starts_at_the_ends_of_the_range(client, group, clock, seconds):
    client.start_multicast_group_session(Id=group(), LoRaWAN={"SessionStartTime": at(clock, seconds)})


@pytest.mark.parametrize(
    ("dl_class", "timeout", "refused"),
    [
        ("ClassC", 64800, False),
        ("ClassC", 64801, True),
        ("ClassB", 64801, False),
        ("ClassB", 172800, False),
        ("ClassB", 172801, True),
        ("ClassB", 59, True),
    ],
)
def test_the_timeout_depends_on_the_class(client, group, refusal, *, dl_class, timeout, refused):
    parameters = {"Id": group(dl_class=dl_class), "LoRaWAN": {"SessionTimeout": timeout}}
    if refused:
        assert refusal(client.start_multicast_group_session, **parameters)["code"] == "ValidationException"
    else:
        client.start_multicast_group_session(**parameters)


def test_a_cancelled_session_can_be_started_again(client, group, refusal):
    group_id = group()
    assert refusal(client.cancel_multicast_group_session, Id=group_id)["code"] == "ResourceNotFoundException"
    client.start_multicast_group_session(Id=group_id, LoRaWAN={})
    client.cancel_multicast_group_session(Id=group_id)
    assert client.get_multicast_group(Id=group_id)["Status"] == "Pending"
    error = refusal(client.get_multicast_group_session, Id=group_id)
    assert (error["code"], error["ResourceType"]) == ("ResourceNotFoundException", "MulticastGroupSession")
    client.start_multicast_group_session(Id=group_id, LoRaWAN={})


def test_fails_to_cancel_a_session_that_is_over(client, group, clock, refusal):
    group_id = group()
    client.start_multicast_group_session(Id=group_id, LoRaWAN={"SessionTimeout": 60})
    clock.advance(HALF_AN_HOUR + 64)
    assert refusal(client.cancel_multicast_group_session, Id=group_id)["code"] == "ConflictException"


def test_fails_to_change_a_group_with_a_session(client, group, device, refusal):
    group_id, device_id = group(), device()
    client.start_multicast_group_session(Id=group_id, LoRaWAN={})
    for call, parameters in (
        (client.start_multicast_group_session, {"LoRaWAN": {}}),
        (client.update_multicast_group, {"Name": "renamed"}),
        (client.delete_multicast_group, {}),
        (client.associate_wireless_device_with_multicast_group, {"WirelessDeviceId": device_id}),
    ):
        error = refusal(call, Id=group_id, **parameters)
        assert error["code"] == "ConflictException"
        assert "it is Session_attempting" in error["message"]


def test_fails_to_add_many_to_a_group_with_a_session_by_an_error_of_that_operation(client, group, refusal):
    group_id = group()
    client.start_multicast_group_session(Id=group_id, LoRaWAN={})
    call = client.start_bulk_associate_wireless_device_with_multicast_group
    error = refusal(call, Id=group_id, QueryString="Name: *")
    assert error["code"] == "ValidationException"  # the model has no ConflictException for it
    assert "it is Session_attempting" in error["message"]


@pytest.fixture
def fleet(client, device):
    """Four devices of two profiles."""
    profiles = [
        client.create_device_profile(Name=name, LoRaWAN={"RfRegion": "EU868"})["Id"] for name in ("meter", "valve")
    ]
    for name, profile, destination in (
        ("meter-1", profiles[0], "readings"),
        ("meter-2", profiles[0], "readings"),
        ("valve-1", profiles[1], "readings"),
        ("north valve", profiles[1], "valves"),
    ):
        device(
            Name=name,
            DestinationName=destination,
            LoRaWAN={"DeviceProfileId": profile},
            Tags=[{"Key": "kind", "Value": name.split("-")[0]}],
        )
    return profiles


@pytest.fixture
def members(client):
    """The names of the devices of a group."""

    def names(group_id):
        return [item["Name"] for item in client.list_wireless_devices(MulticastGroupId=group_id)["WirelessDeviceList"]]

    return names


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("DeviceProfileId: {meter}", ["meter-1", "meter-2"]),
        ("DeviceProfileName: meter AND DeviceProfileId: {meter}", ["meter-1", "meter-2"]),
        ("DeviceProfileName:valve", ["valve-1", "north valve"]),
        ("DeviceProfileName: meter AND DeviceProfileId: {valve}", []),
        ("Name: meter-1 OR Name: valve-1", ["meter-1", "valve-1"]),
        ("Name: valve-1 OR Name: meter-* AND Name: *-2", ["meter-2", "valve-1"]),
        ("Name: *", ["meter-1", "meter-2", "valve-1", "north valve"]),
        ("Name: ?????-1", ["meter-1", "valve-1"]),
        ('Name: "north valve"', ["north valve"]),
        ('Name: "north*"', ["north valve"]),
        ("DestinationName: valves", ["north valve"]),
        ("Name: meter", []),
        ("DevEui: *", []),
    ],
)
def test_bulk_operations_find_devices_by_query(client, group, fleet, members, *, query, expected):
    meter, valve = fleet
    group_id, query = group(), query.format(meter=meter, valve=valve)
    client.start_bulk_associate_wireless_device_with_multicast_group(Id=group_id, QueryString=query)
    assert members(group_id) == expected
    client.start_bulk_associate_wireless_device_with_multicast_group(Id=group_id, QueryString="Name: *")
    client.start_bulk_disassociate_wireless_device_from_multicast_group(Id=group_id, QueryString=query)
    everybody = ["meter-1", "meter-2", "valve-1", "north valve"]
    assert members(group_id) == [name for name in everybody if name not in expected]


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("rock AND roll", 'Name: "rock AND roll" AND Name: *'),
        ("now OR never", 'Name: nobody OR Name: "* OR *"'),
        ("AND", "Name: AND"),
        ("v[1]", "Name: v[?]"),
        ("a" * 256, f"Name: {'*a' * 200}*"),
    ],
)
def test_what_a_query_matches_as_it_stands(client, group, device, members, *, name, query):
    device(Name=name)
    device(Name="v1")
    group_id = group()
    client.start_bulk_associate_wireless_device_with_multicast_group(Id=group_id, QueryString=query)
    assert members(group_id) == [name]


def test_a_query_of_many_wildcards_holds_nobody_up(client, group, device, members):
    device(Name="a" * 256)
    group_id = group()
    client.start_bulk_associate_wireless_device_with_multicast_group(Id=group_id, QueryString=f"Name: {'*a' * 100}b")
    assert members(group_id) == []


def test_bulk_operations_find_devices_by_tags(client, group, fleet, members):
    group_id = group()
    tags = [{"Key": "kind", "Value": "meter"}]
    client.start_bulk_associate_wireless_device_with_multicast_group(Id=group_id, Tags=tags)
    assert members(group_id) == ["meter-1", "meter-2"]
    client.start_bulk_disassociate_wireless_device_from_multicast_group(Id=group_id, Tags=tags, QueryString="Name: *-1")
    assert members(group_id) == ["meter-2"]


@pytest.mark.parametrize(
    "query",
    [
        "meter",
        "Name:",
        "(Name: a)",
        "Name: a AND",
        "AND Name: a",
        'Name: "a AND Name: b',
        "NOT Name: a",
        "Name: a Name: b",
        "Color: red",
        "Name: a and Id: b",
    ],
)
@pytest.mark.parametrize("verb", ["associate", "disassociate"])
def test_fails_on_a_query_that_is_not_understood(client, group, refusal, query, verb):
    call = (
        client.start_bulk_associate_wireless_device_with_multicast_group
        if verb == "associate"
        else client.start_bulk_disassociate_wireless_device_from_multicast_group
    )
    error = refusal(call, Id=group(), QueryString=query)
    assert (error["code"], error["status"]) == ("ValidationException", 400)
    assert error["message"].startswith("QueryString ")


def test_fails_without_query_and_tags(client, group, refusal):
    error = refusal(client.start_bulk_associate_wireless_device_with_multicast_group, Id=group())
    assert "needs a QueryString or Tags" in error["message"]
