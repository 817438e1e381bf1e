"""What the service's model refuses: required, length, range, enum, pattern and type, by member."""

import json

import pytest

CREATE = {"FirmwareUpdateImage": "s3://b/k", "FirmwareUpdateRole": "r"}
OUT_OF_BOUNDS = [
    ({"FirmwareUpdateImage": ""}, "firmwareUpdateImage", "length greater than or equal to 1"),
    ({"FirmwareUpdateImage": "s" * 4097}, "firmwareUpdateImage", "length less than or equal to 4096"),
    ({"FirmwareUpdateRole": ""}, "firmwareUpdateRole", "length greater than or equal to 1"),
    ({"FirmwareUpdateRole": "r" * 2049}, "firmwareUpdateRole", "length less than or equal to 2048"),
    ({"Name": "n" * 257}, "name", "length less than or equal to 256"),
    ({"Description": "d" * 2049}, "description", "length less than or equal to 2048"),
    ({"RedundancyPercent": -1}, "redundancyPercent", "value greater than or equal to 0"),
    ({"RedundancyPercent": 101}, "redundancyPercent", "value less than or equal to 100"),
    ({"FragmentSizeBytes": 0}, "fragmentSizeBytes", "value greater than or equal to 1"),
    ({"FragmentIntervalMS": 0}, "fragmentIntervalMS", "value greater than or equal to 1"),
    ({"LoRaWAN": {"RfRegion": "EU"}}, "loRaWAN.rfRegion", "enum value set: [EU868, US915, AU915, AS923-1"),
    ({"Descriptor": "***"}, "descriptor", "regular expression pattern: ^(?:[A-Za-z0-9+/]{4})*"),
    ({"Descriptor": "AQIDBA=="[:-1]}, "descriptor", "regular expression pattern"),
    ({"Descriptor": "AAAA\n"}, "descriptor", "regular expression pattern"),
    ({"Descriptor": "AAAA" * 84}, "descriptor", "length less than or equal to 332"),
]
OUT_OF_BOUNDS_ON_CREATE = [
    ({"ClientRequestToken": ""}, "clientRequestToken", "length greater than or equal to 1"),
    ({"ClientRequestToken": "t" * 65}, "clientRequestToken", "length less than or equal to 64"),
    ({"ClientRequestToken": "a b"}, "clientRequestToken", "regular expression pattern: ^[a-zA-Z0-9-_]+$"),
]
WITHIN_BOUNDS = [
    {"FirmwareUpdateImage": "s" * 4096},
    {"FirmwareUpdateRole": "r" * 2048},
    {"Name": ""},
    {"Name": "n" * 256},
    {"Description": "é" * 2048},
    {"RedundancyPercent": 0},
    {"RedundancyPercent": 100},
    {"FragmentSizeBytes": 2**31 - 1},
    {"FragmentIntervalMS": 1},
    {"Descriptor": ""},
    {"Descriptor": "AAAA" * 83},
    {"LoRaWAN": {}},
]


@pytest.mark.parametrize(("fields", "member", "constraint"), OUT_OF_BOUNDS + OUT_OF_BOUNDS_ON_CREATE)
def test_create_fails_out_of_bounds(client, refusal, fields, member, constraint):
    error = refusal(client.create_fuota_task, **{**CREATE, **fields})
    assert (error["code"], error["status"]) == ("ValidationException", 400)
    assert f"at '{member}' failed to satisfy constraint" in error["message"]
    assert constraint in error["message"]
    assert client.list_fuota_tasks()["FuotaTaskList"] == []


@pytest.mark.parametrize(("fields", "member", "constraint"), OUT_OF_BOUNDS)
def test_update_fails_out_of_bounds(client, task, refusal, *, fields, member, constraint):
    error = refusal(client.update_fuota_task, Id=task(), **fields)
    assert error["code"] == "ValidationException"
    assert f"at '{member}'" in error["message"]
    assert constraint in error["message"]


@pytest.mark.parametrize("fields", WITHIN_BOUNDS)
def test_create_and_update_take_the_ends_of_the_range(client, task, fields):
    client.update_fuota_task(Id=task(), **fields)
    client.create_fuota_task(**{**CREATE, **fields})


@pytest.mark.parametrize("member", ["FirmwareUpdateImage", "FirmwareUpdateRole"])
def test_create_fails_without_a_required_member(client, refusal, member):
    fields = {name: value for name, value in CREATE.items() if name != member}
    error = refusal(client.create_fuota_task, **fields)
    path = member[0].lower() + member[1:]
    assert error["message"] == (
        f"1 validation error detected: Value null at '{path}' failed to satisfy constraint: Member must not be null"
    )


def test_every_broken_member_is_named(client, refusal):
    error = refusal(client.create_fuota_task, FirmwareUpdateImage="", RedundancyPercent=500)
    assert error["message"].startswith("3 validation errors detected: ")
    for member in ("'firmwareUpdateImage'", "'firmwareUpdateRole'", "'redundancyPercent'", "'500'"):
        assert member in error["message"]


