"""Grants to principals of other accounts, of which nobody hears that they allow nothing."""

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Annotations, Match

from fuota_constructs import DeviceVersions, DlClass, FuotaTask, MulticastGroup, RfRegion

OURS, OTHERS = "111122223333", "444455556666"


@pytest.fixture
def here(app):
    return cdk.Stack(app, "Here", env=cdk.Environment(account=OURS, region="eu-west-1"))


def warnings_in(stack):
    return [each.entry.data for each in Annotations.from_stack(stack).find_warning("*", Match.any_value())]


@pytest.mark.parametrize(
    "make",
    [
        lambda here: iam.Role.from_role_arn(here, "Role", f"arn:aws:iam::{OTHERS}:role/operator"),
        lambda here: iam.User(
            cdk.Stack(here.node.root, "There", env=cdk.Environment(account=OTHERS, region="eu-west-1")), "Operator"
        ),
        lambda _: iam.AccountPrincipal(OTHERS),
    ],
)
def test_a_grantee_of_another_account_is_a_warning_once_for_each_grant(here, make):
    task = FuotaTask.from_fuota_task_id(here, "Task", "t")
    task.grants.manage(make(here))
    [said] = warnings_in(here)
    assert f" of account {OTHERS}, and what it is granted is in account {OURS}, where a policy of the" in said


def test_groups_tables_and_imports_say_it_too(here):
    operator = iam.Role.from_role_arn(here, "Role", f"arn:aws:iam::{OTHERS}:role/operator")
    group = MulticastGroup(here, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
    group.grants.manage_members(operator)
    DeviceVersions(here, "Versions").grant_report(operator)
    assert len(warnings_in(here)) == 2
    theirs = FuotaTask.from_fuota_task_arn(here, "Task", f"arn:aws:iotwireless:eu-west-1:{OTHERS}:FuotaTask/t")
    theirs.grants.read(operator)
    assert len(warnings_in(here)) == 2


@pytest.mark.parametrize(
    "make",
    [
        lambda here: iam.Role.from_role_name(here, "Role", "operator"),
        lambda here: iam.Role.from_role_arn(here, "Role", cdk.Fn.import_value("Operator")),
        lambda _: iam.ServicePrincipal("lambda.amazonaws.com"),
        lambda _: iam.AccountRootPrincipal(),
        lambda here: iam.User(cdk.Stack(here.node.root, "Anywhere"), "Operator"),
    ],
)
def test_who_may_be_of_this_account_is_no_warning(here, make):
    FuotaTask.from_fuota_task_id(here, "Task", "t").grants.read(make(here))
    assert warnings_in(here) == []


def test_a_stack_without_an_environment_may_be_anywhere(stack):
    FuotaTask.from_fuota_task_id(stack, "Task", "t").grants.read(iam.AccountPrincipal(OTHERS))
    assert warnings_in(stack) == []
