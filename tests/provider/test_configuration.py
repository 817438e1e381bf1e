"""FuotaProvider.configure: the functions of a stack are set up as its app, Stage or stack says."""
# ruff: noqa: PLR0917  # fixtures and the columns of tables arrive as arguments

import gc
from types import FrameType

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Annotations, Match, Template

from fuota_constructs import FuotaMonitor, FuotaProvider, FuotaTask, FuotaValidationError, RfRegion

PROVIDER_POLICY = "FuotaConstructsProviderPolicy"
KEY_ELSEWHERE = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"
FUNCTION, LOG_GROUP, POLICY = "AWS::Lambda::Function", "AWS::Logs::LogGroup", "AWS::IAM::Policy"


def use(stack, image):
    """A task and a monitor, and so both functions."""
    task = FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
    FuotaMonitor(stack, "Monitor", task=task)


def functions(template):
    return [body for name, body in template.all(FUNCTION).items() if name.startswith("FuotaConstructs")]


def role_of(stack, service="lambda.amazonaws.com"):
    return iam.Role(stack, "Functions", assumed_by=iam.ServicePrincipal(service), path="/fuota/")


def statements_of(template, name):
    [policy] = [body for key, body in template.all(POLICY).items() if key.startswith(name)]
    return {statement.get("Sid"): statement for statement in template.statements(policy["Properties"])}


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("wide", [True, False])
def test_everything_reaches_both_functions(app, stack, image, synth, before, wide):
    vpc, key = ec2.Vpc(stack, "Vpc", max_azs=2), kms.Key(stack, "Key")

    def configure():
        FuotaProvider.configure(
            app if wide else stack,
            vpc=vpc,
            reserved_concurrent_executions=2,
            log_retention=logs.RetentionDays.ONE_YEAR,
            log_group_encryption_key=key,
            environment_encryption=key,
            tracing=lambda_.Tracing.ACTIVE,
            architecture=lambda_.Architecture.ARM_64,
            runtime=lambda_.Runtime.PYTHON_3_13,
        )

    if before:
        configure()
    use(stack, image)
    if not before:
        configure()
    template = synth(stack)
    private = [{"Ref": name} for name in template.all("AWS::EC2::Subnet") if "Private" in name]
    arn = {"Fn::GetAtt": [next(iter(template.all("AWS::KMS::Key"))), "Arn"]}
    made = functions(template)
    assert len(made) == 2
    for function in made:
        properties = function["Properties"]
        assert properties["VpcConfig"]["SubnetIds"] == private
        [group] = properties["VpcConfig"]["SecurityGroupIds"]
        assert "Ingress" not in str(template["Resources"][group["Fn::GetAtt"][0]])
        assert properties["ReservedConcurrentExecutions"] == 2
        assert (properties["Architectures"], properties["Runtime"]) == (["arm64"], "python3.13")
        assert (properties["TracingConfig"], properties["KmsKeyArn"]) == ({"Mode": "Active"}, arn)
        # Delete of the stack: the function goes first, and Lambda takes its network away with these permissions.
        assert any("NetworkPolicy" in name for name in function["DependsOn"])
    for group in template.all(LOG_GROUP).values():
        assert (group["Properties"]["RetentionInDays"], group["Properties"]["KmsKeyId"]) == (365, arn)
    assert "kms:EncryptionContext:aws:logs:arn" in str(template.all("AWS::KMS::Key"))
    Template.from_json(template)  # which has no circle: CloudFormation would refuse it
    for name in ("FuotaConstructsProvider", "FuotaConstructsMonitor"):
        sids = statements_of(template, f"{name}NetworkPolicy")
        assert sids["ConnectToVpc"]["Resource"] == ["*"]
        assert sids["DisconnectFromVpc"]["Action"] == ["ec2:DeleteNetworkInterface"]
        assert sids["DisconnectFromVpc"]["Resource"] != ["*"]
        assert sids["DenyNetworkToCode"]["Effect"] == "Deny"
        assert {"WriteTraces", "DecryptEnvironment"} <= statements_of(template, f"{name}Policy").keys()


