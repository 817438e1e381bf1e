"""Findings at synth: all together, with tokens skipped, warnings that can be acknowledged."""

import math
import subprocess
import sys
import textwrap

import aws_cdk as cdk
import constructs
import jsii
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iotwireless as iotwireless
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match

from fuota_constructs import DlClass, FirmwareImage, FuotaValidationError, MulticastGroup, RfRegion

from .made_task import TASK, make_task


def rules(task):
    return [(finding.level, finding.rule) for finding in task.findings]


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"redundancy_percent": 150}, "redundancy-range"),
        ({"redundancy_percent": "50"}, "redundancy-range"),
        ({"redundancy_percent": 50.0}, "redundancy-range"),
        ({"redundancy_percent": True}, "redundancy-range"),
        ({"redundancy_percent": math.nan}, "redundancy-range"),
        ({"redundancy_percent": object()}, "redundancy-range"),
        ({"fragment_size_bytes": 240}, "fragment-size-range"),
        ({"fragment_interval": cdk.Duration.millis(499)}, "fragment-interval-range"),
        ({"fragment_interval": cdk.Duration.millis(0)}, "fragment-interval-range"),
        ({"descriptor": "***"}, "descriptor-format"),
        ({"descriptor": b"x" * 250}, "descriptor-format"),
        ({"fuota_task_name": "n" * 257}, "name-length"),
        ({"description": "d" * 2049}, "description-length"),
    ],
)
def test_fails_when_a_rule_is_broken(app, stack, image, given, rule):
    task = make_task(stack, image, **given)
    assert ("error", rule) in rules(task)
    with pytest.raises(RuntimeError, match=rf"\[Stack/Task\] {rule}: .* \(fuota explain {rule}\)"):
        app.synth()


def test_fails_when_image_is_too_large_or_empty_or_elsewhere(app):
    stack = cdk.Stack(app, "Ireland", env=cdk.Environment(region="eu-west-1", account="123456789012"))
    elsewhere = s3.Bucket.from_bucket_attributes(stack, "Bucket", bucket_name="acme", region="us-east-1")
    image = FirmwareImage.from_bucket(elsewhere, "key", size_bytes=2_000_000)
    assert rules(make_task(stack, image)) == [("error", "image-size"), ("error", "image-region")]
    empty = FirmwareImage.from_bucket(elsewhere, "key", size_bytes=0)
    assert rules(make_task(stack, empty, "Empty")) == [("error", "image-empty"), ("error", "image-region")]


def test_bucket_of_a_stack_elsewhere_is_elsewhere(app):
    env = {region: cdk.Environment(region=region, account="123456789012") for region in ("eu-west-1", "us-east-1")}
    there = cdk.Stack(app, "There", env=env["us-east-1"])
    here = cdk.Stack(app, "Here", env=env["eu-west-1"])
    bucket = s3.Bucket(there, "Bucket", bucket_name="acme")
    assert rules(make_task(here, FirmwareImage.from_bucket(bucket, "key"))) == [("error", "image-region")]
    assert rules(make_task(there, FirmwareImage.from_bucket(bucket, "key"))) == []


def test_region_without_the_service(app, image):
    stack = cdk.Stack(app, "North", env=cdk.Environment(region="eu-north-1"))
    assert rules(make_task(stack, image)) == [("warning", "aws-region")]


def test_fails_when_a_group_is_of_another_region_or_devices_are_there_too(stack, image):
    ours = MulticastGroup(stack, "Ours", rf_region=RfRegion.US915, dl_class=DlClass.CLASS_C)
    l1 = iotwireless.CfnMulticastGroup(
        stack,
        "L1",
        lo_ra_wan=iotwireless.CfnMulticastGroup.LoRaWANProperty(rf_region="US915", dl_class="ClassC"),
    )
    known = MulticastGroup.from_multicast_group_attributes(
        stack, "Known", multicast_group_id="1", rf_region=RfRegion.US915
    )
    unknown = MulticastGroup.from_multicast_group_id(stack, "Unknown", "2")
    task = make_task(stack, image, multicast_groups=[ours, l1, known, unknown])
    assert rules(task) == [("error", "rf-region-mismatch")] * 3 + [("warning", "parameters-not-given")]
    assert '"Stack/Ours"' in task.findings[0].message
    task.add_wireless_device("a")
    assert rules(task)[0] == ("error", "targets-exclusive")


def test_fails_when_a_tag_added_at_the_end_breaks_a_limit(app, stack, image):
    make_task(stack, image)
    cdk.Tags.of(app).add("k" * 129, "v")
    with pytest.raises(RuntimeError, match=r"Stack/Task: tag-limits: "):
        app.synth()


