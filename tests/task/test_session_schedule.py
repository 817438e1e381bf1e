"""schedule_start: what is in the template, what is refused, and that the service would take the input."""

import json
from datetime import UTC, datetime, timedelta, timezone

import aws_cdk as cdk
import boto3
import cfnlint.api
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Annotations, Match
from botocore.validate import ParamValidator
from cdk_nag import AwsSolutionsChecks

from fuota_constructs import DlClass, FuotaTask, FuotaValidationError, IFuotaTask, MulticastGroup, RfRegion

SCHEDULE, GROUP = "AWS::Scheduler::Schedule", "AWS::Scheduler::ScheduleGroup"
TASK_ID = "11111111-2222-3333-4444-555555555555"
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(hour=22, minute=30, second=0, microsecond=0)


@pytest.fixture
def task(stack, image) -> FuotaTask:
    group = MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
    return FuotaTask(
        stack,
        "Task",
        firmware_image=image,
        rf_region=RfRegion.EU868,
        fragment_size_bytes=40,
        fragment_interval=cdk.Duration.minutes(2),
        multicast_groups=[group],
    )


@pytest.fixture
def imported(stack) -> IFuotaTask:
    return FuotaTask.from_fuota_task_id(stack, "Imported", TASK_ID)


def rules_of(findings) -> list[str]:
    return [finding.rule for finding in findings if finding.rule.startswith("start-")]


def test_calls_forty_minutes_before_the_session(stack, imported, synth) -> None:
    schedule = imported.schedule_start(TOMORROW)
    properties = synth(stack).properties(SCHEDULE)
    assert properties["ScheduleExpression"] == f"at({TOMORROW - timedelta(minutes=40):%Y-%m-%dT%H:%M:%S})"
    assert properties["ScheduleExpressionTimezone"] == "UTC"
    assert properties["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule.at == TOMORROW
    assert TOMORROW - schedule.calls_at == timedelta(minutes=40)
    assert cdk.Token.is_unresolved(schedule.schedule_name)


def test_a_late_last_call_is_still_early_enough(stack, imported, synth) -> None:
    imported.schedule_start(TOMORROW)
    policy = synth(stack).properties(SCHEDULE)["Target"]["RetryPolicy"]
    a_minute_late = 60
    assert 40 * 60 - a_minute_late - policy["MaximumEventAgeInSeconds"] > 30 * 60
    assert 60 <= policy["MaximumEventAgeInSeconds"] <= 86_400
    assert 0 <= policy["MaximumRetryAttempts"] <= 185


def test_calls_the_service_itself_with_what_its_model_takes(stack, imported, synth) -> None:
    imported.schedule_start(TOMORROW)
    target = synth(stack).properties(SCHEDULE)["Target"]
    service = ":scheduler:::aws-sdk:iotwireless:startFuotaTask"
    assert target["Arn"] == {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, service]]}
    given = json.loads(target["Input"])
    assert given == {"Id": TASK_ID, "LoRaWAN": {"StartTime": f"{TOMORROW:%Y-%m-%dT%H:%M:%SZ}"}}
    operation = boto3.client("iotwireless").meta.service_model.operation_model("StartFuotaTask")
    assert operation.name[0].lower() + operation.name[1:] == service.rpartition(":")[2]
    report = ParamValidator().validate(given, operation.input_shape)
    assert not report.has_errors(), report.generate_report()
    assert set(given) <= set(operation.input_shape.members)
    assert set(given["LoRaWAN"]) == set(operation.input_shape.members["LoRaWAN"].members)


def test_the_role_may_start_this_one_task_and_only_the_scheduler_has_it(stack, task, synth) -> None:
    task.schedule_start(TOMORROW)
    template = synth(stack)
    [role] = [body for name, body in template.all("AWS::IAM::Role").items() if "ScheduledStart" in name]
    [policy] = role["Properties"]["Policies"]
    [task_name] = template.all("Custom::FuotaTask")
    assert template.statements(policy) == [
        {
            "Sid": "StartFuotaTask",
            "Effect": "Allow",
            "Action": ["iotwireless:StartFuotaTask"],
            "Resource": [{"Fn::GetAtt": [task_name, "Arn"]}],
        }
    ]
    [trust] = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


