"""What devices report to run, in the table of a rollout."""

import pytest

from fuota_constructs.local.fleet import Fleet, FleetError
from fuota_constructs.local.fleet.device import Device
from fuota_constructs.local.fleet.version_reports import ROLLOUT_TAG, VersionTable

PLACE = {"account": "123456789012", "aws_region": "eu-west-1"}
ASKED = {**PLACE, "table": "versions", "rollout": "Stack/Rollout", "version": "2.4.0"}


@pytest.fixture
def written(cloud):
    """What was written, latest last, by device."""
    found = {}

    def write(table: VersionTable, reports) -> None:
        assert table == VersionTable("123456789012", "eu-west-1", "versions", "Stack/Rollout", "2.4.0")
        for report in reports:
            found.setdefault(report.device_id, []).append((report.version, report.at))

    cloud.service.version_writer = write
    return found


def session_of(cloud, **cohorts):
    """A session of the rollout for these cohorts, to its end; answers with the ids of their devices."""
    group = cloud.group()
    document = {"seed": 1, "groups": [group], "cohorts": [{"name": name, **facts} for name, facts in cohorts.items()]}
    made = cloud.admin("POST", "fleet", document)
    assert cloud.admin("POST", "versions", ASKED) == {}
    task = cloud.task(group, Tags=[{"Key": ROLLOUT_TAG, "Value": "Stack/Rollout"}])
    cloud.run(task, seconds=600)
    return {cohort["name"]: cohort["device_ids"] for cohort in made["cohorts"]}


def test_each_cohort_reports_as_it_says(cloud, written) -> None:
    ids = session_of(
        cloud,
        good={"count": 4, "runs": "2.3.9"},
        back={"count": 3, "reports": "2.3.8"},
        stubborn={"count": 2, "runs": "2.3.9", "never_reboots": 1},
        mute={"count": 2, "never_reboots": 1},
        bricks={"count": 2, "bricks": 1},
        deaf={"count": 2, "loss": {"kind": "listed", "lost": list(range(1, 200))}},
    )
    said = {name: [[version for version, _ in written.get(each, [])] for each in ids[name]] for name in ids}
    assert said["good"] == [["2.3.9", "2.4.0"]] * 4
    assert said["back"] == [["2.3.8"]] * 3
    assert {tuple(each) for each in said["stubborn"]} == {("2.3.9", "2.3.9")}
    assert said["mute"] == said["bricks"] == said["deaf"] == [[]] * 2
    cloud.clock.time += 3600
    cloud.client.list_fuota_tasks()
    assert {len(written[each]) for each in ids["back"]} == {2}  # they say it again and again
    assert {len(written[each]) for each in ids["good"]} == {2}
    [first, second] = written[ids["back"][0]]
    assert cloud.clock.time - 120 <= second[1] <= cloud.clock.time
    assert second[1] > first[1]


@pytest.mark.parametrize("share", [0, 0.1, 1])
def test_so_many_never_reboot(share) -> None:
    fleet = Fleet.from_dict({"cohorts": [{"count": 1000, "never_reboots": share}]})
    made = [Device(fleet.cohorts[0], str(number), number, 1, bytes(16)) for number in range(1000)]
    assert sum(device.never_reboots for device in made) == pytest.approx(1000 * share, abs=4)


@pytest.mark.parametrize("given", [{"runs": ""}, {"reports": 2.4}, {"never_reboots": 2}])
def test_fails_for_what_nobody_reports(given) -> None:
    with pytest.raises(FleetError, match=next(iter(given))):
        Fleet.from_dict({"cohorts": [{"count": 1, **given}]})


def test_fails_for_half_a_table(cloud) -> None:
    answer = cloud.admin("POST", "versions", {**PLACE, "table": "versions"})
    assert answer["status"] == 400
    assert "give all of account, aws_region, table, rollout, version" in answer["error"]


def test_nothing_is_written_where_nobody_asks(cloud) -> None:
    group = cloud.group()
    cloud.fleet(devices=2, groups=[group])
    assert cloud.run(cloud.task(group)) == {"Successful": 2}
    assert cloud.service.sessions.versions_due(cloud.clock()) == {}
