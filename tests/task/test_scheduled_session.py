"""Two scheduled sessions of one app: whether they are for the same devices at the same time."""

from datetime import UTC, datetime, timedelta

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iotwireless as iotwireless
from aws_cdk import aws_ssm as ssm

from fuota_constructs import DeviceList, DlClass, FuotaTask, MulticastGroup, RfRegion

AT = (datetime.now(UTC) + timedelta(days=1)).replace(hour=22, minute=30, second=0, microsecond=0)
MINUTES = 50
"""1000 bytes in fragments of 40, one every 2 minutes."""
GROUP = "abcdef00-abcd-0000-0000-000000000000"
DEVICES = [f"0000000{number}-abcd-0000-0000-000000000000" for number in range(4)]


@pytest.fixture
def make(stack, image):
    def make(name, *, groups=(), devices=(), scope=None, size=40) -> FuotaTask:
        return FuotaTask(
            scope or stack,
            name,
            firmware_image=image,
            rf_region=RfRegion.EU868,
            fragment_size_bytes=size,
            fragment_interval=cdk.Duration.minutes(2),
            multicast_groups=groups,
            wireless_devices=devices,
        )

    return make


def group(stack, name, **given) -> MulticastGroup:
    return MulticastGroup(stack, name, rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C, **given)


def overlaps(task) -> list[tuple[str, str]]:
    return [(each.level, each.message) for each in task.findings if each.rule == "start-overlap"]


@pytest.mark.parametrize(
    ("minutes", "level"),
    [(0, "error"), (MINUTES - 1, "error"), (MINUTES, "warning"), (MINUTES + 39, "warning"), (MINUTES + 40, None)],
)
def test_a_group_has_one_session_at_a_time(stack, make, minutes, level) -> None:
    shared = group(stack, "Group")
    later, earlier = make("Later", groups=[shared]), make("Earlier", groups=[group(stack, "Other"), shared])
    if minutes:  # which of them is said first does not matter
        later.schedule_start(AT + timedelta(minutes=minutes))
    earlier.schedule_start(AT)
    if not minutes:
        later.schedule_start(AT)
    assert overlaps(earlier) == []
    assert [found[0] for found in overlaps(later)] == ([level] if level else [])
    for _, message in overlaps(later):
        assert "Stack/Earlier" in message
        assert "both are for the group Stack/Group" in message
        assert f"{AT + timedelta(minutes=MINUTES):%Y-%m-%d %H:%M:%S} UTC" in message
        assert f"start it {MINUTES + 40 - minutes} minutes later" in message


def test_fails_the_synth_once_for_two(app, stack, make) -> None:
    shared = group(stack, "Group")
    make("Later", groups=[shared]).schedule_start(AT + timedelta(minutes=10))
    make("Earlier", groups=[shared]).schedule_start(AT)
    with pytest.raises(RuntimeError) as raised:
        app.synth()
    assert str(raised.value).count("start-overlap: ") == 1
    assert "[Stack/Later] start-overlap: the session shall start at" in str(raised.value)


def test_a_device_is_in_one_session_however_it_is_named(stack, make) -> None:
    listed = group(stack, "Listed", wireless_devices=DeviceList.of(DEVICES[:2]))
    named = group(stack, "Named", wireless_devices=DEVICES[2:])
    earlier = make("Earlier", groups=[listed, named])
    earlier.schedule_start(AT)
    alone = {
        "InList": make("InList", devices=[DEVICES[1].upper()], size=None),
        "InGroup": make("InGroup", groups=[group(stack, "Again", wireless_devices=[DEVICES[2], DEVICES[3]])]),
        "Apart": make("Apart", groups=[group(stack, "Others", wireless_devices=["9" + DEVICES[2][1:]])]),
    }
    for task in alone.values():
        task.schedule_start(AT + timedelta(minutes=10))
    assert "both are for 1 of the same devices, such as " + DEVICES[1] in overlaps(alone["InList"])[0][1]
    found = [message for _, message in overlaps(alone["InGroup"]) if "Stack/Earlier" in message]
    assert "both are for 2 of the same devices, such as " + DEVICES[2] in found[0]
    assert overlaps(alone["Apart"]) == []
    alone["Apart"].add_multicast_group(listed)  # also later than the schedule
    assert len(overlaps(alone["Apart"])) == 2


