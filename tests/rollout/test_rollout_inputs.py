"""What a rollout is given: what is refused, what is a finding, and what goes to the machines."""

import json

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iotwireless as iotwireless
from aws_cdk import aws_s3 as s3
from rollout_rig import DEVICES
from rollout_template import settings_of

from fuota_constructs import (
    Applied,
    DeviceList,
    DeviceVersions,
    DlClass,
    FirmwareImage,
    FuotaRollout,
    FuotaValidationError,
    MulticastGroup,
    RfRegion,
)
from fuota_constructs.rollout.maintenance_window import MaintenanceWindow
from fuota_constructs.rollout.rollout_targets import RolloutTargets
from fuota_constructs.rollout.rollout_wave import RolloutWave

TOKEN = cdk.Token.as_number({"Ref": "Loss"})


def test_settings_are_numbers_and_no_device_is_in_the_template(stack, rollout_of, synth) -> None:
    window = MaintenanceWindow.daily(start="22:00", duration=cdk.Duration.hours(8), time_zone="Europe/Berlin")
    rollout_of(maintenance_window=window, retries=2)
    template = synth(stack)
    settings = settings_of(template)
    assert settings["session"]["redundancyPercent"] == 30
    assert settings["gate"] == {"success": 0.95, "confidence": 0.8, "mostSilent": 0, "silentAfterSeconds": 21_600}
    assert [wave["name"] for wave in settings["waves"]] == ["canary", "tenth", "rest"]
    assert settings["window"]["offsets"][:3] == [[0, 3600], [1_743_296_400, 7200], [1_761_440_400, 3600]]
    assert (settings["retries"], settings["mostRedundancyPercent"]) == (2, 60)
    assert DEVICES[7] not in json.dumps(settings)
    assert settings["targets"]["listKey"].endswith(".txt")


def test_devices_that_fail_together_are_said_to_the_gate_and_to_the_rules(stack, rollout_of, synth) -> None:
    rollout = rollout_of(devices_per_gateway=25, waves=[RolloutWave.devices(60), RolloutWave.percent(100)])
    assert settings_of(synth(stack))["gate"]["gateways"] == {"a_gateway": 25, "correlation": 0.05}
    [weak] = [found.message for found in rollout.findings if found.rule == "wave-cannot-prove"]
    assert "(25 behind a gateway)" in weak


@pytest.mark.parametrize(
    ("devices", "given", "waves"),
    [
        (None, {}, [("canary", 53), ("tenth", 10), ("rest", 100)]),
        (2_000, {}, [("canary", 53), ("tenth", 10), ("rest", 100)]),
        (530, {}, [("canary", 53), ("rest", 100)]),
        (200, {}, [("canary", 50), ("rest", 100)]),
        (1, {}, [("canary", 1), ("rest", 100)]),
        (2_000, {"success_percent": 90}, [("canary", 26), ("tenth", 10), ("rest", 100)]),
        (4_000, {"devices_per_gateway": 25}, [("canary", 117), ("tenth", 10), ("rest", 100)]),
    ],
)
def test_by_default_the_canary_can_prove_what_is_asked_for(rollout_of, synth, devices, given, waves) -> None:
    ids = DeviceList.of([f"00000000-0000-0000-0000-{number:012}" for number in range(devices or 0)] or DEVICES)
    targets = RolloutTargets.devices(ids) if devices else RolloutTargets.device_profile(DEVICES[0])
    rollout = rollout_of(targets=targets, **given)
    found = settings_of(synth(cdk.Stack.of(rollout)))["waves"]
    assert [(wave["name"], wave.get("devices", wave.get("percent"))) for wave in found] == waves
    if devices is None or devices > 300:
        assert "wave-cannot-prove" not in [finding.rule for finding in rollout.findings]


def test_targets_may_be_groups_or_a_profile(stack, rollout_of, synth) -> None:
    group = MulticastGroup.from_multicast_group_id(stack, "Group", "11111111-2222-3333-4444-555555555555")
    rollout_of("A", targets=RolloutTargets.multicast_groups([group, group]))
    rollout_of("B", targets=RolloutTargets.device_profile("profile"))
    found = [json.dumps(body) for body in synth(stack).all("Custom::FuotaRollout").values()]
    assert any("11111111-2222-3333-4444-555555555555" in text for text in found)
    assert any('deviceProfileId\\\\\\":\\\\\\"profile' in json.dumps(text) for text in found)


