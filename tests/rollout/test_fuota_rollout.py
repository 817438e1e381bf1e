"""FuotaRollout: what is in the template, what it refuses, who may do what."""

import json
import re
import subprocess
import sys
from pathlib import Path

import aws_cdk as cdk
import cfnlint.api
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iotwireless as iotwireless
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from rollout_rig import DEVICES

from fuota_constructs import (
    Applied,
    DeviceList,
    DeviceVersions,
    DlClass,
    FirmwareBucket,
    FirmwareImage,
    FuotaRollout,
    FuotaValidationError,
    MulticastGroup,
    RfRegion,
)
from fuota_constructs.operations.rollouts import BUCKET_TAG, ROLLOUT_TAG, TABLE_TAG
from fuota_constructs.rollout.maintenance_window import MaintenanceWindow
from fuota_constructs.rollout.rollout_targets import RolloutTargets
from fuota_constructs.rollout.rollout_wave import RolloutWave

TOKEN = cdk.Token.as_number({"Ref": "Loss"})
LAMBDA = iam.ServicePrincipal("lambda.amazonaws.com")


def settings_of(template) -> dict:
    text = template.properties("Custom::FuotaRollout")["Settings"]["Fn::Join"][1]
    return json.loads("".join(part if isinstance(part, str) else "token" for part in text))


def statements_of(template) -> list:
    policies = template.all("AWS::IAM::Policy").values()
    return [each for body in policies for each in body["Properties"]["PolicyDocument"]["Statement"]]


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


def test_versions_have_a_table_of_their_own_where_they_count(stack, rollout_of, synth) -> None:
    rollout, role = rollout_of(applied=Applied.version("2.4.0")), iam.Role(stack, "Pipeline", assumed_by=LAMBDA)
    rollout.grants.report_versions(role)
    template = synth(stack)
    assert settings_of(template)["applied"] == {"version": "2.4.0", "withinSeconds": 172_800, "table": "token"}
    [table] = [body for name, body in template.all("AWS::DynamoDB::Table").items() if "Versions" in name]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert table["Properties"]["KeySchema"] == [{"AttributeName": "WirelessDeviceId", "KeyType": "HASH"}]
    assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    allowed = json.dumps(template.all("AWS::IAM::Policy"))
    assert allowed.count('"dynamodb:BatchGetItem"') == allowed.count('"dynamodb:BatchWriteItem"') == 1


def test_rollouts_may_share_a_table_and_those_without_a_version_have_none(stack, rollout_of, synth) -> None:
    versions = DeviceVersions(stack, "FleetVersions")
    asked = Applied.version("2.4.0", within=cdk.Duration.hours(12), versions=versions)
    first, second, plain = rollout_of("A", applied=asked), rollout_of("B", applied=asked), rollout_of("C")
    assert first.versions is second.versions is versions
    assert plain.versions is None
    tables = [name for name in synth(stack).all("AWS::DynamoDB::Table") if "Versions" in name]
    assert len(tables) == 1
    with pytest.raises(FuotaValidationError, match="give it applied=Applied"):
        plain.grants.report_versions(iam.Role(stack, "Pipeline", assumed_by=LAMBDA))
    with pytest.raises(FuotaValidationError, match="give a role, a function"):
        versions.grant_report("pipeline")


def test_the_function_may_look_at_this_image_and_ask_about_this_role_only(stack, rollout_of, synth) -> None:
    rollout_of()
    statements = {each.get("Sid"): each for each in statements_of(synth(stack))}
    assert "GetAtt" in json.dumps(statements["AskAboutRole"]["Resource"])
    assert "/firmware/" in json.dumps(statements["SeeImage"]["Resource"])
    assert "*" not in json.dumps(statements["SeeImage"]["Resource"])
    assert "ReadVersions" not in statements


def test_machines_are_as_their_files_say(stack, rollout_of, synth) -> None:
    rollout_of()
    machines = synth(stack).all("AWS::StepFunctions::StateMachine")
    assert len(machines) == 2
    for name, body in machines.items():
        file = "wave" if "Wave" in name else "rollout"
        text = Path(sys.modules["fuota_constructs.rollout.fuota_rollout"].__file__).parent / "machine"
        assert body["Properties"]["DefinitionString"] == (text / f"{file}.asl.json").read_text()
        assert "FunctionArn" in body["Properties"]["DefinitionSubstitutions"]


def test_targets_may_be_groups_or_a_profile(stack, rollout_of, synth) -> None:
    group = MulticastGroup.from_multicast_group_id(stack, "Group", "11111111-2222-3333-4444-555555555555")
    rollout_of("A", targets=RolloutTargets.multicast_groups([group, group]))
    rollout_of("B", targets=RolloutTargets.device_profile("profile"))
    found = [json.dumps(body) for body in synth(stack).all("Custom::FuotaRollout").values()]
    assert any("11111111-2222-3333-4444-555555555555" in text for text in found)
    assert any('deviceProfileId\\\\\\":\\\\\\"profile' in json.dumps(text) for text in found)


def test_the_asset_has_all_that_the_function_imports(stack, rollout_of, synth) -> None:
    """In a Python that has the asset, and nothing else."""
    rollout_of()
    synth(stack)
    assembly = Path(stack.node.root.outdir)
    files = json.loads((assembly / f"{stack.stack_name}.assets.json").read_text())["files"].values()
    [code] = [
        assembly / file["source"]["path"]
        for file in files
        if (assembly / file["source"]["path"] / "rollout_step.py").exists()
    ]
    check = (
        f"import sys; sys.path = [{str(code)!r}, *[path for path in sys.path if 'site-packages' not in path]];"
        "import rollout_step; from session_length import decode_probability; print(decode_probability(100, 30, 0.1))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", check], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 0.9 < float(done.stdout) < 1
    assert all(path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644) for path in code.rglob("*"))


