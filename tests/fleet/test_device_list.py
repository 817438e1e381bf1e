"""DeviceList: what it reads, in which order, and where it says a mistake is."""

import json
import re
from pathlib import Path

import pytest

from fuota_constructs import DeviceList, FuotaValidationError

ONE, TWO, THREE = (f"{number:08x}-aaaa-4bbb-8ccc-{number:012x}" for number in (1, 2, 3))


def file(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("meters.txt", f"{ONE}\n{TWO}\n{THREE}\n"),
        ("meters", f"\n# street\n  {ONE}  # kitchen\r\n\r\n{TWO}\r\n\t\n{THREE}"),
        ("meters.txt", f"\ufeff{ONE.upper()}\n{TWO}\r{THREE}"),
        ("meters.csv", f"wireless_device_id\n{ONE}\n{TWO}\n{THREE}\n"),
        ("meters.CSV", f'\n# export\nName;WirelessDeviceId;id\n"a; b";{ONE};1\n"two\nlines";{TWO};2\n\n;{THREE};3'),
        ("meters.csv", f'\ufeff"Device-ID"\t"Name"\r\n"{ONE}"\t\r\n{TWO}\tx\r\n{THREE}\r\n'),
        ("meters.tsv", f"ID\n{ONE}\n{TWO}\n#{ONE}\n{THREE}\n"),
        ("meters.json", json.dumps([ONE, TWO, THREE])),
        ("meters.json", json.dumps([{"device_id": ONE, "id": 1}, {"Id": TWO}, {"WirelessDeviceId": THREE}])),
        ("meters.json", json.dumps({"WirelessDeviceList": [{"Arn": "a", "Id": each} for each in (ONE, TWO, THREE)]})),
    ],
)
def test_reads_lines_tables_and_json(tmp_path, name, content):
    devices = DeviceList.from_file(file(tmp_path, name, content))
    assert devices.ids == tuple(devices) == (ONE, TWO, THREE)
    assert len(devices) == 3
    assert devices.text == f"{ONE}\n{TWO}\n{THREE}\n"
    assert devices.sha256 == DeviceList.of([ONE, TWO, THREE]).sha256 != DeviceList.of([TWO, ONE, THREE]).sha256
    assert repr(devices) == f"<DeviceList of 3 devices: {tmp_path / name}>"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("m.txt", f"{ONE}\n\n#\n{ONE.upper()}\n", f"line 4 has {ONE} again, which line 1 has"),
        ("m.txt", f"{ONE}\n{TWO[:-1]}\n", f"line 2 has '{TWO[:-1]}', which is no id of a wireless device; give 32"),
        ("m.txt", f"{ONE},{TWO}\n", "line 1 has"),
        (
            "m.txt",
            "70b3d57ed0050001\n",
            "a DevEUI; give the id of the device, which aws .* --identifier 70b3d57ed0050001 ",
        ),
        ("m.txt", "70-B3-D5-7E-D0-05-00-01\n", "DevEui --identifier 70B3D57ED0050001 prints"),
        ("m.txt", f"arn:aws:iotwireless:eu-west-1:111122223333:WirelessDevice/{ONE}", "an ARN; give the id alone"),
        ("m.csv", f"id,name\n{ONE},a\n{TWO},b\n\n{ONE},c\n", f"line 5 has {ONE} again, which line 2 has"),
        ("m.csv", f"name,id\na,{ONE}\nb\n", "line 3 has '', which is no id"),
        ("m.csv", f"{ONE}\n{TWO}\n", f"line 1 must name the columns, one of them wireless_device_id .* has '{ONE}'"),
        ("m.csv", f"dev_eui,name\n{ONE},x\n", "has 'dev_eui, name'; name the column of the ids so"),
        ("m.json", json.dumps([ONE, TWO, ONE], indent=1), f"line 4 has {ONE} again, which line 2 has"),
        ("m.json", json.dumps([ONE, 7], indent=1), "line 3 has 7, which is no id"),
        ("m.json", json.dumps([{"name": "x"}]), "item 1 has {'name': 'x'}, which is no id"),
        ("m.json", json.dumps({"devices": [ONE]}), "is no list; give a JSON list of ids, or what aws"),
        ("m.json", f"[{ONE}]", "is no JSON: "),
        ("m.txt", "# nobody\n\n", "has no ids; give one a device, or leave the list out"),
        ("m.csv", "", "has no ids"),
        ("m.csv", "wireless_device_id\n", "has no ids"),
        ("m.json", "[]", "has no ids"),
        ("m.txt", b"\xff\xfe0\x00", "is no text in UTF-8 .byte 0.; save it as one"),
        ("m.txt", "x\n" * 7, "line 5 has 'x'[^;]*; give [^;]*; and 2 more$"),
    ],
)
def test_fails_when_a_file_has_mistakes(tmp_path, name, content, words):
    path = file(tmp_path, name, content)
    with pytest.raises(FuotaValidationError) as raised:
        DeviceList.from_file(path)
    assert raised.value.rule == "device-list"
    assert re.search(words, raised.value.message), raised.value.message
    assert str(path) in raised.value.message


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("missing.csv", "'missing.csv' does not exist in '.*', where it was looked for; correct the path"),
        ("/nowhere/missing.csv", "'/nowhere/missing.csv' does not exist; correct the path"),
        ("~nobody-of-that-name/x", "cannot be read"),
        ("a\0b", "cannot be read"),
        (".", "is a directory; give the file in it"),
        (7, "path is 7; give the path of a file"),
    ],
)
def test_fails_when_there_is_no_file(path, words):
    with pytest.raises(FuotaValidationError, match=words):
        DeviceList.from_file(path)


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        ([], "ids has no ids"),
        (ONE, "give a list of ids"),
        (7, "give a list of ids"),
        (list, "give a list of ids"),
        ([ONE, TWO, ONE], f"item 3 has {ONE} again, which item 1 has"),
        ([None], "item 1 has None, which is no id"),
        (
            ["${Token[TOKEN.9]}"],
            "a value known only at deployment, which is no id yet: give it to the group, wireless_devices=",
        ),
    ],
)
def test_fails_when_ids_are_none(ids, words):
    with pytest.raises(FuotaValidationError, match=words):
        DeviceList.of(ids)


@pytest.mark.parametrize("name", ["m.txt", "m.csv", "m.json"])
def test_reads_a_hundred_thousand_ids(tmp_path, name):
    ids = [f"{number:08x}-aaaa-4bbb-8ccc-{number:012x}" for number in range(100_000)]
    text = json.dumps(ids, indent=0) if name.endswith("json") else "\n".join(["id", *ids][name.endswith("txt") :])
    devices = DeviceList.from_file(file(tmp_path, name, text))
    assert devices.ids == tuple(ids)
    assert len(devices.text) == 37 * 100_000