def test_none_is_not_given(stack, rollout_of, synth) -> None:
    names = ("success_percent", "confidence_percent", "retries", "most_silent", "most_redundancy_percent")
    rollout_of(**dict.fromkeys(names))
    settings = settings_of(synth(stack))
    gate = {name: settings["gate"][name] for name in ("success", "confidence", "mostSilent")}
    assert gate == {"success": 0.95, "confidence": 0.8, "mostSilent": 0}
    assert (settings["retries"], settings["mostRedundancyPercent"]) == (0, 60)
    assert RolloutWave.devices(3, approval=None) == RolloutWave.devices(3)
    hours = cdk.Duration.hours(8)
    assert MaintenanceWindow.daily(start="22:00", duration=hours, time_zone=None).time_zone == "UTC"


def test_fails_for_an_id_that_no_tag_or_metric_can_have(rollout_of) -> None:
    for name in ("Zähler", "Update (EU)", "R" * 128):
        with pytest.raises(FuotaValidationError, match="rollout-id: the path of the rollout is"):
            rollout_of(name)
    assert rollout_of("R" * 127).rollout_name.endswith("/" + "R" * 127)


@pytest.mark.parametrize("descriptor", [float("nan"), object(), "***"])
def test_a_descriptor_that_is_none_is_a_finding(rollout_of, descriptor) -> None:
    assert "descriptor-format" in {found.rule for found in rollout_of(descriptor=descriptor).findings}


