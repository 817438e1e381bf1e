"""Devices that are there already, simulated as the cohorts of a fleet."""

import pytest

PLACE = {"account": "123456789012", "aws_region": "eu-west-1"}
COHORTS = [{"name": "near", "count": 90, "loss": 0}, {"name": "far", "count": 10, "loss": 1}]


def test_devices_of_a_task_are_what_the_cohorts_are(cloud) -> None:
    ids = [f"device-{n}" for n in range(10)]
    cloud.admin("POST", "stand-ins", {**PLACE, "wireless_devices": ids})
    task = cloud.task(FragmentSizeBytes=None)
    for device in ids:
        cloud.client.associate_wireless_device_with_fuota_task(Id=task, WirelessDeviceId=device)
    made = cloud.admin("POST", "fleet", {**PLACE, "cohorts": COHORTS, "device_ids": ids})
    assert made["devices"] == 10
    assert [(cohort["name"], cohort["count"]) for cohort in made["cohorts"]] == [("near", 9), ("far", 1)]
    assert made["cohorts"][1]["device_ids"] == ["device-9"]
    cloud.run(task)
    assert cloud.devices(task) == {**dict.fromkeys(ids[:9], "Successful"), "device-9": "MissingFrag"}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"device_ids": ["d"]}, "device_ids need account and aws_region"),
        ({**PLACE, "device_ids": []}, "give a list of ids of wireless devices"),
        ({**PLACE, "device_ids": "d"}, "give a list of ids of wireless devices"),
        (
            {**PLACE, "device_ids": ["nobody"]},
            "device_ids has 'nobody', which does not exist in 123456789012, eu-west-1",
        ),
    ],
)
def test_fails_to_take_what_is_not_there(cloud, document, message) -> None:
    assert message in cloud.admin("POST", "fleet", {"devices": 3, **document})["error"]