def test_without_it_nothing_changes(stack, image, synth):
    use(stack, image)
    [provider, _] = functions(synth(stack))
    names = {"VpcConfig", "ReservedConcurrentExecutions", "TracingConfig", "Architectures", "KmsKeyArn"}
    assert names & provider["Properties"].keys() == set()


def test_the_nearer_scope_counts(app, image):
    FuotaProvider.configure(app, reserved_concurrent_executions=1, log_retention=logs.RetentionDays.INFINITE)
    stage = cdk.Stage(app, "Beta")
    stacks = [cdk.Stack(parent, name) for parent, name in ((app, "A"), (stage, "B"), (stage, "C"))]
    for each in stacks:
        use(each, image)
    FuotaProvider.configure(stage, reserved_concurrent_executions=2)
    FuotaProvider.configure(cdk.CfnResource(stacks[2], "Within", type="X::Y::Z"), reserved_concurrent_executions=3)
    nested = cdk.NestedStack(stacks[2], "Nested")
    use(nested, image)
    for each, expected in zip([*stacks, nested], (1, 2, 3, 3), strict=True):
        path = ["FuotaConstructs", "Provider", "Function"]
        function = each
        for part in path:
            function = function.node.find_child(part)
        assert function.reserved_concurrent_executions == expected


@pytest.mark.parametrize(
    ("given", "rendered"),
    [
        (lambda at: cdk.CfnParameter(at, "P", type="Number").value_as_string, {"Ref": "P"}),
        (lambda at: cdk.CfnParameter(at, "P", type="Number").value_as_number, {"Ref": "P"}),
        (lambda _: cdk.Fn.condition_if("C", 1, 2), {"Fn::If": ["C", 1, 2]}),
    ],
)
def test_reserved_concurrency_that_is_known_only_at_deployment(stack, image, synth, given, rendered):
    """Lambda's property is a number in Node.js, where jsii takes neither a text nor an object for it."""
    cdk.CfnCondition(stack, "C", expression=cdk.Fn.condition_equals(cdk.Aws.REGION, "eu-west-1"))
    value = given(stack)
    FuotaProvider.configure(stack, reserved_concurrent_executions=value)
    FuotaProvider.configure(stack, reserved_concurrent_executions=value)  # the same again is no other value
    use(stack, image)
    for function in functions(synth(stack)):
        assert function["Properties"]["ReservedConcurrentExecutions"] == rendered


def test_given_subnets_and_groups(stack, image, synth):
    vpc = ec2.Vpc.from_vpc_attributes(
        stack, "Vpc", vpc_id="vpc-1", availability_zones=["a"], isolated_subnet_ids=["subnet-i"]
    )
    group = ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-1")
    subnets = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
    FuotaProvider.configure(stack, vpc=vpc, vpc_subnets=subnets, security_groups=[group])
    use(stack, image)
    for function in functions(synth(stack)):
        assert function["Properties"]["VpcConfig"] == {"SubnetIds": ["subnet-i"], "SecurityGroupIds": ["sg-1"]}
    warnings = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("have no way out"))
    assert ["iotwireless.api" in str(each.entry.data) for each in warnings] == [True, True]


@pytest.mark.parametrize("kind", ["L2", "L1"])
def test_a_given_role_gets_the_permissions(stack, image, synth, kind):
    role = role_of(stack)
    given = role if kind == "L2" else role.node.default_child
    FuotaProvider.configure(stack, role=given)
    use(stack, image)
    FuotaProvider.configure(stack, role=given)  # the same once more is no conflict
    template = synth(stack)
    assert [name for name in template.all("AWS::IAM::Role") if "Provider" in name or "Monitor" in name] == []
    [logical_id] = [name for name in template.all("AWS::IAM::Role") if name.startswith("Functions")]
    for function in functions(template):
        assert logical_id in str(function["Properties"]["Role"])
    for name in (PROVIDER_POLICY, "FuotaConstructsMonitorPolicy"):
        assert "WriteLogs" in statements_of(template, name)
        [policy] = [body for key, body in template.all(POLICY).items() if key.startswith(name)]
        assert policy["Properties"]["Roles"] == [{"Ref": logical_id}]
        assert "AWS::StackId" in str(policy["Properties"]["PolicyName"])
    # Copies and tasks came after the policy was attached, and wait for it.
    assert {"WriteFirmware", "PassFirmwareUpdateRole"} <= statements_of(template, PROVIDER_POLICY).keys()
    [provider_policy] = [name for name in template.all(POLICY) if name.startswith(PROVIDER_POLICY)]
    [copy] = template.all("Custom::FirmwareObject")
    assert provider_policy in template.needed_by(copy)