@pytest.mark.parametrize("encryption", list(sqs.QueueEncryption))
def test_a_start_refused_for_good_is_reported_to_a_queue(stack, task, imported, synth, encryption) -> None:
    queue = sqs.Queue(stack, "MissedStarts", encryption=encryption, enforce_ssl=True)
    task.schedule_start(TOMORROW, dead_letter_queue=queue)
    imported.schedule_start(TOMORROW)
    template = synth(stack)
    [reported] = [
        body["Properties"]["Target"]
        for body in template.all(SCHEDULE).values()
        if "DeadLetterConfig" in body["Properties"]["Target"]
    ]
    arn = {"Fn::GetAtt": [*template.all("AWS::SQS::Queue"), "Arn"]}
    assert reported["DeadLetterConfig"] == {"Arn": arn}
    [role] = [body for name, body in template.all("AWS::IAM::Role").items() if "TaskScheduledStart" in name]
    _, *report = template.statements(role["Properties"]["Policies"][0])
    assert (report[0]["Action"], report[0]["Resource"]) == (["sqs:SendMessage"], [arn])
    keys = template.all("AWS::KMS::Key")
    assert [each["Resource"] for each in report[1:]] == [[{"Fn::GetAtt": [key, "Arn"]}] for key in keys]
    assert [str(match) for match in cfnlint.api.lint(json.dumps(template))] == []


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda stack: sqs.Queue(stack, "Queue", fifo=True), "a FIFO queue, which EventBridge Scheduler does not take"),
        (lambda stack: sqs.CfnQueue(stack, "Queue"), r"a CfnQueue \(Stack/Queue\); give a queue"),
        (lambda _: "arn:aws:sqs:eu-west-1:111122223333:missed", "'arn:aws:sqs:eu-west-1:111122223333:missed'; give"),
    ],
)
def test_fails_for_what_is_no_queue_that_can_be_told(stack, task, imported, make, words) -> None:
    queue = make(stack)
    for scheduled in (task, imported):
        with pytest.raises(FuotaValidationError, match=f"start-dead-letter-queue: .*{words}"):
            scheduled.schedule_start(TOMORROW, dead_letter_queue=queue)


def test_a_group_and_a_role_of_ones_own_are_used(stack, task, imported, synth) -> None:
    group = scheduler.ScheduleGroup(stack, "Sessions")
    role = iam.Role(stack, "Starter", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"))
    for scheduled in (task, imported):
        schedule = scheduled.schedule_start(TOMORROW, schedule_group=group, role=role)
        assert schedule.role is role
    template = synth(stack)
    [group_name] = template.all(GROUP)
    [role_name] = [name for name in template.all("AWS::IAM::Role") if name.startswith("Starter")]
    for body in template.all(SCHEDULE).values():
        assert body["Properties"]["GroupName"] == template.all(GROUP)[group_name]["Properties"]["Name"]
        assert group_name in body["DependsOn"]
        assert body["Properties"]["Target"]["RoleArn"] == {"Fn::GetAtt": [role_name, "Arn"]}
        [policy] = [name for name in body["DependsOn"] if "ScheduledStartPolicy" in name]
        [allowed] = template.statements(template.all("AWS::IAM::Policy")[policy]["Properties"])
        assert allowed["Action"] == ["iotwireless:StartFuotaTask"]
    assert [str(match) for match in cfnlint.api.lint(json.dumps(template))] == []


def test_l1s_are_taken_for_group_and_role(stack, task, synth) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.CfnRole(stack, "Starter", assume_role_policy_document={"Statement": [trust]})
    task.schedule_start(TOMORROW, schedule_group=scheduler.CfnScheduleGroup(stack, "Sessions"), role=role)
    template = synth(stack)
    assert template.properties(SCHEDULE)["GroupName"] == {"Ref": "Sessions"}
    [name] = [name for name in template.all("AWS::IAM::Policy") if "ScheduledStart" in name]
    assert template.all("AWS::IAM::Policy")[name]["Properties"]["Roles"] == [{"Ref": "Starter"}]


SQS_ELSEWHERE = "arn:aws:sqs:us-east-1:111122223333:missed"
GROUP_ELSEWHERE = "arn:aws:scheduler:us-east-1:111122223333:schedule-group/night"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _: {"schedule_group": "night"}, "start-schedule-group: "),
        (lambda _: {"role": "arn:x"}, "start-role: "),
        (lambda at: {"role": iam.User(at, "User")}, r"start-role: role is a User \(Here/User\); give a role"),
        (
            lambda at: {"role": iam.Role(at, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))},
            "start-role: .*, which scheduler.amazonaws.com may not assume; add it",
        ),
        (
            lambda at: {"role": iam.Role.from_role_arn(at, "Role", "arn:aws:iam::444455556666:role/starter")},
            "start-role: role is of account 444455556666 and .*: give a role of account 111122223333",
        ),
        (
            lambda at: {"dead_letter_queue": sqs.Queue.from_queue_arn(at, "Queue", SQS_ELSEWHERE)},
            "start-dead-letter-queue: dead_letter_queue is in us-east-1 and .*: give a queue in eu-west-1",
        ),
        (
            lambda at: {"schedule_group": scheduler.ScheduleGroup.from_schedule_group_arn(at, "G", GROUP_ELSEWHERE)},
            "start-schedule-group: schedule_group is in us-east-1 and the schedule in eu-west-1;",
        ),
    ],
)
def test_fails_for_what_the_scheduler_cannot_use(app, make, words) -> None:
    stack = cdk.Stack(app, "Here", env=cdk.Environment(account="111122223333", region="eu-west-1"))
    with pytest.raises(FuotaValidationError, match=words):
        FuotaTask.from_fuota_task_id(stack, "Imported", TASK_ID).schedule_start(TOMORROW, **make(stack))