def test_fails_when_an_l1_is_changed_after_it_was_given(app, stack, image):
    radio = iotwireless.CfnMulticastGroup.LoRaWANProperty
    group = iotwireless.CfnMulticastGroup(stack, "L1", lo_ra_wan=radio(rf_region="EU868", dl_class="ClassC"))
    trust = {"Effect": "Allow", "Principal": {"Service": "iotwireless.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.CfnRole(stack, "Role", assume_role_policy_document={"Statement": [trust]})
    given = {"redundancy_percent": 80, "fragment_interval": cdk.Duration.seconds(28), "fragment_size_bytes": 48}
    task = make_task(stack, image, multicast_groups=[group], firmware_update_role=role, **given)
    assert rules(task) == []
    group.lo_ra_wan = radio(rf_region="US915", dl_class="ClassC")
    role.assume_role_policy_document = {"Statement": []}
    with pytest.raises(RuntimeError, match=r"Stack/Task: role-trust: [\s\S]* Stack/Task: rf-region-mismatch: "):
        app.synth()


def test_a_target_added_later_settles_what_had_none(app, stack, image):
    given = {"redundancy_percent": 80, "fragment_interval": cdk.Duration.seconds(28)}
    task = make_task(stack, image, fragment_size_bytes=48, **given)
    assert rules(task) == [("warning", "fragment-size-needs-multicast")]
    task.add_multicast_group(MulticastGroup(stack, "G", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C))
    assert rules(task) == []
    app.synth()
    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())


def test_class_of_the_groups_decides_about_the_duration(stack, image):
    given = {
        "fragment_size_bytes": 10,
        "redundancy_percent": 0,
        "fragment_interval": cdk.Duration.seconds(400),
        "planned_loss_percent": 0,
    }
    b = MulticastGroup(stack, "B", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_B)
    c = MulticastGroup(stack, "C", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
    assert rules(make_task(stack, image, "Slow", multicast_groups=[b], **given)) == []
    assert rules(make_task(stack, image, "Fast", multicast_groups=[c], **given)) == [("warning", "session-duration")]


def test_warnings_can_be_acknowledged_by_rule_id(app, stack, image):
    task = make_task(stack, image, fragment_interval=cdk.Duration.millis(1500))
    other = make_task(stack, image, "Other", fragment_interval=cdk.Duration.millis(1500))
    cdk.Annotations.of(task).acknowledge_warning("fragment-interval-rounding", "close enough")
    app.synth()
    warnings = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("rounds it"))
    assert [str(warning.id) for warning in warnings] == [f"/{other.node.path}"]
    assert "(fuota explain fragment-interval-rounding) [ack: fragment-interval-rounding]" in str(warnings[0].entry.data)


ROUNDING = "fragment-interval-rounding"


@pytest.mark.parametrize("level", ["app", "stage", "stack", "nested stack", "scope", "task"])
@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize(
    "acknowledge",
    [
        lambda at: cdk.Annotations.of(at).acknowledge_warning(ROUNDING, "close enough"),
        lambda at: cdk.Validations.of(at).acknowledge(cdk.Acknowledgment(id=ROUNDING, reason="close enough")),
    ],
)
def test_warnings_can_be_acknowledged_at_every_level(app, image, level, early, acknowledge):
    at = {"app": app, "stage": cdk.Stage(app, "Stage")}
    at["stack"] = cdk.Stack(at["stage"], "Stack")
    at["nested stack"] = cdk.NestedStack(at["stack"], "Nested")
    at["scope"] = constructs.Construct(at["nested stack"], "Scope")
    if early and level != "task":
        acknowledge(at[level])
    at["task"] = make_task(at["scope"], image, fragment_interval=cdk.Duration.millis(1500))
    other = make_task(cdk.Stack(app, "Other"), image, fragment_interval=cdk.Duration.millis(1500))
    if not early or level == "task":
        acknowledge(at[level])
    app.synth()
    assert warnings_of(at["task"]) == []
    assert len(warnings_of(other)) == (0 if level == "app" else 1)
    assert warnings_of(app) == []


def warnings_of(construct):
    kinds = ("aws:cdk:warning", "aws:cdk:info")
    return [str(entry.data) for entry in construct.node.metadata if entry.type in kinds]


def test_another_warning_acknowledged_on_the_app_leaves_this_one(app, stack, image):
    cdk.Annotations.of(app).acknowledge_warning("few-fragments", "a test image")
    task = make_task(stack, image, fragment_interval=cdk.Duration.millis(1500), fragment_size_bytes=112)
    assert {rule for _, rule in rules(task)} >= {ROUNDING, "few-fragments"}
    app.synth()
    assert [text.rpartition("ack: ")[2] for text in warnings_of(task)] == [
        f"{rule}]" for level, rule in rules(task) if level == "warning" and rule != "few-fragments"
    ]


def test_fails_without_the_warnings_that_were_acknowledged(app, stack, image):
    make_task(stack, image, redundancy_percent=150, fragment_interval=cdk.Duration.millis(1500), fuota_task_name="a b")
    cdk.Annotations.of(app).acknowledge_warning(ROUNDING, "close enough")
    with pytest.raises(RuntimeError, match="redundancy-range") as raised:
        app.synth()
    assert "name-characters" in str(raised.value)
    assert ROUNDING not in str(raised.value)


def test_tokens_are_skipped_and_reach_the_template(stack, synth):
    number = cdk.CfnParameter(stack, "Number", type="Number")
    text = cdk.CfnParameter(stack, "Text")
    devices = cdk.CfnParameter(stack, "Devices", type="CommaDelimitedList")
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", text.value_as_string)
    image = FirmwareImage.from_bucket(bucket, text.value_as_string, size_bytes=number.value_as_number)
    task = make_task(
        stack,
        image,
        rf_region=RfRegion.of(text.value_as_string),
        fuota_task_name=text.value_as_string,
        description=text.value_as_string,
        redundancy_percent=number.value_as_number,
        fragment_size_bytes=number.value_as_number,
        fragment_interval=cdk.Duration.seconds(number.value_as_number),
        descriptor=text.value_as_string,
        wireless_devices=devices.value_as_list,
    )
    cdk.Tags.of(task).add("stage", text.value_as_string)
    assert rules(task) == [("error", "fragment-size-needs-multicast")]
    assert task.encoded_fragments is None


def test_tokens_reach_the_template(stack, image, synth):
    number = cdk.CfnParameter(stack, "Number", type="Number")
    text = cdk.CfnParameter(stack, "Text")
    devices = cdk.CfnParameter(stack, "Devices", type="CommaDelimitedList")
    make_task(
        stack,
        image,
        fuota_task_name=text.value_as_string,
        redundancy_percent=number.value_as_number,
        fragment_interval=cdk.Duration.seconds(number.value_as_number),
        descriptor=cdk.Fn.base64(text.value_as_string),
        wireless_devices=devices.value_as_list,
    )
    properties = synth(stack).properties(TASK)
    assert properties["Name"] == {"Ref": "Text"}
    assert properties["RedundancyPercent"] == {"Ref": "Number"}
    assert properties["FragmentIntervalMS"] == {"Fn::Join": ["", [{"Ref": "Number"}, "000"]]}
    assert properties["Descriptor"] == {"Fn::Base64": {"Ref": "Text"}}
    assert properties["WirelessDeviceIds"] == {"Ref": "Devices"}


def test_interval_token_in_milliseconds_and_a_lazy_number(stack, image, synth):
    number = cdk.CfnParameter(stack, "Number", type="Number")
    task = make_task(
        stack,
        image,
        fragment_interval=cdk.Duration.millis(number.value_as_number),
        redundancy_percent=cdk.Fn.condition_if("C", 10, 20),
    )
    cdk.CfnCondition(stack, "C", expression=cdk.Fn.condition_equals("a", "a"))
    assert task.findings == ()
    properties = synth(stack).properties(TASK)
    assert properties["FragmentIntervalMS"] == {"Ref": "Number"}
    assert properties["RedundancyPercent"] == {"Fn::If": ["C", 10, 20]}


def test_fails_when_an_interval_token_would_need_a_multiplication(stack, image):
    number = cdk.CfnParameter(stack, "Number", type="Number")
    with pytest.raises(FuotaValidationError, match=r"cannot multiply; give it in seconds"):
        make_task(stack, image, fragment_interval=cdk.Duration.minutes(number.value_as_number))


def test_key_that_is_a_token_has_the_same_ids_in_every_synth(tmp_path):
    def ids(*, tokens_before):
        app = cdk.App(outdir=str(tmp_path / str(tokens_before)))
        stack = cdk.Stack(app, "Stack")
        key = cdk.CfnParameter(stack, "Key")
        for _ in range(tokens_before):
            cdk.Lazy.string(Producer())
        bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "acme")
        make_task(stack, FirmwareImage.from_bucket(bucket, key.value_as_string))
        return set(app.synth().get_stack_by_name("Stack").template["Resources"])

    assert ids(tokens_before=0) == ids(tokens_before=7)


