"""Everything this library makes is what it is: Aspects, mixins, tags, injectors and configuration see it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iotwireless as iotwireless
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import custom_resources as cr

from fuota_constructs import (
    DlClass,
    FirmwareBucket,
    FuotaMonitor,
    FuotaTask,
    MulticastGroup,
    RfRegion,
)

SEEN = {
    "AWS::DynamoDB::Table": dynamodb.CfnTable,
    "AWS::Events::Rule": events.CfnRule,
    "AWS::IAM::Policy": iam.CfnPolicy,
    "AWS::IAM::Role": iam.CfnRole,
    "AWS::IoTWireless::MulticastGroup": iotwireless.CfnMulticastGroup,
    "AWS::Lambda::Function": lambda_.CfnFunction,
    "AWS::Lambda::Permission": lambda_.CfnPermission,
    "AWS::Logs::LogGroup": logs.CfnLogGroup,
    "AWS::S3::Bucket": s3.CfnBucket,
    "AWS::S3::BucketPolicy": s3.CfnBucketPolicy,
    "AWS::Scheduler::Schedule": scheduler.CfnSchedule,
}


@pytest.fixture
def everything(stack, image):
    """One of all that the library makes."""
    group = MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
    task = FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, multicast_groups=[group])
    FuotaMonitor(stack, "Monitor", task=task)
    task.schedule_start(datetime.now(UTC) + timedelta(days=1))
    return task


def test_this_file_knows_every_type_that_is_made(everything, stack, synth):
    made = {body["Type"] for body in synth(stack)["Resources"].values()}
    bare = {"Custom::FuotaTask", "Custom::FirmwareObject"}  # as the CDK makes custom resources, too
    assert made - bare - {"AWS::CloudWatch::Alarm"} == set(SEEN)


@pytest.mark.parametrize("kind", SEEN)
def test_an_aspect_sees_them_by_type(everything, app, stack, synth, kind):
    @jsii.implements(cdk.IAspect)
    class Count:
        def __init__(self):
            self.seen = set()

        def visit(self, node):
            if isinstance(node, SEEN[kind]):
                self.seen.add(node.node.path)

    aspect = Count()
    cdk.Aspects.of(app).add(aspect)
    assert len(aspect.seen) == 0
    assert len(synth(stack).all(kind)) == len(aspect.seen) > 0


SET = {
    "AWS::DynamoDB::Table": (dynamodb.CfnTable.is_cfn_table, "table_name", "polls"),
    "AWS::Events::Rule": (events.CfnRule.is_cfn_rule, "description", "ours"),
    "AWS::IAM::Role": (iam.CfnRole.is_cfn_role, "path", "/fleet/"),
    "AWS::IoTWireless::MulticastGroup": (iotwireless.CfnMulticastGroup.is_cfn_multicast_group, "description", "ours"),
    "AWS::Lambda::Function": (lambda_.CfnFunction.is_cfn_function, "memory_size", 1024),
    "AWS::Logs::LogGroup": (
        logs.CfnLogGroup.is_cfn_log_group,
        "kms_key_id",
        "arn:aws:kms:eu-west-1:123456789012:key/k",
    ),
    "AWS::S3::Bucket": (s3.CfnBucket.is_cfn_bucket, "object_lock_enabled", True),
    "AWS::Scheduler::Schedule": (scheduler.CfnSchedule.is_cfn_schedule, "group_name", "fleet"),
}


@pytest.mark.parametrize("kind", SET)
def test_what_an_aspect_sets_is_rendered(everything, app, stack, synth, kind):
    is_one, attribute, value = SET[kind]

    @jsii.implements(cdk.IAspect)
    class Corporate:
        def visit(self, node):
            if is_one(node):
                setattr(node, attribute, value)

    cdk.Aspects.of(app).add(Corporate())
    rendered = attribute.title().replace("_", "")
    bodies = synth(stack).all(kind).values()
    assert [body["Properties"][rendered] for body in bodies] == [value] * len(bodies)


def test_arns_are_true_when_an_aspect_gives_the_roles_a_path(everything, app, stack, synth):
    """An ARN that was put together from the name would lack the path."""

    @jsii.implements(cdk.IAspect)
    class Path:
        def visit(self, node):
            if isinstance(node, iam.CfnRole):
                node.path = "/fleet/"

    cdk.Aspects.of(app).add(Path())
    operator = iam.User(stack, "Operator")
    everything.grants.manage(operator)
    cdk.CfnOutput(stack, "Arn", value=everything.firmware_update_role.role_arn)
    other = cdk.Stack(app, "Other")
    cdk.CfnOutput(other, "Arn", value=everything.firmware_update_role.role_arn)
    template = synth(stack)
    [role] = [name for name in template.all("AWS::IAM::Role") if "FirmwareUpdateRole" in name]
    assert template["Outputs"]["Arn"]["Value"] == {"Fn::GetAtt": [role, "Arn"]}
    assert any(output["Value"] == {"Fn::GetAtt": [role, "Arn"]} for output in template["Outputs"].values())
    assert f'"{role}", "Arn"' in json.dumps([template.all("AWS::IAM::Policy"), template.all("Custom::FuotaTask")])
    assert ":role/" not in json.dumps(template["Resources"])


def test_mixins_reach_them(everything, stack, synth):
    cdk.Mixins.of(stack).apply(s3.mixins.BucketVersioning(False))
    template = synth(stack)
    assert template.properties("AWS::S3::Bucket")["VersioningConfiguration"] == {"Status": "Suspended"}


@jsii.implements(cdk.IPropertyInjector)
class EncryptedBuckets:
    """What a company may want of every bucket."""

    def __init__(self, key, **more):
        self.key, self.more = key, more

    @property
    def construct_unique_id(self):
        return s3.Bucket.PROPERTY_INJECTION_ID

    def inject(self, original_props, *, id, scope):
        del id, scope
        encrypted = {"encryption": s3.BucketEncryption.KMS, "encryptionKey": self.key, "bucketKeyEnabled": True}
        return {**original_props, **encrypted, **self.more}


@pytest.mark.parametrize(
    ("own", "more"), [(False, {}), (False, {"enforceSSL": True}), (True, {})], ids=["default", "TLS", "given"]
)
def test_property_injectors_reach_the_bucket_and_the_role_may_use_the_key(stack, image, synth, own, more):
    key = kms.Key(stack, "Key")
    cdk.PropertyInjectors.of(stack).add(EncryptedBuckets(key, **more))
    bucket = FirmwareBucket(stack, "Bucket") if own else None
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, firmware_bucket=bucket)
    template = synth(stack)
    [rule] = template.properties("AWS::S3::Bucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    [tls] = template.statements(template.properties("AWS::S3::BucketPolicy"))
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    arn = stack.resolve(key.key_arn)
    using = [
        (name, statement["Action"])
        for name, body in template.all("AWS::IAM::Policy").items()
        for statement in template.statements(body["Properties"])
        if arn in statement["Resource"]
    ]
    assert sorted(actions for _, actions in using) == [["kms:Decrypt"], ["kms:Decrypt", "kms:GenerateDataKey"]]


TAGGED = [kind for kind in SEEN if kind not in {"AWS::IAM::Policy", "AWS::Lambda::Permission", "AWS::S3::BucketPolicy"}]


def tagged_types(template, key):
    """The types that have the tag, in whatever way a type writes its tags."""
    return {
        body["Type"] for body in template["Resources"].values() if key in json.dumps(body["Properties"].get("Tags"))
    }


def test_tags_reach_all_that_can_have_them(everything, stack, synth):
    cdk.Tags.of(stack).add("fleet", "meters")
    expected = {*TAGGED, "Custom::FuotaTask", "AWS::CloudWatch::Alarm"} - {"AWS::Scheduler::Schedule"}
    assert tagged_types(synth(stack), "fleet") == expected


@pytest.mark.parametrize("kind", [kind for kind in TAGGED if kind != "AWS::Scheduler::Schedule"])
def test_filters_of_tags_take_the_types_for_what_they_are(everything, stack, synth, kind):
    cdk.Tags.of(stack).add("only", "x", include_resource_types=[kind])
    cdk.Tags.of(stack).add("never", "x", exclude_resource_types=[kind])
    template = synth(stack)
    assert tagged_types(template, "only") == {kind}
    assert kind not in tagged_types(template, "never")
    assert tagged_types(template, "never")


def test_permissions_boundaries_reach_every_role(everything, stack, synth):
    boundary = iam.ManagedPolicy.from_managed_policy_name(stack, "Boundary", "developers")
    iam.PermissionsBoundary.of(stack).apply(boundary)
    roles = synth(stack).all("AWS::IAM::Role").values()
    assert len(roles) == 4
    assert all("PermissionsBoundary" in body["Properties"] for body in roles)


def test_custom_resource_config_reaches_the_provider(app, stack, image, synth):
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
    config = cr.CustomResourceConfig.of(app)
    config.add_log_retention_lifetime(logs.RetentionDays.TEN_YEARS)
    config.add_removal_policy(cdk.RemovalPolicy.RETAIN)
    config.add_lambda_runtime(lambda_.Runtime.PYTHON_3_13)
    template = synth(stack)
    log_group = template.only("AWS::Logs::LogGroup")
    assert log_group["Properties"]["RetentionInDays"] == 3653
    assert log_group["DeletionPolicy"] == log_group["UpdateReplacePolicy"] == "Retain"
    assert template.properties("AWS::Lambda::Function")["Runtime"] == "python3.13"


def test_custom_resource_config_for_another_family_does_not(app, stack, image, synth):
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
    cr.CustomResourceConfig.of(app).add_lambda_runtime(lambda_.Runtime.NODEJS_22_X)
    assert synth(stack).properties("AWS::Lambda::Function")["Runtime"].startswith("python")


PRECREATED = {
    "Stack/FuotaConstructs/Provider/Role": "fuota-provider",
    "Stack/FuotaConstructs/FirmwareUpdateRole": "fuota-reader",
    "Stack/FuotaConstructsMonitor/Role": "fuota-monitor",
    "Stack/Task/ScheduledStart/Role": "fuota-starter",
}


@pytest.mark.parametrize("named", [True, False], ids=["named", "missing"])
def test_roles_that_others_make_are_reported_and_not_made(app, image, synth, named):
    """As with every role of the CDK: an organisation may forbid it to make any."""
    iam.Role.customize_roles(app, use_precreated_roles=PRECREATED if named else {})
    stack = cdk.Stack(app, "Stack")
    task = FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
    FuotaMonitor(stack, "Monitor", task=task)
    task.schedule_start(datetime.now(UTC) + timedelta(days=1))
    template = synth(stack)
    assert not template.all("AWS::IAM::Role")
    assert not template.all("AWS::IAM::Policy")
    errors = (Path(app.outdir) / "Stack.metadata.json").read_text().count("You must provide a precreated role name")
    assert errors == (0 if named else len(PRECREATED))
    if not named:
        return
    assert ":role/fuota-provider" in json.dumps(template.all("AWS::Lambda::Function"))
    assert ":role/fuota-reader" in json.dumps(template.properties("Custom::FuotaTask")["FirmwareUpdateRole"])
    assert ":role/fuota-starter" in json.dumps(template.properties("AWS::Scheduler::Schedule"))
    report = json.loads((Path(app.outdir) / "iam-policy-report.json").read_text())
    reported = {role["roleName"]: role for role in report["roles"]}
    assert set(reported) == set(PRECREATED.values())
    provider = json.dumps(reported["fuota-provider"]["identityPolicyStatements"])
    for sid in ("ManageTasks", "PassFirmwareUpdateRole", "ReadAssets", "WriteFirmware"):
        assert f'"{sid}"' in provider
    assert '"arn:(PARTITION):iotwireless:(REGION):(ACCOUNT):FuotaTask/*"' in provider
    # The CDK itself does not know the name of its bucket here, which depends on the account.
    assert provider.count("Token[TOKEN") == provider.count("arn:(PARTITION):s3:::${Token[TOKEN")
    assert "fuota-reader" in provider
    reader = reported["fuota-reader"]
    assert "iotwireless.amazonaws.com" in json.dumps(reader["assumeRolePolicy"])
    assert "/firmware/*" in json.dumps(reader["identityPolicyStatements"])
    assert "ReadTasks" in json.dumps(reported["fuota-monitor"]["identityPolicyStatements"])
    assert "iotwireless:StartFuotaTask" in json.dumps(reported["fuota-starter"]["identityPolicyStatements"])