def test_a_start_without_a_target_is_said(stack, image, imported) -> None:
    task = FuotaTask(stack, "Alone", firmware_image=image, rf_region=RfRegion.EU868)
    task.schedule_start(TOMORROW)
    assert "start-without-target" in rules_of(task.findings)
    task.add_wireless_device(TASK_ID)
    assert rules_of(task.findings) == rules_of(imported.schedule_start(TOMORROW).findings) == []


def test_a_fired_schedule_stays_where_cloudformation_finds_it(stack, imported, synth) -> None:
    imported.schedule_start(TOMORROW)
    assert "ActionAfterCompletion" not in synth(stack).properties(SCHEDULE)  # the API's default is NONE


def test_the_input_follows_the_task_when_it_is_replaced(stack, task, synth) -> None:
    task.schedule_start(TOMORROW)
    template = synth(stack)
    [task_name] = template.all("Custom::FuotaTask")
    assert {"Ref": task_name} in template.properties(SCHEDULE)["Target"]["Input"]["Fn::Join"][1]


def test_any_time_zone_is_written_in_utc(stack, imported, synth) -> None:
    imported.schedule_start(TOMORROW.astimezone(timezone(timedelta(hours=5, minutes=30))))
    assert f"{TOMORROW:%Y-%m-%dT%H:%M:%SZ}" in synth(stack).properties(SCHEDULE)["Target"]["Input"]


@pytest.mark.parametrize("at", [datetime(2099, 1, 1), "2099-01-01T00:00:00Z", None, 4_070_908_800])
def test_fails_for_what_is_no_time_with_a_time_zone(task, at) -> None:
    with pytest.raises(FuotaValidationError, match=r"start-time-zone: at is .* time zone"):
        task.schedule_start(at)


@pytest.mark.parametrize("at", [datetime.min, datetime.max])
def test_fails_for_the_first_and_the_last_year(task, at) -> None:
    with pytest.raises(FuotaValidationError, match=f"and no session starts in the year {at.year}; give a datetime"):
        task.schedule_start(at.replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("window", "remedy"),
    [
        (4, "give a cdk.Duration that is known at synth"),
        (cdk.Duration.seconds(0), "give a cdk.Duration longer than 0 s"),
        ("4 h", "give a cdk.Duration that is known at synth"),
    ],
)
def test_fails_for_what_is_no_window(task, window, remedy) -> None:
    with pytest.raises(FuotaValidationError, match=f"start-window: window is .*; {remedy}"):
        task.schedule_start(TOMORROW, window=window)


