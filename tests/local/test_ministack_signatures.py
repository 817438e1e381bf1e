"""Every request is signed with the secret of the key it names, whether or not IAM is enforced."""

import json
import time
import urllib.error
import urllib.request
import uuid
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from wire import Wire

from fuota_constructs.local import ministack_signatures
from fuota_constructs.local.cloud import LocalCloud

READS = [
    ("iotwireless", "list_fuota_tasks"),
    ("lambda", "list_functions"),
    ("s3", "list_buckets"),
    ("sts", "get_caller_identity"),
    ("iam", "list_roles"),
    ("cloudformation", "list_stacks"),
    ("dynamodb", "list_tables"),
    ("logs", "describe_log_groups"),
    ("ssm", "describe_parameters"),
    ("cloudwatch", "describe_alarms"),
    ("events", "list_rules"),
    ("ec2", "describe_vpcs"),
    ("sqs", "list_queues"),
    ("kms", "list_keys"),
]
REFUSALS = {
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "AuthFailure",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
}


def _client(cloud: LocalCloud, service: str, key: str, secret: str, token: str | None = None, **config: Any) -> Any:
    session: Any = boto3.Session(
        aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token, region_name=cloud.region
    )
    settings = Config(retries={"total_max_attempts": 1}, **config)
    verify = str(cloud.ca_bundle) if cloud.ca_bundle else None
    return session.client(service, endpoint_url=cloud.url, verify=verify, config=settings)


def _refused(call: Any, **given: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as error:
        call(**given)
    answer = error.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], str(answer["Error"]["Code"])


def _fetch(cloud: LocalCloud, url: str, method: str = "GET", body: bytes | None = None) -> tuple[int, str]:
    import ssl

    context = ssl.create_default_context(cafile=cloud.ca_bundle) if cloud.ca_bundle else None
    try:
        # Signature version 2 signs Content-Type: urllib would set one.
        asked = urllib.request.Request(url, body, {"Content-Type": ""}, method=method)
        with urllib.request.urlopen(asked, context=context) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.parametrize(("service", "operation"), READS)
def test_takes_the_secret_and_no_other(wire: Wire, service: str, operation: str) -> None:
    cloud = wire.cloud
    getattr(_client(cloud, service, cloud.account, cloud.secret), operation)()
    for key, secret in ((cloud.account, "test"), ("test", "test"), ("1" * 12, "x"), ("AKIAIOSFODNN7EXAMPLE", "test")):
        status, code = _refused(getattr(_client(cloud, service, key, secret), operation))
        assert status in (400, 401, 403), (key, status)
        assert code in REFUSALS, (key, code)


def test_fails_saying_where_the_keys_are(wire: Wire) -> None:
    for key, secret in ((wire.cloud.account, "test"), ("AKIAIOSFODNN7EXAMPLE", wire.cloud.secret)):
        with pytest.raises(ClientError, match="The keys of this local cloud are what `fuota local env` prints"):
            _client(wire.cloud, "iotwireless", key, secret).list_fuota_tasks()


def test_one_secret_is_that_of_every_account(wire: Wire) -> None:
    for account in ("000000000000", "111122223333"):
        asked = _client(wire.cloud, "sts", account, wire.cloud.secret).get_caller_identity()
        assert asked["Account"] == account