def test_image_role_and_groups_are_looked_at_as_those_of_a_task(app, image) -> None:
    here, there = (
        cdk.Stack(app, name, env=cdk.Environment(account="111122223333", region=name), cross_region_references=True)
        for name in ("eu-west-1", "us-east-1")
    )
    arn = "arn:aws:iotwireless:us-east-1:111122223333:MulticastGroup/g"
    groups = [
        MulticastGroup.from_multicast_group_arn(here, "Elsewhere", arn),
        MulticastGroup(here, "Other", rf_region=RfRegion.US915, dl_class=DlClass.CLASS_C),
    ]
    given = {
        "rf_region": RfRegion.EU868,
        "dl_class": DlClass.CLASS_C,
        "redundancy_percent": 30,
        "fragment_size_bytes": 112,
        "fragment_interval": cdk.Duration.seconds(7),
    }
    rollout = FuotaRollout(
        here,
        "Rollout",
        firmware_image=FirmwareImage.from_bucket(
            s3.Bucket.from_bucket_attributes(here, "Bucket", bucket_name="acme-firmware", region="us-east-1"),
            "meter.bin",
            size_bytes=20_000,
        ),
        firmware_update_role=iam.Role(here, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com")),
        targets=RolloutTargets.multicast_groups(groups),
        device_stack="loramac-node",
        **given,
    )
    rules = {found.rule for found in rollout.findings if found.level == "error"}
    assert rules >= {"image-region", "role-trust", "group-region", "rf-region-mismatch", "stack-fragment-count"}
    messages = " ".join(found.message for found in rollout.findings)
    assert "and the rollout of" in messages
    assert "and the rollout in eu-west-1" in messages
    versions = DeviceVersions(there, "Versions")
    with pytest.raises(FuotaValidationError, match="in us-east-1, and the rollout in eu-west-1; give a table of eu-w"):
        FuotaRollout(
            here,
            "Versioned",
            firmware_image=image,
            targets=RolloutTargets.multicast_groups(groups),
            applied=Applied.version("2.4.0", versions=versions),
            **given,
        )
    profile = RolloutTargets.device_profile(iotwireless.CfnDeviceProfile(there, "Profile"))
    with pytest.raises(FuotaValidationError, match=r"CfnDeviceProfile \(us-east-1/Profile\) is in us-east-1"):
        FuotaRollout(here, "ByProfile", firmware_image=image, targets=profile, **given)


def test_fails_when_the_l1_of_a_target_is_changed_after_it_was_given(stack, rollout_of) -> None:
    radio = iotwireless.CfnMulticastGroup.LoRaWANProperty
    group = iotwireless.CfnMulticastGroup(stack, "L1", lo_ra_wan=radio(rf_region="EU868", dl_class="ClassC"))
    rollout = rollout_of("A", targets=RolloutTargets.multicast_groups([group]))
    assert "rf-region-mismatch" not in {found.rule for found in rollout.findings}
    group.lo_ra_wan = radio(rf_region="US915", dl_class="ClassC")
    assert "rf-region-mismatch" in {found.rule for found in rollout.findings}


def test_the_rules_of_tasks_and_of_rollouts_are_asked(rollout_of) -> None:
    rollout = rollout_of(redundancy_percent=0, waves=[RolloutWave.devices(5), RolloutWave.devices(9)])
    assert {"rollout-waves", "wave-cannot-prove", "decode-probability"} <= {found.rule for found in rollout.findings}
    assert rollout.plan.fragments == 179


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"dl_class": "ClassC"}, "give DlClass.CLASS_B or DlClass.CLASS_C"),
        ({"targets": DEVICES}, "give RolloutTargets.devices"),
        ({"waves": ["canary"]}, "give a list of RolloutWave"),
        ({"maintenance_window": "22:00"}, "give MaintenanceWindow.daily"),
        ({"redundancy_percent": 101}, "redundancy_percent is 101; give a whole number from 0 to 100"),
        ({"redundancy_percent": None}, "redundancy_percent is None"),
        ({"fragment_interval": 7}, "give a Duration that is known at synth, such as cdk.Duration.seconds(7)"),
        (
            {"fragment_interval": cdk.Duration.millis(1.5)},
            "fragment_interval in milliseconds is 1.5; give a whole number",
        ),
        ({"fragment_interval": cdk.Duration.seconds(0)}, "fragment_interval in milliseconds is 0; give a whole number"),
        ({"success_percent": 100}, "success_percent is 100; give percent, from 1 and below 100"),
        ({"success_percent": 0.9}, "success_percent is 0.9; give percent, from 1 and below 100: 90 for a share of 0.9"),
        ({"confidence_percent": "80"}, "confidence_percent"),
        ({"retries": 4}, "retries is 4; give a whole number from 0 to 3"),
        ({"most_redundancy_percent": 29}, "give a whole number from 30 to 100"),
        ({"most_silent": -1}, "most_silent is -1"),
        ({"silent_after": cdk.Duration.seconds(59)}, "silent_after is 59 s"),
        ({"setup_within": cdk.Duration.days(8)}, "setup_within is 691200 s"),
        ({"applied": "2.4.0"}, "applied is '2.4.0'; give Applied.version('2.4.0')"),
        ({"devices_per_gateway": 0}, "devices_per_gateway is 0; give a number from 1 to 100,000"),
        ({"devices_per_gateway": True}, "devices_per_gateway is True"),
        ({"devices_per_gateway": 25, "gateway_correlation": 5}, "give a number above 0, up to 1"),
        ({"gateway_correlation": 0.05}, "gateway_correlation is 0.05 without devices_per_gateway"),
        ({"devices_per_gateway": 10**400}, "give a number from 1 to 100,000"),
        ({"planned_loss_percent": TOKEN}, "planned_loss_percent is a value known only at deployment; give one"),
        ({"retries": ""}, "retries is ''; give a whole number from 0 to 3"),
    ],
)
def test_fails_for_what_no_rollout_can_have(rollout_of, given, part) -> None:
    with pytest.raises(FuotaValidationError) as refused:
        rollout_of(**given)
    assert part in str(refused.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: RolloutWave.devices(0),
        lambda: RolloutWave.devices(True),
        lambda: RolloutWave.percent(0),
        lambda: RolloutWave.percent(100.1),
        lambda: RolloutWave.percent(float("nan")),
        lambda: RolloutWave.percent(10**400),
        lambda: RolloutWave.devices(10**9),
        lambda: RolloutWave.devices(1, name=""),
        lambda: RolloutWave.devices(1, approval="yes"),
        lambda: RolloutWave.devices(1, bake=cdk.Duration.days(31)),
        lambda: RolloutWave.devices(1, bake=3600),
        lambda: Applied.version(""),
        lambda: Applied.version(2),
        lambda: Applied.version(" 2.4.0"),
        lambda: Applied.version("2" * 65),
        lambda: Applied.version("2.4.0", within=cdk.Duration.seconds(59)),
        lambda: Applied.version("2.4.0", within=cdk.Duration.days(31)),
        lambda: Applied.version("2.4.0", versions="table"),
        lambda: RolloutTargets.devices(DEVICES),
        lambda: RolloutTargets.multicast_groups([]),
        lambda: RolloutTargets.multicast_groups(["id"]),
        lambda: RolloutTargets.device_profile(""),
        lambda: RolloutTargets.device_profile("p" * 257),
        lambda: RolloutTargets.device_profile("arn:aws:iotwireless:eu-west-1:111122223333:DeviceProfile/p"),
        lambda: MaintenanceWindow.daily(start="24:00", duration=cdk.Duration.hours(8)),
        lambda: MaintenanceWindow.daily(start=2200, duration=cdk.Duration.hours(8)),
        lambda: MaintenanceWindow.daily(start="22:00", duration=cdk.Duration.minutes(59)),
        lambda: MaintenanceWindow.daily(start="22:00", duration=None),
        lambda: MaintenanceWindow.daily(start="22:00", duration=cdk.Duration.hours(8), time_zone="Berlin"),
    ],
)
def test_fails_for_values_that_cannot_be(make) -> None:
    with pytest.raises(FuotaValidationError):
        make()