def test_fails_to_start_a_task_twice(task) -> None:
    task.schedule_start(TOMORROW)
    with pytest.raises(FuotaValidationError, match="start-time-once"):
        task.schedule_start(TOMORROW + timedelta(days=1))


@pytest.mark.parametrize(
    ("minutes", "rules"),
    [
        (-60, ["start-time-past"]),
        (0, ["start-time-past"]),
        (20, ["start-time-lead"]),
        (44, ["start-time-lead"]),
        (46, []),
        (60 * 24 * 365, []),
    ],
)
def test_the_time_must_leave_room_for_the_deployment_and_the_call(task, imported, minutes, rules) -> None:
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    task.schedule_start(at)
    assert rules_of(task.findings) == rules
    assert rules_of(imported.schedule_start(at).findings) == rules


@pytest.mark.parametrize(("window", "rules"), [(51, []), (50, []), (49, ["start-window"]), (None, [])])
def test_the_planned_session_must_fit_the_window(task, window, rules) -> None:
    """1000 bytes in fragments of 40, one every 2 minutes: 25 fragments, 50 minutes."""
    task.schedule_start(TOMORROW, window=cdk.Duration.minutes(window) if window else None)
    assert task.plan.duration_seconds == 50 * 60
    assert rules_of(task.findings) == rules


def test_fails_the_synth_with_the_findings_of_all_tasks(app, stack, task) -> None:
    task.schedule_start(TOMORROW, window=cdk.Duration.minutes(10))
    there = cdk.Stack(app, "There", env=cdk.Environment(account="111122223333", region="us-east-1"))
    elsewhere = FuotaTask.from_fuota_task_arn(
        there, "Elsewhere", f"arn:aws:iotwireless:eu-west-1:111122223333:FuotaTask/{TASK_ID}"
    )
    elsewhere.schedule_start(TOMORROW)
    with pytest.raises(RuntimeError) as raised:
        app.synth()
    assert "[Stack/Task] start-window: the session takes 50 minutes (25 fragments" in str(raised.value)
    assert "[There/Elsewhere/ScheduledStart] schedule-region: the task is in eu-west-1 and the schedule" in str(
        raised.value
    )
    assert str(raised.value).count("start-window: ") == 1


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def test_a_session_that_has_been_leaves_the_app_as_it_is(app, stack, task, imported, synth) -> None:
    """The same code today and tomorrow: an unchanged schedule does nothing, and nothing else is held up by it."""
    task.schedule_start(LONG_AGO)
    imported.schedule_start(datetime.now(UTC) + timedelta(minutes=20))
    template = synth(stack)
    found = {resource["Properties"]["ScheduleExpression"] for resource in template.all(SCHEDULE).values()}
    assert "at(2019-12-31T23:20:00)" in found
    warnings = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("the session shall start at"))
    assert {(str(each.id), str(each.entry.data).rpartition("ack: ")[2]) for each in warnings} == {
        ("/Stack/Task", "start-time-past]"),
        ("/Stack/Imported/ScheduledStart", "start-time-lead]"),
    }


def test_a_session_that_has_been_holds_up_no_stage(app, image) -> None:
    for name in ("Beta", "Prod"):
        stack = cdk.Stack(cdk.Stage(app, name), "Stack")
        task = FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
        task.schedule_start(LONG_AGO)
        cdk.Annotations.of(task).acknowledge_warning("start-time-past", "the release of 2020")
    assembly = app.synth()
    schedules = [
        body["Properties"]
        for name in ("Beta", "Prod")
        for body in assembly.get_nested_assembly(f"assembly-{name}").stacks[0].template["Resources"].values()
        if body["Type"] == SCHEDULE
    ]
    assert [each["ScheduleExpression"] for each in schedules] == ["at(2019-12-31T23:20:00)"] * 2


def test_policy_checkers_find_nothing(app, stack, task, imported, synth) -> None:
    task.schedule_start(TOMORROW)
    imported.schedule_start(TOMORROW)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))
    template = synth(stack)
    assert [str(match) for match in cfnlint.api.lint(json.dumps(template))] == []
