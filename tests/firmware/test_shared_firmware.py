"""What the tasks of a stack share, across stacks too, and R28 to R31 of the reliability checklist."""

import json
import re
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from fuota_constructs import (
    FirmwareBucket,
    FirmwareImage,
    FirmwareUpdateRole,
    FuotaTask,
    FuotaValidationError,
    RfRegion,
)
from fuota_constructs.provider.fuota_provider import (
    LAMBDA_TIMEOUT_SECONDS,
    RUNTIME_DIRECTORY,
    SERVICE_TIMEOUT_SECONDS,
)

TASK = "Custom::FuotaTask"
COPY = "Custom::FirmwareObject"
CHANGING = {f"iotwireless:{name}" for name in ("UpdateFuotaTask", "DeleteFuotaTask", "TagResource", "UntagResource")}


def make_task(scope, name, image, **given):
    return FuotaTask(scope, name, firmware_image=image, rf_region=RfRegion.EU868, **given)


def provider_policy(template):
    [body] = [b for n, b in template.all("AWS::IAM::Policy").items() if n.startswith("FuotaConstructsProviderPolicy")]
    return template.statements(body["Properties"])


def depends_on(template, name):
    """Everything a resource waits for, directly or through others."""
    waiting, seen = [name], set()
    while waiting:
        body = template["Resources"].get(waiting.pop(), {})
        named = re.findall(r'"(?:Ref|Fn::GetAtt)": (?:\["|")([A-Za-z0-9]+)"', json.dumps(body.get("Properties", {})))
        for other in {*body.get("DependsOn", []), *named} & set(template["Resources"]) - seen:
            seen.add(other)
            waiting.append(other)
    return seen


def test_r28_construct_ids_and_logical_ids_are_contract(stack, image, synth):
    make_task(stack, "Task", image)
    shared = stack.node.find_child("FuotaConstructs")
    assert [child.node.id for child in shared.node.find_child("Provider").node.children] == [
        "Role",
        "LogGroup",
        "Policy",
        "Function",
    ]
    template = synth(stack)
    [function] = template.all("AWS::Lambda::Function")
    assert function == "FuotaConstructsProviderFunctionAC845B0A"
    for kind in (TASK, COPY):
        assert template.properties(kind)["ServiceToken"] == {"Fn::GetAtt": [function, "Arn"]}


def test_r28_the_service_token_does_not_depend_on_the_stack_or_app(image, tmp_path):
    names = set()
    for name in ("One", "Two"):
        app = cdk.App(outdir=str(tmp_path / name))
        stack = cdk.Stack(app, name)
        make_task(stack, f"{name}Task", image)
        template = app.synth().get_stack_by_name(name).template
        names |= {n for n, body in template["Resources"].items() if body["Type"] == "AWS::Lambda::Function"}
    assert len(names) == 1


def test_r29_service_timeout_is_the_lambda_timeout_and_a_margin(stack, image, synth):
    make_task(stack, "Task", image)
    template = synth(stack)
    assert template.properties("AWS::Lambda::Function")["Timeout"] == LAMBDA_TIMEOUT_SECONDS == 300
    assert SERVICE_TIMEOUT_SECONDS == 330
    for kind in (TASK, COPY):
        assert template.properties(kind)["ServiceTimeout"] == "330"


@pytest.mark.parametrize("own", [False, True])
def test_r30_policies_role_and_bucket_outlive_the_custom_resources(stack, image, synth, own):
    given = {}
    if own:
        given["firmware_bucket"] = FirmwareBucket(stack, "Bucket", encryption_key=kms.Key(stack, "Key"))
        given["firmware_update_role"] = FirmwareUpdateRole(stack, "Role")
    make_task(stack, "Task", image, **given)
    template = synth(stack)
    [task], [copy] = template.all(TASK), template.all(COPY)
    direct = set(template["Resources"][task]["DependsOn"]) - set(template.all("AWS::IAM::Role"))
    policies = set(template.all("AWS::IAM::Policy"))
    assert len(policies) == (4 if own else 2)
    assert len(direct) == 1  # the policy of the image, or where there is none the copy: each waits for the rest
    assert direct <= (policies if own else {copy})
    everything = depends_on(template, task)
    assert policies | {copy} <= everything
    assert set(template.all("AWS::S3::BucketPolicy")) <= everything
    assert set(template.all("AWS::IAM::Role")) | set(template.all("AWS::S3::Bucket")) <= everything
    assert set(template.all("AWS::Logs::LogGroup")) <= everything
    copy_needs = set(template["Resources"][copy]["DependsOn"])
    assert copy_needs >= set(template.all("AWS::S3::BucketPolicy"))
    assert any(name.startswith("FuotaConstructsProviderPolicy") for name in copy_needs)
    function = template.only("AWS::Lambda::Function")
    assert any(name.startswith("FuotaConstructsProviderPolicy") for name in function["DependsOn"])


