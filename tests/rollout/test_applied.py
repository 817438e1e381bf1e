"""Applied, not only delivered: what the devices report in the user's table decides."""

import pytest
from device_versions import TableTooBusyError, VersionReport, is_version, reported_versions
from rollout_rig import HOUR, MINUTE, ONE_WAVE, ClockedCalls, Rig, outcomes
from rollout_stores import VERSIONS
from test_check import APPLIED, report_after_sessions


def test_a_rollout_whose_devices_report_the_version_is_over_as_soon_as_all_have(rig) -> None:
    rig.fleet(good={"count": 20})
    report_after_sessions(rig)
    output = rig.run(rig.settings(**APPLIED))
    assert (output["status"], outcomes(output)) == ("SUCCEEDED", ["INCONCLUSIVE", "PASSED", "PASSED"])
    assert [wave["counts"]["applied"] for wave in output["waves"]] == [4, 6, 10]
    assert rig.metric("RolloutAppliedDevices") == [4, 6, 10]
    assert output["reason"] == "all waves are over"
    assert "10 of 10 devices report version 2.4.0; " in output["waves"][1]["reason"]
    settled = rig.took("settle")
    assert not any(answer["versionsBy"] for answer in settled if answer["next"] == "wait" and "versionsBy" in answer)


def test_firmware_that_delivers_and_goes_back_to_the_old_version_aborts_in_the_canary(rig) -> None:
    rig.fleet(good={"count": 20})
    report_after_sessions(rig, "2.3.9")
    output = rig.run(rig.settings(waves=[{"devices": 8}, {"percent": 100}], **APPLIED))
    assert (output["status"], outcomes(output)) == ("ABORTED", ["ABORTED"])
    assert (
        "0 of 8 devices report version 2.4.0 (8 have the image, 8 of them report another version)" in output["reason"]
    )
    gate = rig.read("wave-0/gate.json")
    assert gate["versions"] == {"2.3.9": 8}
    assert gate["tally"]["other_version"] == 8
    assert {found["version"] for found in rig.read("wave-0/statuses-0.json").values()} == {"2.3.9"}
    assert rig.requests("StartFuotaTask") == 1


def test_devices_that_report_nothing_are_waited_for_until_the_deadline_and_told_apart(rig) -> None:
    rig.fleet(good={"count": 10})
    before_it = rig.clock()
    rig.report("2.3.9", *rig.devices[:5], at=before_it)  # reported before the session: says nothing of it
    output = rig.run(rig.settings(waves=ONE_WAVE, **APPLIED))
    assert output["status"] == "ABORTED"
    assert "10 of them report none since" in output["reason"]
    assert rig.read("wave-0/gate.json")["versions"] == {}
    *waits, last = rig.took("settle")
    deadline = next(answer["versionsBy"] for answer in waits if answer.get("versionsBy"))
    assert deadline == pytest.approx(last["doneAt"] + HOUR)
    assert rig.clock() >= deadline


def test_late_reports_count_until_the_deadline(rig) -> None:
    rig.fleet(good={"count": 10})

    def before(turn):
        if turn.step == "settle":
            due = rig.clock() > turn.state["doneAt"] + 50 * MINUTE
            rig.report("2.4.0" if due else "2.3.9", *rig.devices)

    rig.before_step = before
    output = rig.run(rig.settings(waves=ONE_WAVE, **APPLIED))
    assert output["status"] == "SUCCEEDED"
    assert output["waves"][0]["counts"]["applied"] == 10


@pytest.mark.parametrize(
    ("wanted", "reported", "is_it"),
    [
        ("2.4.0", "2.4.0", True),
        ("2.4.0", "v2.4.0 ", True),
        ("V2.4.0", "2.4.0", True),
        ("2.4.0", "2.4", False),
        ("2.4.0", "2.4.0+7", False),
        ("2.4.0-rc1", "2.4.0-RC1", False),
        ("vega", "ega", False),
    ],
)
def test_versions_are_the_same_as_texts(wanted, reported, is_it) -> None:
    assert is_version(wanted, reported) is is_it


def test_more_reports_than_one_request_answers(rig: Rig) -> None:
    devices = [f"device-{number}" for number in range(205)]
    rig.report("2.4.0", *devices[:203])
    found = reported_versions(VERSIONS, [*devices, devices[0]], ClockedCalls(rig))
    assert len(found) == 203


@pytest.mark.parametrize(
    ("item", "report"),
    [
        ({"Version": {"N": "7"}, "Time": {"S": "2027-01-15T08:00:00Z"}}, VersionReport("7", 1_800_000_000.0)),
        ({"Version": {"S": "7"}, "Time": {"S": "2027-01-15T08:00:00"}}, VersionReport("7", 1_800_000_000.0)),
        ({"Version": {"S": "7"}, "Time": {"N": "1800000000000"}}, VersionReport("7", 1_800_000_000.0)),
        ({"Version": {"S": "7"}, "Time": {"N": "1800000000"}}, VersionReport("7", 1_800_000_000.0)),
        ({"Version": {"S": "7"}, "Time": {"S": "yesterday"}}, VersionReport("7", None)),
        ({"Version": {"S": "7"}}, VersionReport("7", None)),
        ({"Version": {"BOOL": True}, "Time": {"N": "1"}}, None),
        ({"Time": {"N": "1"}}, None),
    ],
)
def test_what_pipelines_write_is_read(rig: Rig, item, report) -> None:
    rig.dynamodb.put_item(TableName=VERSIONS, Item={"WirelessDeviceId": {"S": "one"}, **item})
    assert reported_versions(VERSIONS, ["one", "two"], ClockedCalls(rig)).get("one") == report


class Busy(ClockedCalls):
    """A table that answers one key a request, or none at all."""

    def __init__(self, rig: Rig, *, answers: bool) -> None:
        super().__init__(rig)
        self.requests, self._answers = 0, answers

    @property
    def dynamodb(self):
        return self

    def batch_get_item(self, RequestItems):  # noqa: N803  # as boto3 has it
        self.requests += 1
        [[table, asked]] = RequestItems.items()
        first, *rest = asked["Keys"] if self._answers else [None, *asked["Keys"]]
        items = [{**first, "Version": {"S": "1"}}] if first else []
        return {
            "Responses": {table: items},
            "UnprocessedKeys": {table: {**asked, "Keys": rest}} if rest else {},
        }


def test_keys_that_are_left_over_are_asked_for_again(rig: Rig) -> None:
    calls, began = Busy(rig, answers=True), rig.clock()
    assert set(reported_versions(VERSIONS, ["one", "two", "three"], calls)) == {"one", "two", "three"}
    assert calls.requests == 3
    assert rig.clock() > began


def test_fails_where_the_table_leaves_them_over_again_and_again(rig: Rig) -> None:
    with pytest.raises(TableTooBusyError, match="too little capacity"):
        reported_versions(VERSIONS, ["one"], Busy(rig, answers=False))