def test_a_long_value_is_cut_in_the_message(client, refusal):
    error = refusal(client.create_fuota_task, **CREATE, Name="n" * 100_000)
    assert f"'{'n' * 200}...'" in error["message"]
    assert len(error["message"]) <= 2048


def test_a_message_is_never_longer_than_the_model_says(client, refusal):
    tags = [{"Key": f"{index}", "Value": "v" * 300} for index in range(50)]
    assert len(refusal(client.create_fuota_task, **CREATE, Tags=tags)["message"]) == 2048


WRONG_TYPES = [
    ("RedundancyPercent", "50"),
    ("RedundancyPercent", 50.0),
    ("RedundancyPercent", True),
    ("FragmentSizeBytes", 2**31),
    ("Name", 7),
    ("LoRaWAN", "EU868"),
    ("LoRaWAN", []),
    ("Tags", {"fleet": "north"}),
    ("Tags", ["fleet"]),
]


@pytest.mark.parametrize(("member", "value"), WRONG_TYPES)
def test_create_fails_on_a_wrong_json_type(cloud, member, value):
    status, answer = cloud.http("POST", "/fuota-tasks", json.dumps({**CREATE, member: value}).encode())
    assert status == 400
    assert "Member must be of type" in json.loads(answer)["Message"]


NO_JSON = {
    b"{": "is not JSON: Expecting property name enclosed in double quotes at line 1, column 2",
    b"{}x": "is not JSON: Extra data at line 1, column 3",
    b"[]": "is not a JSON object",
    b'"x"': "is not a JSON object",
    b'{"Name": "\xff"}': "is not UTF-8: byte 11 is wrong",
    '{"Name": "x"}'.encode("utf-16"): "is not UTF-8: byte 1 is wrong",
    b'{"Name": "\\ud800"}': "has half of a surrogate pair, which is no Unicode text",
    b'{"Name": "\\uDFFF x"}': "has half of a surrogate pair, which is no Unicode text",
    b'{"Tags": [{"Key": "\\udc00", "Value": "v"}]}': "has half of a surrogate pair, which is no Unicode text",
    b'{"\\ud83d": 1}': "has half of a surrogate pair, which is no Unicode text",
    b'{"RedundancyPercent": NaN}': "has NaN, which JSON does not know",
    b'{"RedundancyPercent": -Infinity}': "has -Infinity, which JSON does not know",
    b'{"RedundancyPercent": 1e999}': "has a number that is too large",
    b'{"RedundancyPercent": ' + b"9" * 5000 + b"}": "has a number that is too long",
    b"[" * 100_000: "is nested too deeply: at most 100 levels",
    b'{"Name": ' + b"[" * 500 + b"]" * 500 + b"}": "is nested too deeply: at most 100 levels",
    b'{"Name": ' + b'{"a":' * 150 + b"1" + b"}" * 150 + b"}": "is nested too deeply: at most 100 levels",
}


@pytest.mark.parametrize(("body", "said"), NO_JSON.items())
def test_fails_on_a_body_that_is_no_json_object_in_words_of_json(cloud, body, said):
    status, answer = cloud.http("POST", "/fuota-tasks", body, account="123456789012")
    assert (status, json.loads(answer)["Message"]) == (400, f"the request body {said}")
    status, answer = cloud.http("POST", "/_fuota/clock", body)
    assert (status, json.loads(answer)["error"]) == (400, f"the request body {said}")


@pytest.mark.parametrize(
    "name", ["\U0001f4a1 lamp", "\x1b[31mred\x1b[0m", "a\x00b", "a\nb", "\x7f", "\u202eabc", "\ufeff"]
)
def test_a_name_may_have_any_unicode_character(client, name):
    task = client.create_fuota_task(**{**CREATE, "Name": name})["Id"]
    assert client.get_fuota_task(Id=task)["Name"] == name
    assert name in [each["Name"] for each in client.list_fuota_tasks()["FuotaTaskList"]]


def test_nulls_and_unknown_members_are_ignored(cloud, client):
    body = {**CREATE, "Name": None, "LoRaWAN": {"RfRegion": None, "Color": 1}, "ProtocolType": "Sidewalk"}
    status, answer = cloud.http("POST", "/fuota-tasks", json.dumps(body).encode(), account="123456789012")
    assert status == 201
    got = client.get_fuota_task(Id=json.loads(answer)["Id"])
    assert {"Name", "ProtocolType", "LoRaWAN"}.isdisjoint(got) or got["LoRaWAN"] == {}


def test_an_empty_body_is_an_empty_object(cloud):
    status, answer = cloud.http("POST", "/fuota-tasks", b"")
    assert (status, json.loads(answer)["Message"][:30]) == (400, "2 validation errors detected: ")


@pytest.mark.parametrize("value", ["many", "1.5", "-1", "251", "", "1" * 400])
def test_fails_on_a_number_in_the_query_that_is_none(cloud, value):
    status, answer = cloud.http("GET", f"/fuota-tasks?maxResults={value}")
    assert status == 400
    assert "'maxResults'" in json.loads(answer)["Message"]