@pytest.mark.parametrize("count", [1, 50])
def test_r31_one_provider_and_a_policy_of_fixed_size(stack, image, synth, count):
    for number in range(count):
        make_task(stack, f"Task{number}", image)
    template = synth(stack)
    assert len(template.all(TASK)) == count
    assert len(template.all("AWS::Lambda::Function")) == 1
    statements = provider_policy(template)
    assert [statement["Sid"] for statement in statements] == [
        "CreateAndListTasks",
        "ReadTasks",
        "ManageTasks",
        "AttachTargets",
        "ReadOwnStack",
        "WriteLogs",
        "PassFirmwareUpdateRole",
        "ReadAssets",
        "DecryptAssets",
        "WriteFirmware",
    ]
    assert sum(len(statement["Resource"]) for statement in statements) == 11
    assert len(template["Resources"]) == 9 + count


def test_provider_may_decrypt_assets_and_nothing_else(stack, image, synth):
    """Bootstrapped with a key of one's own, or staged by AppStagingSynthesizer, they are encrypted with that key."""
    make_task(stack, "Task", image)
    [statement] = [s for s in provider_policy(synth(stack)) if s["Sid"] == "DecryptAssets"]
    assert statement["Action"] == ["kms:Decrypt"]
    like = statement["Condition"]["StringLike"]
    assert like["kms:ViaService"] == "s3.*"
    bucket = {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"}
    arn = ["arn:", {"Ref": "AWS::Partition"}, ":s3:::", bucket]
    assert like["kms:EncryptionContext:aws:s3:arn"] == [{"Fn::Join": ["", arn]}, {"Fn::Join": ["", [*arn, "/*"]]}]


def test_provider_may_pass_exactly_the_roles_of_the_tasks_to_iot_wireless_only(stack, image, synth):
    roles = [FirmwareUpdateRole(stack, f"Role{n}") for n in range(2)]
    for n in range(4):
        make_task(stack, f"Task{n}", image, firmware_update_role=roles[n % 2])
    [statement] = [s for s in provider_policy(synth(stack)) if "iam:PassRole" in s["Action"]]
    assert statement["Resource"] == [stack.resolve(role.role_arn) for role in roles]
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "iotwireless.amazonaws.com"}}


def test_provider_may_change_no_task_of_another_stack(stack, image, synth):
    make_task(stack, "Task", image)
    changing = [s for s in provider_policy(synth(stack)) if set(s["Action"]) & CHANGING and "FuotaTask/" in str(s)]
    [tag] = re.findall('^STACK_ID = PREFIX \\+ "(.+)"$', (RUNTIME_DIRECTORY / "task_tags.py").read_text(), re.MULTILINE)
    condition = {"StringEqualsIfExists": {f"aws:ResourceTag/fuota-constructs:{tag}": {"Ref": "AWS::StackId"}}}
    assert [statement["Condition"] for statement in changing] == [condition]


def test_provider_may_read_its_own_stack_only(stack, image, synth):
    make_task(stack, "Task", image)
    [statement] = [s for s in provider_policy(synth(stack)) if "cloudformation:DescribeStacks" in s["Action"]]
    assert statement["Action"] == ["cloudformation:DescribeStackResource", "cloudformation:DescribeStacks"]
    assert statement["Resource"] == [{"Ref": "AWS::StackId"}]


