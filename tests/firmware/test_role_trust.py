"""A role of this app that the service cannot assume is found at synth."""

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam

from fuota_constructs import FirmwareUpdateRole, FuotaTask, RfRegion

SERVICE = iam.ServicePrincipal("iotwireless.amazonaws.com")
OTHER = iam.ServicePrincipal("lambda.amazonaws.com")


def role(stack, principal):
    return iam.Role(stack, "Role", assumed_by=principal)


def found(stack, image, role, name="Task"):
    task = FuotaTask(stack, name, firmware_image=image, rf_region=RfRegion.EU868, firmware_update_role=role)
    return [finding.rule for finding in task.findings if finding.rule == "role-trust"]


@pytest.mark.parametrize(
    "principal",
    [
        SERVICE,
        SERVICE.with_conditions({"StringEquals": {"aws:SourceAccount": "111122223333"}}),
        SERVICE.with_session_tags(),
        iam.CompositePrincipal(OTHER, SERVICE),
        iam.AnyPrincipal(),
        iam.StarPrincipal(),
    ],
)
def test_a_role_the_service_may_assume_is_taken(stack, image, principal):
    assert found(stack, image, role(stack, principal)) == []


@pytest.mark.parametrize(
    "make",
    [
        lambda stack: FirmwareUpdateRole(stack, "Role"),
        lambda stack: role(stack, iam.ServicePrincipal(cdk.CfnParameter(stack, "Principal").value_as_string)),
        lambda stack: iam.Role.from_role_name(stack, "Role", "acme"),
        lambda stack: iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::111122223333:role/acme", mutable=False),
        lambda stack: role(stack, OTHER).without_policy_updates(),
        lambda stack: iam.LazyRole(stack, "Role", assumed_by=OTHER),
    ],
)
def test_a_role_whose_trust_is_not_known_is_taken(stack, image, make):
    assert found(stack, image, make(stack)) == []


@pytest.mark.parametrize(
    "principal",
    [
        OTHER,
        iam.AccountRootPrincipal(),
        iam.CompositePrincipal(OTHER, iam.ServicePrincipal("iot.amazonaws.com")),
        iam.FederatedPrincipal("cognito-identity.amazonaws.com"),
    ],
)
def test_fails_when_the_service_may_not_assume_the_role(app, stack, image, principal):
    given = role(stack, principal)
    assert found(stack, image, given) == ["role-trust"]
    with pytest.raises(RuntimeError, match=r"\[Stack/Task\] role-trust: the trust policy .* use a FirmwareUpdateRole"):
        app.synth()


def test_trust_that_is_added_later_counts(app, stack, image):
    given = role(stack, OTHER)
    assert found(stack, image, given) == ["role-trust"]
    given.assume_role_policy.add_statements(
        iam.PolicyStatement(actions=["sts:AssumeRole"], principals=[SERVICE], effect=iam.Effect.ALLOW)
    )
    assert found(stack, image, given, "Later") == []
    app.synth()


def test_fails_when_the_service_is_denied_only(stack, image):
    given = role(stack, OTHER)
    given.assume_role_policy.add_statements(
        iam.PolicyStatement(actions=["sts:AssumeRole"], principals=[SERVICE], effect=iam.Effect.DENY)
    )
    assert found(stack, image, given) == ["role-trust"]


@pytest.mark.parametrize(
    ("action", "fails"),
    [("sts:AssumeRole", False), (["sts:TagSession", "sts:assume*"], False), ("*", False), ("sts:TagSession", True)],
)
def test_the_trust_policy_must_allow_to_assume_the_role(stack, image, action, fails):
    trust = {"Effect": "Allow", "Principal": {"Service": "iotwireless.amazonaws.com"}, "Action": action}
    own = iam.CfnRole(stack, "Own", assume_role_policy_document={"Statement": [trust]})
    assert bool(found(stack, image, own)) is fails
