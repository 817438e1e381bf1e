"""`fuota rollout`, for an operator who may read the tags of some state machines only."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from click.testing import CliRunner, Result

from fuota_constructs.cli.root import fuota as root
from fuota_constructs.local.cloud import LocalCloud

from ..published import document
from .conftest import BUCKET, NAME, ROLE, TABLE

END = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})


@pytest.fixture(scope="module")
def iam_cloud(start_cloud: Callable[..., AbstractContextManager[LocalCloud]]) -> Iterator[LocalCloud]:
    """A cloud that enforces IAM."""
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    with start_cloud("iam", iam=True) as running:
        running.client("iam").create_role(
            RoleName="rollout", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )
        running.client("dynamodb").create_table(
            TableName=TABLE,
            AttributeDefinitions=[{"AttributeName": "Rollout", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "Rollout", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield running


@pytest.fixture
def run(iam_cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """Run `fuota rollout` as an operator who may read the tags of one machine, where there are two."""
    iam, states = iam_cloud.client("iam"), iam_cloud.client("stepfunctions")
    iam.create_user(UserName="operator")
    key = iam.create_access_key(UserName="operator")["AccessKey"]
    tags = {"rollout": NAME, "rollout-table": TABLE, "rollout-bucket": BUCKET}
    listed = [{"key": f"fuota-constructs:{name}", "value": value} for name, value in tags.items()]
    machines = {
        name: states.create_state_machine(name=name, roleArn=ROLE, definition=END, tags=listed)["stateMachineArn"]
        for name in ("mine", "theirs")
    }
    for name, value in {
        "AWS_ENDPOINT_URL": iam_cloud.url,
        "AWS_REGION": iam_cloud.region,
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "AWS_CA_BUNDLE": str(iam_cloud.ca_bundle),
    }.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, may_read: str) -> Result:
        allowed = [
            {"Effect": "Allow", "Action": ["states:List*", "dynamodb:*"], "Resource": "*"},
            {"Effect": "Deny", "Action": "states:ListTagsForResource", "NotResource": [machines.get(may_read, "none")]},
        ]
        document = json.dumps({"Version": "2012-10-17", "Statement": allowed})
        iam.put_user_policy(UserName="operator", PolicyName="p", PolicyDocument=document)
        return CliRunner().invoke(root, ["rollout", *arguments])

    yield run
    for arn in machines.values():
        states.delete_state_machine(stateMachineArn=arn)
    iam.delete_access_key(UserName="operator", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="operator", PolicyName="p")
    iam.delete_user(UserName="operator")


def test_a_list_says_which_machines_may_not_be_read(run: Callable[..., Result]) -> None:
    done, shown = run("list", "--json", may_read="mine"), run("list", may_read="mine")
    assert (done.exit_code, shown.exit_code) == (0, 0)
    content = document(done.stdout)
    assert [each["name"] for each in content["rollouts"]] == [NAME]
    [unread] = content["unread_state_machines"]
    assert unread["state_machine_arn"].endswith(":stateMachine:theirs")
    assert unread["problem"].startswith("ListTagsForResource was refused (AccessDeniedException)")
    assert shown.stderr.startswith(
        f"fuota: could not read the tags of state machine {unread['state_machine_arn']}, which say whether it is of a"
        " rollout: ListTagsForResource was refused"
    )
    assert shown.stderr.count("\n") == 1
    assert "not started" in shown.stdout


def test_fails_where_no_machine_may_be_read(run: Callable[..., Result]) -> None:
    shown = run("list", may_read="none of them")
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr.startswith("fuota: could not read the tags of 2 state machines, which say whether they are of")


def test_fails_to_find_a_rollout_among_machines_that_may_not_be_read(run: Callable[..., Result]) -> None:
    refused = run("status", "Fleet/Rolout", may_read="mine")
    assert refused.exit_code == 1
    said = " ".join(refused.stderr.split())
    unread = "You may not read the tags of a state machine, where it may be: allow states:ListTagsForResource"
    assert f"has the name 'Fleet/Rolout': did you mean {NAME}? {unread} (`fuota" in said
    refused = run("status", "Zzz", may_read="mine")
    assert f"has the name 'Zzz': there are {NAME}; {unread[0].lower()}{unread[1:]} (`fuota" in " ".join(
        refused.stderr.split()
    )