def test_provider_reads_no_assets_where_nothing_is_copied(stack, synth):
    image = FirmwareImage.from_bucket(s3.Bucket.from_bucket_name(stack, "Bucket", "acme"), "key")
    make_task(stack, "Task", image)
    sids = {statement["Sid"] for statement in provider_policy(synth(stack))}
    assert not {"ReadAssets", "WriteFirmware", "UseFirmwareKey"} & sids


def test_one_copy_for_each_image_and_bucket(stack, image, firmware, tmp_path, synth):
    other = tmp_path / "other.bin"
    other.write_bytes(b"other")
    bucket = FirmwareBucket(stack, "Bucket")
    make_task(stack, "A", image)
    make_task(stack, "B", image)
    make_task(stack, "C", FirmwareImage.from_asset(firmware))
    make_task(stack, "D", image, firmware_bucket=bucket)
    make_task(stack, "E", FirmwareImage.from_asset(other))
    assert len(synth(stack).all(COPY)) == 3


def test_copy_has_size_and_hash(stack, image, synth):
    make_task(stack, "Task", image)
    copy = synth(stack).properties(COPY)
    assert copy["Sha256"] == image.sha256
    assert copy["SizeBytes"] == 1000
    assert copy["SourceKey"] == f"{image.sha256}.bin"
    assert copy["DestinationKey"] == f"firmware/{image.sha256[:16]}/sensor-1.1.0.bin"


def read_permissions(template):
    """What firmware update roles may do, by resource."""
    return {
        json.dumps(resource): statement["Action"]
        for name, body in template.all("AWS::IAM::Policy").items()
        if name.startswith("FuotaConstructsAccess")
        for statement in template.statements(body["Properties"])
        for resource in statement["Resource"]
    }


@pytest.mark.parametrize(
    ("per_image", "objects"), [(None, None), (True, None), (False, "firmware/*")], ids=["default", "each", "all"]
)
def test_role_gets_the_documented_permissions_for_its_bucket_and_image_only(stack, image, synth, per_image, objects):
    bucket = FirmwareBucket(stack, "Bucket", encryption_key=kms.Key(stack, "Key"))
    make_task(stack, "Task", image, firmware_bucket=bucket, access_per_image=per_image)
    arn = stack.resolve(bucket.bucket_arn)
    assert read_permissions(synth(stack)) == {
        json.dumps(arn): ["s3:ListBucket", "s3:ListBucketVersions"],
        json.dumps({"Fn::Join": ["", [arn, f"/{objects or image.key}"]]}): ["s3:GetObject"],
        json.dumps(stack.resolve(bucket.encryption_key.key_arn)): ["kms:Decrypt"],
    }


def test_provider_may_use_the_key_of_the_bucket(stack, image, synth):
    bucket = FirmwareBucket(stack, "Bucket", encryption_key=kms.Key(stack, "Key"))
    make_task(stack, "Task", image, firmware_bucket=bucket)
    [statement] = [s for s in provider_policy(synth(stack)) if s["Sid"] == "UseFirmwareKey"]
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert statement["Resource"] == [stack.resolve(bucket.encryption_key.key_arn)]


def permissions_of_a_release(folder, content, make):
    """All that is about permissions in the template of an app with this firmware."""
    (folder / "fw.bin").write_bytes(content)
    app = cdk.App(outdir=str(folder / content.decode()))
    stack = cdk.Stack(app, "Stack")
    make(stack, FirmwareImage.from_asset(folder / "fw.bin"))
    resources = app.synth().get_stack_by_name("Stack").template["Resources"]
    kinds = ("AWS::IAM::", "AWS::S3::BucketPolicy", "AWS::KMS::Key", "AWS::Lambda::Permission")
    return {name: body for name, body in resources.items() if body["Type"].startswith(kinds)}


OWN = {
    "bucket": lambda stack: {"firmware_bucket": FirmwareBucket(stack, "Bucket", encryption_key=kms.Key(stack, "Key"))},
    "role": lambda stack: {"firmware_update_role": FirmwareUpdateRole(stack, "Role")},
    "nothing": lambda _: {},
}