def test_a_role_that_takes_no_policy_is_warned_of(stack, image, synth):
    arn = "arn:aws:iam::111122223333:role/central"
    FuotaProvider.configure(stack, role=iam.Role.from_role_arn(stack, "Role", arn, mutable=False))
    use(stack, image)
    template = synth(stack)
    assert not [name for name in template.all(POLICY) if "ProviderPolicy" in name or "MonitorPolicy" in name]
    warnings = Annotations.from_stack(stack).find_warning(
        "*",
        Match.string_like_regexp("can add no policy to"),
    )
    said = str([warning.entry.data for warning in warnings])
    assert len(warnings) == 2
    assert "iotwireless:CreateFuotaTask" in said
    assert "events:PutEvents" in said
    assert "arn:<AWS::Partition>:iotwireless:" in said


def test_a_log_key_that_is_not_of_this_app_is_warned_of(stack, image, synth):
    key = kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:eu-west-1:111122223333:key/k")
    FuotaProvider.configure(stack, log_group_encryption_key=key)
    use(stack, image)
    synth(stack)
    Annotations.from_stack(stack).has_warning(
        "*", Match.string_like_regexp(r"cannot write the policy of log_group_encryption_key Stack/Key, .*kms:Encrypt")
    )


@pytest.mark.parametrize(
    ("given", "rule", "hint"),
    [
        (lambda _: {"vpc": "vpc-1"}, "provider-vpc", "'vpc-1'; give an ec2.IVpc"),
        (lambda _: {"vpc_subnets": ec2.SubnetSelection()}, "provider-vpc-subnets", "without vpc"),
        (lambda _: {"vpc_subnets": ["subnet-1"]}, "provider-vpc-subnets", "ec2.SubnetSelection"),
        (lambda _: {"security_groups": []}, "provider-security-groups", "one or more"),
        (lambda _: {"security_groups": ["sg-1"]}, "provider-security-groups", "ec2.ISecurityGroup"),
        (lambda _: {"role": "arn:aws:iam::1:role/r"}, "provider-role", "from_role_arn"),
        (lambda at: {"role": role_of(at, "ec2.amazonaws.com")}, "provider-role", "lambda.amazonaws.com may not assume"),
        (lambda _: {"reserved_concurrent_executions": 0}, "provider-reserved-concurrent-executions", "from 1"),
        (lambda _: {"reserved_concurrent_executions": True}, "provider-reserved-concurrent-executions", "True; give"),
        (
            lambda _: {"reserved_concurrent_executions": f"1{cdk.Fn.ref('P')}"},
            "provider-reserved-concurrent-executions",
            "known only at deployment; give a whole number",
        ),
        (
            lambda at: {"reserved_concurrent_executions": at},
            "provider-reserved-concurrent-executions",
            "a Stack",
        ),
        (lambda _: {"log_retention": 30}, "provider-log-retention", "logs.RetentionDays.ONE_YEAR"),
        (lambda _: {"log_group_encryption_key": "k"}, "encryption-key", "log_group_encryption_key is 'k'"),
        (lambda _: {"environment_encryption": 1}, "encryption-key", "environment_encryption is 1"),
        (lambda _: {"tracing": True}, "provider-tracing", "lambda.Tracing.ACTIVE"),
        (lambda _: {"architecture": "arm"}, "provider-architecture", "lambda.Architecture.ARM_64"),
        (lambda _: {"runtime": lambda_.Runtime.PYTHON_3_9}, "provider-runtime", "python3.9; give"),
        (lambda _: {"runtime": lambda_.Runtime.NODEJS_22_X}, "provider-runtime", "Python 3.11 or newer"),
    ],
)
def test_fails_for_what_cannot_be(stack, given, rule, hint):
    with pytest.raises(FuotaValidationError) as raised:
        FuotaProvider.configure(stack, **given(stack))
    assert (raised.value.rule, raised.value.construct_path) == (rule, "Stack")
    assert hint in str(raised.value)


