"""A bootstrapped account and Region of a local cloud has what `cdk bootstrap` makes there."""

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from fuota_constructs.local import cloud as clouds
from fuota_constructs.local.bootstrap import Environment, bootstrap
from fuota_constructs.local.cdk_run import CdkRun
from fuota_constructs.local.cloud import LocalCloud
from fuota_constructs.local.errors import LocalCloudError

OWN, OTHER = "0" * 12, "2" * 12
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUOTA_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        running = clouds.start(clouds.free_port(), iam=True)
        yield running
        clouds.stop(running)


def stack_of(cloud: LocalCloud, account: str, region: str) -> str:
    """What is in its bootstrap stack, with the Region written as `here`."""
    stacks = cloud.client("cloudformation", account=account, region=region)
    stack = stacks.describe_stacks(StackName="CDKToolkit")["Stacks"][0]
    resources = stacks.describe_stack_resources(StackName="CDKToolkit")["StackResources"]
    facts = [
        stack["StackStatus"],
        {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]},
        {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]},
        {each["LogicalResourceId"]: [each["ResourceType"], each["PhysicalResourceId"]] for each in resources},
    ]
    return json.dumps(facts, indent=1, sort_keys=True).replace(region, "here")


@pytest.mark.parametrize("account", [OWN, OTHER])
def test_makes_what_the_cli_makes(cloud: LocalCloud, account: str) -> None:
    bootstrap(cloud, Environment(account, "eu-west-1"), print)
    trust = [f"--trust={cloud.account}", f"--cloudformation-execution-policies={ADMINISTRATOR}"]
    with CdkRun.begin(cloud) as run:
        arguments = ["bootstrap", f"aws://{account}/us-east-1", *(trust if account != cloud.account else [])]
        assert run.cdk(arguments, account=account, region="us-east-1", away=True, listen=print) == 0
    ours = stack_of(cloud, account, "eu-west-1")
    assert ours == stack_of(cloud, account, "us-east-1")
    assert "CREATE_COMPLETE" in ours


def test_an_account_deploys_into_others_where_iam_is_enforced(cloud: LocalCloud) -> None:
    bootstrap(cloud, Environment("3" * 12, "eu-west-1"), print)
    deployer = f"arn:aws:iam::{'3' * 12}:role/cdk-hnb659fds-deploy-role-{'3' * 12}-eu-west-1"
    assert cloud.client("sts").assume_role(RoleArn=deployer, RoleSessionName="cdk")["Credentials"]
    with pytest.raises(ClientError, match="AccessDenied"):
        cloud.client("sts", account="4" * 12).assume_role(RoleArn=deployer, RoleSessionName="cdk")


def test_each_qualifier_is_bootstrapped_once(cloud: LocalCloud, capsys: pytest.CaptureFixture[str]) -> None:
    for qualifier in ("acme", "acme", "hnb659fds", "hnb659fds"):
        bootstrap(cloud, Environment("5" * 12, "eu-west-1", qualifier), print)
    said = "bootstrapping aws://555555555555/eu-west-1 (once a cloud)\n"
    assert capsys.readouterr().out == 2 * said
    buckets = cloud.client("s3", account="5" * 12).list_buckets()["Buckets"]
    assert sorted(each["Name"].split("-")[1] for each in buckets) == ["acme", "hnb659fds"]


def test_says_what_is_in_the_way_and_succeeds_when_it_has_gone(cloud: LocalCloud) -> None:
    account, files = "6" * 12, cloud.client("s3", account="6" * 12)
    name = f"cdk-hnb659fds-assets-{account}-eu-west-1"
    files.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    with pytest.raises(
        LocalCloudError, match=rf"bootstrapping aws://{account}/.* failed:\nStagingBucket: .*{name}.* ex"
    ):
        bootstrap(cloud, Environment(account, "eu-west-1"), print)
    files.delete_bucket(Bucket=name)
    bootstrap(cloud, Environment(account, "eu-west-1"), print)
    assert files.list_buckets()["Buckets"]


def test_leaves_a_stack_of_another_qualifier_alone(cloud: LocalCloud) -> None:
    account = "7" * 12
    with CdkRun.begin(cloud) as run:
        arguments = ["bootstrap", f"aws://{account}/eu-west-1", "--qualifier=acme"]
        assert run.cdk(arguments, account=account, region="eu-west-1", away=True, listen=print) == 0
    before = stack_of(cloud, account, "eu-west-1")
    bootstrap(cloud, Environment(account, "eu-west-1"), print)
    assert stack_of(cloud, account, "eu-west-1") == before
    buckets = cloud.client("s3", account=account).list_buckets()["Buckets"]
    assert sorted(each["Name"].split("-")[1] for each in buckets) == ["acme", "hnb659fds"]