@pytest.mark.parametrize(
    ("own", "per_image"), [("nothing", None), ("nothing", False), ("bucket", False), ("role", False)]
)
def test_a_release_of_firmware_changes_no_permission(tmp_path, own, per_image):
    """Else `cdk diff --security-only --fail` and pipelines with an approval of such changes would stop each release."""

    def make(stack, image):
        make_task(stack, "Task", image, access_per_image=per_image, **OWN[own](stack))

    assert permissions_of_a_release(tmp_path, b"one", make) == permissions_of_a_release(tmp_path, b"two", make)


@pytest.mark.parametrize(("own", "per_image"), [("bucket", None), ("role", None), ("nothing", True)])
def test_another_image_is_another_policy_so_the_old_one_goes_last(tmp_path, own, per_image):
    def make(stack, image):
        make_task(stack, "Task", image, access_per_image=per_image, **OWN[own](stack))

    old, new = (set(permissions_of_a_release(tmp_path, content, make)) for content in (b"one", b"two"))
    assert len(old - new) == len(new - old) == 1  # the image's


@pytest.mark.parametrize(("key", "alone"), [("firmware/special.bin", False), ("special.bin", True)])
def test_only_what_is_under_firmware_needs_no_policy_of_its_own(stack, image, synth, key, alone):
    task = make_task(stack, "Task", image)
    make_task(stack, "Special", FirmwareImage.from_bucket(task.firmware_bucket, key))
    permissions = read_permissions(synth(stack))
    assert len([resource for resource in permissions if "special.bin" in resource]) == alone


def test_an_image_whose_key_is_a_token_has_a_policy_of_its_own(stack, image, synth):
    task = make_task(stack, "Task", image)
    key = cdk.CfnParameter(stack, "Key").value_as_string
    make_task(stack, "Special", FirmwareImage.from_bucket(task.firmware_bucket, key), access_per_image=False)
    assert any('{"Ref": "Key"}' in resource for resource in read_permissions(synth(stack)))


def test_tasks_of_one_role_may_be_given_access_in_both_ways(stack, image, synth):
    """The copy of the image waits for one policy, and the other one for the copy: there is no circle."""
    for name, per_image in (("A", True), ("B", False), ("C", True)):
        make_task(stack, name, image, access_per_image=per_image)
    template = synth(stack)
    for task in template.all(TASK):
        assert template.all(COPY).keys() <= depends_on(template, task)
    assert len([resource for resource in read_permissions(template) if "firmware/" in resource]) == 2


@pytest.mark.parametrize("wrong", ["yes", 1, "firmware/*"])
def test_fails_for_an_access_that_is_no_yes_or_no(stack, image, wrong):
    with pytest.raises(FuotaValidationError, match=rf"access-per-image: .* is {re.escape(repr(wrong))}; give True or"):
        make_task(stack, "Task", image, access_per_image=wrong)


def test_wildcards_in_a_key_are_not_wildcards_in_the_policy(stack, synth):
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "acme")
    make_task(stack, "Task", FirmwareImage.from_bucket(bucket, "a*b?c$d"))
    policies = json.dumps(synth(stack).all("AWS::IAM::Policy"))
    assert "acme/a${*}b${?}c${$}d" in policies


def test_a_role_imported_as_immutable_gets_nothing(stack, image, synth):
    role = iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::123456789012:role/reader", mutable=False)
    task = make_task(stack, "Task", image, firmware_update_role=role)
    template = synth(stack)
    assert len(template.all("AWS::IAM::Policy")) == 1
    assert template.properties(TASK)["FirmwareUpdateRole"] == "arn:aws:iam::123456789012:role/reader"
    assert task.findings == ()


def names_of_access_policies(template):
    policies = template.all("AWS::IAM::Policy").items()
    return [body["Properties"]["PolicyName"] for name, body in policies if name.startswith("FuotaConstructsAccess")]


def test_one_role_imported_twice_is_two_roles(stack, image, synth):
    """Their policies have different names: the end of one takes none from the other."""
    for name in "AB":
        role = iam.Role.from_role_arn(stack, f"Role{name}", "arn:aws:iam::123456789012:role/reader")
        make_task(stack, f"Task{name}", image, firmware_update_role=role)
    names = names_of_access_policies(synth(stack))
    assert len({json.dumps(name) for name in names}) == len(names) == 4