@jsii.implements(cdk.IStableStringProducer)
class Producer:
    def produce(self):
        return "x"


BAD_APP = textwrap.dedent(
    """
    import aws_cdk as cdk
    from aws_cdk import aws_s3 as s3
    from fuota_constructs import FirmwareImage, FuotaTask, RfRegion

    app = cdk.App()
    stack = cdk.Stack(app, "Bad")
    bucket = s3.Bucket(stack, "Bucket")
    for name, size in {"First": 0, "Second": 2_000_000}.items():
        FuotaTask(
            stack,
            name,
            firmware_image=FirmwareImage.from_bucket(bucket, "key", size_bytes=size),
            rf_region=RfRegion.EU868,
            fuota_task_name="n" * 257,
            redundancy_percent=150,
            fragment_size_bytes=500,
            fragment_interval=cdk.Duration.millis(100),
        )
    app.synth()
    """
)


def test_fails_with_all_findings_of_all_tasks_in_one_synth(tmp_path):
    (tmp_path / "app.py").write_text(BAD_APP)
    ran = subprocess.run([sys.executable, "app.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    for name, image in {"First": "image-empty", "Second": "image-size"}.items():
        for rule in ("redundancy-range", "fragment-size-range", "fragment-interval-range", "name-length", image):
            assert f"[Bad/{name}] {rule}: " in ran.stderr