def test_a_group_is_the_same_in_another_stack_and_imported_twice(app, stack, make) -> None:
    there = cdk.Stack(app, "There")
    made = iotwireless.CfnMulticastGroup(stack, "L1", lo_ra_wan={"rfRegion": "EU868", "dlClass": "ClassC"})
    make("A", groups=[made]).schedule_start(AT)
    crossing = make("B", groups=[made], scope=there)
    crossing.schedule_start(AT)
    assert [level for level, _ in overlaps(crossing)] == ["error"]
    imports = [MulticastGroup.from_multicast_group_id(each, "Imported", "g-1") for each in (stack, there)]
    make("C", groups=imports[:1]).schedule_start(AT)
    again = make("D", groups=imports[1:], scope=there)
    again.schedule_start(AT)
    assert [level for level, _ in overlaps(again)] == ["error"]


def test_the_window_stands_for_a_session_that_cannot_be_planned(stack, make) -> None:
    shared = group(stack, "Group")
    make("Earlier", groups=[shared], size=None).schedule_start(AT, window=cdk.Duration.hours(3))
    later = make("Later", groups=[shared])
    later.schedule_start(AT + timedelta(hours=2))
    assert [level for level, _ in overlaps(later)] == ["warning"]


def test_of_a_session_of_unknown_length_only_the_start_is_known(stack, make) -> None:
    shared = group(stack, "Group")
    make("Earlier", groups=[shared], size=None).schedule_start(AT)
    together, later = make("Together", groups=[shared], size=None), make("Later", groups=[shared])
    together.schedule_start(AT)
    later.schedule_start(AT + timedelta(minutes=1))
    assert [level for level, _ in overlaps(together)] == ["error"]
    assert overlaps(later) == []


def test_a_session_that_has_begun_is_warned_of_and_two_that_are_past_are_not(stack, make) -> None:
    shared, now = group(stack, "Group"), datetime.now(UTC)
    make("Running", groups=[shared], size=None).schedule_start(now - timedelta(hours=1), window=cdk.Duration.hours(9))
    later, past = make("Later", groups=[shared]), make("Past", groups=[shared])
    later.schedule_start(now + timedelta(hours=4))
    past.schedule_start(now - timedelta(minutes=30))
    assert [level for level, _ in overlaps(later)] == ["warning"]
    assert overlaps(past) == []


def test_apps_and_stages_do_not_meet(app, image, make) -> None:
    tasks = []
    for name in ("Beta", "Prod"):
        stack = cdk.Stack(cdk.Stage(app, name), "Stack")
        tasks.append(make("Task", groups=[group(stack, "Group")], scope=stack))
    other = cdk.Stack(cdk.App(), "Stack")
    tasks += [make("Task", groups=[MulticastGroup.from_multicast_group_id(other, "Group", "g-1")], scope=other)]
    for task in tasks:
        task.schedule_start(AT)
    assert [overlaps(task) for task in tasks] == [[], [], []]


def test_what_is_not_looked_up_yet_and_what_is_in_another_place_is_not_shared(app, image) -> None:
    found = []
    for region in ("eu-west-1", "us-east-1"):
        stack = cdk.Stack(app, f"In-{region}", env=cdk.Environment(account="111122223333", region=region))
        for name, id_ in (("LookedUp", ssm.StringParameter.value_from_lookup(stack, "/fleet/group")), ("Same", GROUP)):
            task = FuotaTask(
                stack,
                f"{name}Task",
                firmware_image=image,
                rf_region=RfRegion.EU868,
                multicast_groups=[MulticastGroup.from_multicast_group_id(stack, name, id_)],
            )
            task.schedule_start(AT)
            found += overlaps(task)
    assert found == []


def test_a_group_is_the_same_however_its_id_is_written(stack, make) -> None:
    one, other = (
        make(name, groups=[MulticastGroup.from_multicast_group_id(stack, f"{name}Group", id_)])
        for name, id_ in (("One", GROUP), ("Other", GROUP.upper()))
    )
    one.schedule_start(AT)
    other.schedule_start(AT)
    assert [level for level, _ in overlaps(other)] == ["error"]


def test_a_length_that_is_assumed_refuses_nothing(stack, image) -> None:
    shared = group(stack, "Group")
    for name in ("Earlier", "Later"):
        task = FuotaTask(
            stack,
            name,
            firmware_image=image,
            rf_region=RfRegion.EU868,
            fragment_size_bytes=10,
            multicast_groups=[shared],
        )
        task.schedule_start(AT + timedelta(minutes=name == "Later"))
    [(level, message)] = overlaps(task)
    assert level == "warning"
    assert "(assumed: its parameters do not say how long it takes)" in message
