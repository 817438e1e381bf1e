"""Who may do what with a rollout, and what its function may."""

import json
import re

import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from rollout_rig import DEVICES

from fuota_constructs import (
    DlClass,
    FirmwareBucket,
    FuotaValidationError,
    MulticastGroup,
    RfRegion,
)
from fuota_constructs.rollout.rollout_targets import RolloutTargets


def statements_of(template) -> list:
    policies = template.all("AWS::IAM::Policy").values()
    return [each for body in policies for each in body["Properties"]["PolicyDocument"]["Statement"]]


def test_the_function_may_look_at_this_image_and_ask_about_this_role_only(stack, rollout_of, synth) -> None:
    rollout_of()
    statements = {each.get("Sid"): each for each in statements_of(synth(stack))}
    assert "GetAtt" in json.dumps(statements["AskAboutRole"]["Resource"])
    assert "/firmware/" in json.dumps(statements["SeeImage"]["Resource"])
    assert "*" not in json.dumps(statements["SeeImage"]["Resource"])
    assert "ReadVersions" not in statements


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