@pytest.mark.parametrize(
    ("make", "least", "most"),
    [
        (lambda length: RolloutWave.devices(1, bake=length), 0, 30 * 86_400),
        (lambda length: Applied.version("2.4.0", within=length), 60, 30 * 86_400),
        (lambda length: MaintenanceWindow.daily(start="22:00", duration=length), 3600, 86_400),
    ],
)
def test_fails_for_what_is_longer_or_shorter_than_its_limit(make, least, most) -> None:
    for seconds in (least, most):
        make(cdk.Duration.seconds(seconds))
    for seconds in (least - 1, most + 1):
        if seconds >= 0:  # the CDK has no Duration below
            with pytest.raises(FuotaValidationError, match=f"{least:,} to {most:,} whole seconds"):
                make(cdk.Duration.seconds(seconds))


@pytest.mark.parametrize(("name", "least"), [("silent_after", 60), ("setup_within", 3600)])
def test_fails_for_more_than_a_week(rollout_of, name, least) -> None:
    week = 7 * 86_400
    for number, seconds in enumerate((least, week)):
        rollout_of(f"Rollout{number}", **{name: cdk.Duration.seconds(seconds)})
    for number, seconds in enumerate((least - 1, week + 1), start=2):
        with pytest.raises(
            FuotaValidationError, match=f"{name} is {seconds} s; give a Duration of {least:,} to 604,800"
        ):
            rollout_of(f"Rollout{number}", **{name: cdk.Duration.seconds(seconds)})


@pytest.mark.parametrize(
    ("given", "missed"),
    [
        ({}, 0.1),
        ({"planned_loss_percent": 5}, 0.05),
        ({"fragment_interval": cdk.Duration.seconds(6)}, 0.55),  # the duty cycle leaves one of two
        ({"fragment_size_bytes": 230, "fragment_interval": cdk.Duration.seconds(3)}, 0.7),  # one of three
        ({"dl_class": DlClass.CLASS_B, "fragment_size_bytes": 230, "fragment_interval": cdk.Duration.seconds(7)}, 0.1),
        (
            {"dl_class": DlClass.CLASS_B, "rf_region": RfRegion.US915, "fragment_interval": cdk.Duration.seconds(3)},
            0.325,  # every fourth finds its ping slot taken
        ),
    ],
)
def test_the_gate_counts_with_the_loss_that_the_plan_counts_with(stack, rollout_of, synth, given, missed) -> None:
    rollout = rollout_of(**given)
    assert settings_of(synth(stack))["session"]["plannedLoss"] == pytest.approx(missed)
    plan = rollout.plan
    assert plan is not None
    assert plan.missed_at(plan.loss) == pytest.approx(missed)


def test_fails_for_a_share_of_nothing_without_a_guess_at_what_was_meant(rollout_of) -> None:
    with pytest.raises(FuotaValidationError) as raised:
        rollout_of(success_percent=0)
    assert raised.value.message == "success_percent is 0; give percent, from 1 and below 100"


@pytest.mark.parametrize("profile", ["p", "p" * 256])
def test_an_id_of_a_profile_has_1_to_256_characters(profile) -> None:
    assert RolloutTargets.device_profile(profile).device_profile_id == profile