def test_policies_of_two_stacks_on_one_role_have_different_names(app, stack, image, synth):
    """The same name would be one policy, and the end of either stack would take it from both."""
    bucket = FirmwareBucket(stack, "Bucket")
    imported = iam.Role.from_role_arn(stack, "Imported", "arn:aws:iam::123456789012:role/reader")
    for number, role in enumerate((FirmwareUpdateRole(stack, "Role"), imported)):
        other = cdk.Stack(app, f"Other{number}")
        make_task(other, "Task", image, firmware_bucket=bucket, firmware_update_role=role)
    for number in range(2):
        names = names_of_access_policies(synth(app.node.find_child(f"Other{number}")))
        assert len(names) == 2
        assert all("AWS::StackId" in json.dumps(name) for name in names)


def test_roles_the_cdk_must_not_make_get_no_policies(app, image):
    """As with `iam.Role.customize_roles`, where somebody else makes the roles."""
    stack = cdk.Stack(app, "Customized")
    iam.Role.customize_roles(stack, use_precreated_roles={"Customized/Role": "reader"})
    make_task(stack, "Task", image, firmware_update_role=FirmwareUpdateRole(stack, "Role"))
    template = app.synth().get_stack_by_name("Customized").template["Resources"]
    assert not [name for name in template if name.startswith("FuotaConstructsAccess")]


def test_second_stack_has_its_own_provider_and_takes_bucket_and_role_of_the_first(app, stack, image, synth):
    other = cdk.Stack(app, "Other")
    bucket, role = FirmwareBucket(stack, "Bucket"), FirmwareUpdateRole(stack, "Role")
    make_task(stack, "Task", image, firmware_bucket=bucket, firmware_update_role=role)
    task = make_task(other, "Task", image, firmware_bucket=bucket, firmware_update_role=role)
    cdk.CfnOutput(stack, "Elsewhere", value="x")
    assert cdk.Stack.of(task) is other
    template = synth(other)
    assert len(template.all("AWS::Lambda::Function")) == 1
    assert not template.all("AWS::S3::Bucket")
    assert "Fn::ImportValue" in template.properties(TASK)["FirmwareUpdateRole"]


def test_id_of_a_task_crosses_stacks(app, stack, image, synth):
    task = make_task(stack, "Task", image)
    other = cdk.Stack(app, "Other")
    cdk.CfnOutput(other, "TaskId", value=task.fuota_task_id)
    assert "Fn::ImportValue" in synth(other)["Outputs"]["TaskId"]["Value"]


def test_nested_stack(stack, image, synth):
    nested = cdk.NestedStack(stack, "Nested")
    task = make_task(nested, "Task", image)
    cdk.CfnOutput(stack, "TaskId", value=task.fuota_task_id)
    template = synth(nested)
    assert len(template.all("AWS::Lambda::Function")) == 1
    assert len(template.all(TASK)) == 1


def test_stage(app, image):
    stage = cdk.Stage(app, "Prod")
    make_task(cdk.Stack(stage, "Stack"), "Task", image)
    directory = Path(app.synth().get_nested_assembly("assembly-Prod").directory)
    [assets] = [json.loads(path.read_text()) for path in directory.glob("*.assets.json")]
    sources = [directory / file["source"]["path"] for file in assets["files"].values()]
    assert all(source.exists() for source in sources)
    assert sum(source.parent.parent == directory for source in sources) == 2


def test_construct_scope_below_a_stack_shares_with_the_stack(stack, image, synth):
    make_task(stack, "Task", image)
    make_task(Construct(stack, "Fleet"), "Task", image)
    assert len(synth(stack).all("AWS::Lambda::Function")) == 1


def test_many_images_on_one_role_are_reported(stack, tmp_path):
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "acme")
    tasks = [make_task(stack, f"Task{n}", FirmwareImage.from_bucket(bucket, f"{n:0>60}")) for n in range(60)]
    assert [f.rule for f in tasks[0].findings] == ["role-policy-size"]
    assert tasks[-1].findings[0].level == "error"