def test_fails_for_a_scope_that_is_none():
    with pytest.raises(FuotaValidationError, match="give the app, a Stage, a stack"):
        FuotaProvider.configure("app", reserved_concurrent_executions=1)


def test_fails_when_calls_for_one_scope_differ(stack):
    FuotaProvider.configure(stack, reserved_concurrent_executions=1)
    FuotaProvider.configure(stack, reserved_concurrent_executions=1, tracing=lambda_.Tracing.DISABLED)
    with pytest.raises(FuotaValidationError, match="given before with another value"):
        FuotaProvider.configure(cdk.CfnResource(stack, "In", type="X::Y::Z"), reserved_concurrent_executions=2)


def test_fails_for_a_role_after_the_first_task(stack, image):
    use(stack, image)
    with pytest.raises(FuotaValidationError) as raised:
        FuotaProvider.configure(stack, role=role_of(stack))
    assert raised.value.message == (
        "role is given when Stack/FuotaConstructs/Provider has another one already; call FuotaProvider.configure right"
        " after the stack Stack is made, before the first construct of fuota_constructs in it"
    )


def test_fails_for_public_subnets(stack, image):
    subnets = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC)
    FuotaProvider.configure(stack, vpc=ec2.Vpc(stack, "Vpc"), vpc_subnets=subnets)
    with pytest.raises(FuotaValidationError, match="vpc_subnets are public"):
        use(stack, image)


def test_fails_for_a_vpc_of_another_region(app, image):
    homes = [cdk.Environment(account="111122223333", region=region) for region in ("eu-west-1", "us-east-1")]
    home, away = (cdk.Stack(app, f"Stack{number}", env=env) for number, env in enumerate(homes))
    FuotaProvider.configure(app, vpc=ec2.Vpc(home, "Vpc"))
    use(home, image)
    with pytest.raises(FuotaValidationError, match="in eu-west-1, and the stack Stack1 in us-east-1"):
        use(away, image)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda at: {"role": iam.Role.from_role_arn(at, "Role", "arn:aws:iam::444455556666:role/functions")},
            "provider-role: role Stack/Role is in account 444455556666, and the stack Stack in account 111122223333",
        ),
        (
            lambda at: {"environment_encryption": kms.Key.from_key_arn(at, "Key", KEY_ELSEWHERE)},
            "provider-environment-encryption: .* is in us-east-1, and the stack Stack in eu-west-1",
        ),
        (
            lambda at: {"log_group_encryption_key": kms.Key.from_key_arn(at, "Key", KEY_ELSEWHERE)},
            "provider-log-group-encryption-key: .* is in us-east-1, and the stack Stack in eu-west-1",
        ),
    ],
)
def test_fails_for_a_role_or_key_of_elsewhere(app, image, make, words):
    stack = cdk.Stack(app, "Stack", env=cdk.Environment(account="111122223333", region="eu-west-1"))
    FuotaProvider.configure(stack, **make(stack))
    with pytest.raises(FuotaValidationError, match=words):
        use(stack, image)


def test_a_scope_around_stacks_is_one(app, image, synth):
    import constructs

    around = constructs.Construct(app, "Around")
    inner = cdk.Stack(around, "Inner")
    FuotaProvider.configure(around, reserved_concurrent_executions=7)
    use(inner, image)
    assert {each["Properties"]["ReservedConcurrentExecutions"] for each in functions(synth(inner))} == {7}


def test_a_function_is_known_to_its_construct_only(stack, image):
    """So whatever is made of apps in one process, nothing but the CDK keeps what they had."""
    use(stack, image)
    provider = stack.node.find_child("FuotaConstructs").node.find_child("Provider")
    kept = [each for each in gc.get_referrers(provider.configured_function) if not isinstance(each, FrameType)]
    assert kept in ([provider], [vars(provider)])