def test_the_template_and_its_machines_are_valid(stack, rollout_of, synth) -> None:
    rollout_of()
    synth(stack)
    text = (Path(stack.node.root.outdir) / stack.template_file).read_text()
    assert [str(match) for match in cfnlint.api.lint(text)] == []


def test_aspects_see_functions_tables_and_machines(stack, rollout_of) -> None:
    rollout = rollout_of()
    from aws_cdk import aws_dynamodb, aws_lambda, aws_stepfunctions

    kinds = (aws_lambda.CfnFunction, aws_dynamodb.CfnTable, aws_stepfunctions.CfnStateMachine)
    seen = [kind for node in rollout.node.find_all() for kind in kinds if isinstance(node, kind)]
    assert sorted(map(kinds.index, seen)) == [0, 1, 2, 2]


def test_grants_name_this_rollout_only(stack, rollout_of, synth) -> None:
    rollout, role = rollout_of(), iam.Role(stack, "Operator", assumed_by=iam.AccountRootPrincipal())
    rollout.grants.start(role)
    rollout.grants.control(role)
    template = synth(stack)
    [policy] = [body for name, body in template.all("AWS::IAM::Policy").items() if name.startswith("Operator")]
    actions = {}
    for each in policy["Properties"]["PolicyDocument"]["Statement"]:
        for action in [each["Action"]] if isinstance(each["Action"], str) else each["Action"]:
            actions[action] = each["Resource"]
    assert set(actions) == {
        "dynamodb:GetItem",
        "dynamodb:UpdateItem",
        "s3:GetObject",
        "s3:ListBucket",
        "states:DescribeExecution",
        "states:ListExecutions",
        "states:ListStateMachines",
        "states:ListTagsForResource",
        "states:RedriveExecution",
        "states:StartExecution",
        "states:StopExecution",
    }
    assert [action for action, resource in actions.items() if resource == "*"] == ["states:ListStateMachines"]
    # The bucket may have the evidence of other rollouts, too.
    [kept] = [each for each in statements_of(template) if each.get("Sid") == "KeepEvidence"]
    for resource in (kept["Resource"], actions["s3:GetObject"]):
        assert re.search(r'"/rollouts/", {"Fn::Select": \[6, .*MachinesRollout.*"/\*"', json.dumps(resource))


def test_r30_what_only_a_rollout_needs_goes_with_it_and_not_before(stack, rollout_of, synth) -> None:
    """CloudFormation changes the policy of the provider before it deletes what left the template."""
    rollout_of("A"), rollout_of("B")
    template = synth(stack)
    policies = {name: json.dumps(body) for name, body in template.all("AWS::IAM::Policy").items()}
    [provider] = [text for name, text in policies.items() if name.startswith("FuotaConstructsProviderPolicy")]
    assert "ollout" not in provider
    for body in template.all("Custom::FuotaRollout").values():
        needed = [policies[name] for name in body["DependsOn"] if name in policies]
        table = body["Properties"]["ControlTable"]["Ref"]
        assert [text for text in needed if "NoteRollout" in text and table in text]
        assert [text for text in needed if "DeleteGroupsOfRollouts" in text]
    assert sum("DeleteGroupsOfRollouts" in text for text in policies.values()) == 1


def test_fails_for_more_rollouts_than_the_role_of_their_provider_has_room_for(stack, rollout_of) -> None:
    targets = RolloutTargets.device_profile("profile")
    for number in range(14):
        rollout_of(f"Rollout{number}", targets=targets)
    with pytest.raises(FuotaValidationError, match="rollout-count: the stack has 14 rollouts"):
        MulticastGroup(stack, "G", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C, wireless_devices=[DEVICES[0]])
    with pytest.raises(
        FuotaValidationError, match=r"the stack has 15 rollouts, .* IAM takes 10,240: give some of them a"
    ):
        rollout_of("OneTooMany", targets=targets)


def test_who_reads_a_rollout_may_decrypt_its_evidence(stack, rollout_of, synth) -> None:
    key = kms.Key(stack, "Key")
    rollout = rollout_of(firmware_bucket=FirmwareBucket(stack, "Bucket", encryption_key=key))
    rollout.grants.read(iam.Role(stack, "Operator", assumed_by=iam.AccountRootPrincipal()))
    policies = synth(stack).all("AWS::IAM::Policy")
    [policy] = [json.dumps(body) for name, body in policies.items() if name.startswith("Operator")]
    assert '"Action": "kms:Decrypt"' in policy


def test_the_machine_says_by_tags_where_word_and_evidence_are(stack, rollout_of, synth) -> None:
    rollout_of()
    machines = synth(stack).all("AWS::StepFunctions::StateMachine").values()
    [tags] = [machine["Properties"]["Tags"] for machine in machines if "Tags" in machine["Properties"]]
    found = {tag["Key"]: tag["Value"] for tag in tags}
    assert set(found) == {ROLLOUT_TAG, TABLE_TAG, BUCKET_TAG}
    assert [list(found[tag]) for tag in (TABLE_TAG, BUCKET_TAG)] == [["Ref"], ["Ref"]]


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
        ({"fragment_interval": 7}, "give a Duration, such as cdk.Duration.seconds(7)"),
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