def test_users_and_sessions_have_secrets_of_their_own(wire: Wire) -> None:
    cloud = wire.cloud
    iam = cloud.client("iam")
    name = f"user-{uuid.uuid4().hex[:8]}"
    trust = {"Effect": "Allow", "Principal": {"AWS": cloud.account}, "Action": "sts:AssumeRole"}
    iam.create_user(UserName=name)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    user = iam.create_access_key(UserName=name)["AccessKey"]
    role = f"arn:aws:iam::{cloud.account}:role/{name}"
    session = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    right = _client(cloud, "sts", user["AccessKeyId"], user["SecretAccessKey"])
    assert right.get_caller_identity()["Account"] == cloud.account
    keys = (session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    assert f"assumed-role/{name}/session" in _client(cloud, "sts", *keys).get_caller_identity()["Arn"]
    for stolen in (
        (user["AccessKeyId"], cloud.secret, None),
        (session["AccessKeyId"], session["SecretAccessKey"], None),
        (session["AccessKeyId"], session["SecretAccessKey"], "another"),
        (session["AccessKeyId"], cloud.secret, session["SessionToken"]),
        (cloud.account, cloud.secret, "a-token-of-the-shell"),
    ):
        assert _refused(_client(cloud, "sts", *stolen).get_caller_identity)[0] == 403


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("body", "InvalidSignatureException"),
        ("path", "InvalidSignatureException"),
        ("query", "InvalidSignatureException"),
        ("method", "InvalidSignatureException"),
        ("date", "InvalidSignatureException"),
        ("region", "InvalidSignatureException"),
        ("signed-headers", "InvalidSignatureException"),
        ("two-credentials", "IncompleteSignatureException"),
        ("two-mechanisms", "IncompleteSignatureException"),
        ("no-signature", "IncompleteSignatureException"),
    ],
)
def test_fails_for_a_request_that_is_not_the_one_signed(wire: Wire, change: str, code: str) -> None:
    body = b'{"LoRaWAN": {"RfRegion": "EU868", "DlClass": "ClassC"}, "Name": "tampered"}'
    method, target, sent = "POST", "/multicast-groups", body
    region = "eu_west_1" if change == "region" else None
    lines = "\n".join(wire.sign(method, target, "iotwireless", body=body, region=region))
    match change:
        case "body":
            sent = body.replace(b"EU868", b"US915")
        case "path":
            target = "/multicast-groups/x"
        case "query":
            target = "/multicast-groups?x=1"
        case "method":
            method = "PATCH"
        case "date":
            date = lines.partition("X-Amz-Date: ")[2][:16]
            lines = lines.replace(date, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() - 3600)))
        case "signed-headers":
            lines = lines.replace("SignedHeaders=host;", "SignedHeaders=")
        case "two-credentials":
            lines = lines.replace(
                "Credential=", "Credential=000000000000/20260101/eu-west-1/iotwireless/x, Credential="
            )
        case "two-mechanisms":
            target += "?X-Amz-Signature=0"
        case "no-signature":
            lines = lines.partition(", Signature=")[0]
    reply = wire.ask(method, target, *lines.split("\n"), body=sent)
    assert (reply.status, reply.headers["x-amzn-errortype"]) == (403, code)
    groups = wire.cloud.client("iotwireless").list_multicast_groups()["MulticastGroupList"]
    assert "tampered" not in [group.get("Name") for group in groups]


def test_fails_for_a_region_that_is_none_in_the_words_of_aws(wire: Wire) -> None:
    before = wire.cloud.admin("host")["places"]
    for region in ("eu_west_1", "", "-x", "eu west 1", "\x1b[31m", "x" * 300):
        reply = wire.signed("GET", "/fuota-tasks", "iotwireless", region=region or "x")
        assert reply.status == 403
        assert "Credential should be scoped to a valid region, not '" in json.loads(reply.body)["message"]
        assert len(reply.body) < 400
    assert wire.cloud.admin("host")["places"] == before


@pytest.mark.parametrize("region", ["us-east-1", "us-gov-west-1", "us-isob-east-1", "eusc-de-east-1", "ap-southeast-2"])
def test_takes_every_region_there_is(cloud: LocalCloud, region: str) -> None:
    assert Wire(cloud).signed("GET", "/fuota-tasks", "iotwireless", region=region).status == 200


