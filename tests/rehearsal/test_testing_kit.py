"""The testing kit, used as its documentation says."""

from dataclasses import replace
from pathlib import Path

import pytest

from fuota_constructs import DeviceList
from fuota_constructs.local.errors import LocalCloudError
from fuota_constructs.local.fleet import Fleet
from fuota_constructs.local.rehearsal import Rehearsal
from fuota_constructs.local.testing import FuotaCloud
from fuota_constructs.lorawan.redundancy import decode_probability

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
DATA, CODED = 205, 62
"""What the examples make of their image: 22,856 bytes in fragments of 112 with 30 % redundancy."""


def test_firmware_arrives(fuota_cloud: FuotaCloud, fleet) -> None:
    fuota_cloud.deploy(ROOT)
    with pytest.raises(
        LocalCloudError,
        match="and the fleet has 500: give it 200",
    ):
        fuota_cloud.rehearse(fleet(devices=500))
    cohorts = [{"name": "street", "count": 150, "loss": "10%"}, {"name": "cellar", "count": 50, "loss": "12%"}]
    outcome = fuota_cloud.rehearse(Fleet.from_dict({"cohorts": cohorts, "seed": 1}))
    outcome.require("99%")
    named = list(DeviceList.from_file(ROOT / "devices" / "street-sensors.csv"))
    assert {device.id: device.cohort for device in outcome.devices} == {
        device: "street" if place < 150 else "cellar" for place, device in enumerate(named)
    }
    [task] = outcome.tasks
    assert (task.status, task.fragments_total, task.problem) == ("FuotaDone", DATA + CODED, None)


def test_fails_for_a_fleet_of_a_file_and_of_fields(fleet) -> None:
    with pytest.raises(TypeError, match="leave devices, loss out"):
        fleet(file="fleet.yaml", devices=500, loss="40%")


def test_fails_when_the_role_cannot_read_the_image_and_the_alarm_fires(fuota_cloud: FuotaCloud, fleet) -> None:
    fuota_cloud.deploy(ROOT / "examples" / "monitored")
    iam = fuota_cloud.client("iam")
    [role] = [role["RoleName"] for role in iam.list_roles()["Roles"] if "FirmwareUpdateRole" in role["RoleName"]]
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)

    outcome = fuota_cloud.rehearse(fleet(devices=20, loss=0))

    assert outcome.success_ratio == 0
    [task] = outcome.tasks
    assert task.status == "FuotaDone"  # as on AWS: done is not success
    assert task.problem
    with pytest.raises(AssertionError, match="FAILED 0 % < 99 %: devices 0/20 Initial") as missed:
        outcome.require("99%")
    assert "the service could not send it: role" in str(missed.value)
    fuota_cloud.poll_monitors()
    assert fuota_cloud.alarms()["DoneWithoutSuccess"] == "ALARM"


def test_success_agrees_with_the_planner(fuota_cloud: FuotaCloud, fleet) -> None:
    fuota_cloud.deploy(ROOT / "examples" / "monitored")
    outcome = fuota_cloud.rehearse(fleet(devices=400, loss=0.23, seed=7))
    expected = decode_probability(DATA, CODED, 0.23)
    deviation = (expected * (1 - expected) / 400) ** 0.5
    assert abs(outcome.success_ratio - expected) < 3.3 * deviation  # 1 in 1000, and the seed is fixed


def test_devices_that_are_named_are_the_first_of_the_fleet(fuota_cloud: FuotaCloud) -> None:
    client = fuota_cloud.client("iotwireless")
    filled, empty = (
        client.create_multicast_group(LoRaWAN={"RfRegion": "EU868", "DlClass": "ClassC"})["Id"] for _ in range(2)
    )
    named = [client.create_wireless_device(Type="LoRaWAN", DestinationName="d")["Id"] for _ in range(2)]
    for device in named:
        client.associate_wireless_device_with_multicast_group(Id=filled, WirelessDeviceId=device)
    task = client.create_fuota_task(FirmwareUpdateImage="s3://b/k", FirmwareUpdateRole="arn:aws:iam::1:role/r")["Id"]
    for group in (filled, empty):
        client.associate_multicast_group_with_fuota_task(Id=task, MulticastGroupId=group)
    with pytest.raises(LocalCloudError, match="give it 2 or more, for the groups it names none for"):
        Rehearsal(fuota_cloud.cloud).enrol(Fleet.of(devices=1))
    cohorts = [{"name": "street", "count": 3}, {"name": "cellar", "count": 2}]
    rehearsal = Rehearsal(fuota_cloud.cloud)
    assert rehearsal.enrol(Fleet.from_dict({"cohorts": cohorts})) == 5
    found = {device.id: device.cohort for device in rehearsal.outcome().devices}
    assert [found.pop(device) for device in named] == ["street", "street"]
    others = client.list_wireless_devices(MulticastGroupId=empty)["WirelessDeviceList"]
    assert sorted(found.values()) == ["cellar", "cellar", "street"]
    assert {device["Id"] for device in others} == found.keys()
    # A count that nobody asked for gives way to the devices of the app, one that somebody asked for does not.
    client.disassociate_multicast_group_from_fuota_task(Id=task, MulticastGroupId=empty)
    again = Rehearsal(fuota_cloud.cloud)
    assert again.enrol(replace(Fleet.of(devices=200), gives_way=True)) == 2
    assert again.fleet is not None
    assert again.fleet.devices == 2


def test_faults_and_the_clock(fuota_cloud: FuotaCloud) -> None:
    client = fuota_cloud.client("iotwireless")
    fuota_cloud.fail("CreateMulticastGroup", "throttle", times=2)
    group = client.create_multicast_group(LoRaWAN={"RfRegion": "EU868", "DlClass": "ClassC"})
    before = fuota_cloud.cloud.admin("clock")["now"]
    fuota_cloud.advance(3600)
    assert fuota_cloud.cloud.admin("clock")["now"] >= before + 3600
    assert client.get_multicast_group(Id=group["Id"])["Status"] == "Pending"


def test_fails_when_the_app_does_not_deploy(fuota_cloud: FuotaCloud, tmp_path: Path) -> None:
    (tmp_path / "cdk.json").write_text('{"app": "python3 -c \'raise SystemExit(3)\'"}')
    with pytest.raises(pytest.fail.Exception, match=r"cdk deploy of .* failed with exit code"):
        fuota_cloud.deploy(tmp_path)


def test_fails_when_there_is_nothing_to_rehearse(fuota_cloud: FuotaCloud, fleet) -> None:
    from fuota_constructs.local.errors import LocalCloudError

    with pytest.raises(LocalCloudError, match="no FUOTA task that is Pending was deployed"):
        fuota_cloud.rehearse(fleet(devices=1))


TWO_TASKS = """
import aws_cdk as cdk
from fuota_constructs import DlClass, FirmwareImage, FuotaTask, MulticastGroup, RfRegion

app = cdk.App()
stack = cdk.Stack(app, "Two")
groups = [
    MulticastGroup(stack, f"Group{{n}}", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C) for n in range(3)
]
for n, used in enumerate(({first}, {second})):
    FuotaTask(
        stack,
        f"Task{{n}}",
        fuota_task_name=f"task-{{n}}",
        firmware_image=FirmwareImage.from_asset({image!r}),
        rf_region=RfRegion.EU868,
        redundancy_percent=30,
        fragment_size_bytes=112,
        fragment_interval=cdk.Duration.seconds(7),
        multicast_groups=[groups[i] for i in used],
    )
app.synth()
"""


def two_tasks(folder: Path, first: tuple[int, ...], second: tuple[int, ...]) -> Path:
    image = str(ROOT / "firmware" / "sensor-1.1.0.bin")
    (folder / "app.py").write_text(TWO_TASKS.format(first=first, second=second, image=image))
    (folder / "cdk.json").write_text('{"app": "python3 app.py"}')
    return folder


def test_only_groups_that_are_updated_get_devices(fuota_cloud: FuotaCloud, fleet, tmp_path: Path) -> None:
    fuota_cloud.deploy(two_tasks(tmp_path, (0,), (1,)))
    outcome = fuota_cloud.rehearse(fleet(devices=20, loss="5%"))
    assert len(outcome.devices) == 20
    assert outcome.statuses == {"Successful": 20}
    assert {device.task_id for device in outcome.devices} == {task.task_id for task in outcome.tasks}
    assert outcome.session_seconds == 267 * 7


def test_fails_when_two_tasks_share_a_group(fuota_cloud: FuotaCloud, fleet, tmp_path: Path) -> None:
    from fuota_constructs.local.errors import LocalCloudError

    fuota_cloud.deploy(two_tasks(tmp_path, (0, 1), (1, 2)))
    with pytest.raises(LocalCloudError, match=r"task-0 and task-1 share the multicast group .* one by one"):
        fuota_cloud.rehearse(fleet(devices=20))