@pytest.mark.parametrize("key", ["plain.bin", "a b/ü/+&=?#.bin", "a//b", "%2F", "x" * 500])
@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_presigned_url_needs_no_header(wire: Wire, version: str, key: str) -> None:
    cloud, bucket = wire.cloud, f"presigned-{wire.cloud.iam}".lower()
    s3 = _client(cloud, "s3", cloud.account, cloud.secret, signature_version=version)
    if bucket not in [each["Name"] for each in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": cloud.region})
    where = {"Bucket": bucket, "Key": key}
    assert _fetch(cloud, s3.generate_presigned_url("put_object", where), "PUT", b"image")[0] == 200
    link = s3.generate_presigned_url("get_object", where, ExpiresIn=60)
    assert _fetch(cloud, link) == (200, "image")
    assert s3.get_object(**where)["Body"].read() == b"image"
    parameter = "Signature=" if version == "s3" else "X-Amz-Signature="
    tampered = link.replace(parameter, f"{parameter}0")
    assert _fetch(cloud, tampered)[0] == 403
    assert _fetch(cloud, link.split("?")[0])[0] == 403
    assert _fetch(cloud, link, "DELETE")[0] == 403


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_fails_for_a_presigned_url_that_is_not_valid_now(
    cloud: LocalCloud, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = _client(cloud, "s3", cloud.account, cloud.secret, signature_version=version)
    where = {"Bucket": "any", "Key": "k"}
    for seconds in (0, -5) if version == "s3" else (0, 604801):
        assert _fetch(cloud, s3.generate_presigned_url("get_object", where, ExpiresIn=seconds))[0] in (400, 403)
    if version == "s3v4":
        link = s3.generate_presigned_url("get_object", where, ExpiresIn=1)
        time.sleep(2.1)
        status, said = _fetch(cloud, link)
        assert (status, "Request has expired" in said) == (403, True)


def test_a_presigned_url_of_another_secret_is_none(cloud: LocalCloud) -> None:
    for version in ("s3v4", "s3"):
        s3 = _client(cloud, "s3", cloud.account, "test", signature_version=version)
        assert _fetch(cloud, s3.generate_presigned_url("list_buckets"))[0] == 403


def test_a_bucket_has_a_name_of_its_own_under_localhost(cloud: LocalCloud) -> None:
    wire = Wire(cloud)
    cloud.client("s3").create_bucket(Bucket="by-name", CreateBucketConfiguration={"LocationConstraint": cloud.region})
    cloud.client("s3").put_object(Bucket="by-name", Key="k", Body=b"image")
    for host in (f"by-name.s3.localhost:{cloud.port}", f"by-name.s3.{cloud.region}.localhost:{cloud.port}"):
        assert wire.signed("GET", "/k", "s3", host=host).body == "image"
        assert wire.ask("GET", "/k", f"X-Fuota-Secret: {cloud.secret}", host=host).body == "image"
        assert wire.ask("GET", "/k", host=host).status == 403


def test_the_link_to_a_functions_code_is_presigned(wire: Wire) -> None:
    import base64

    functions, name = wire.cloud.client("lambda"), f"linked-{wire.cloud.iam}"
    code = base64.b64decode("UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = wire.cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    if name not in [each["FunctionName"] for each in functions.list_functions()["Functions"]]:
        functions.create_function(
            FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=role, Code={"ZipFile": code}
        )
    layer = functions.publish_layer_version(LayerName=name, Content={"ZipFile": code})
    for link in (functions.get_function(FunctionName=name)["Code"]["Location"], layer["Content"]["Location"]):
        assert link.startswith(wire.cloud.url)
        assert _fetch(wire.cloud, link)[0] == 200
        assert _fetch(wire.cloud, link.split("?")[0])[0] == 403
        assert _fetch(wire.cloud, link.replace("X-Amz-Signature=", "X-Amz-Signature=0"))[0] == 403


def test_the_keys_of_a_function_cannot_be_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    import ministack.app
    import ministack.core.lambda_runtime as runtime
    import ministack.services.lambda_svc as service

    config = {"FunctionArn": "arn:aws:lambda:eu-west-1:000000000000:function:f", "Role": "arn:aws:iam::0:role/r"}
    monkeypatch.setattr(ministack.app, "AUTH", True)
    derived = runtime.execution_credentials(config)
    for module in (runtime, service):
        monkeypatch.setattr(module, "execution_credentials", module.execution_credentials)
    ministack_signatures.keep_function_secrets("secret")
    kept = runtime.execution_credentials(config)
    assert service.execution_credentials(config) == kept
    assert not set(kept.values()) & set(derived.values())
    assert config["FunctionArn"].endswith(":f")
