"""What of a developer's environment reaches the cloud, its functions, the CDK CLI with the app, and a shell."""

import io
import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from fuota_constructs.local import cloud as clouds
from fuota_constructs.local import environment_variables
from fuota_constructs.local.cloud import LocalCloud
from fuota_constructs.local.environment_variables import of_app, of_cloud, of_shell

OWN = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_ACCESS_KEY_ID": "000000000000", "AWS_REGION": "eu-west-1"}


def test_the_cloud_sees_an_allow_list(hostile_variables: dict[str, str]) -> None:
    needed = {"PATH": "/bin", "LANG": "C.UTF-8", "LC_ALL": "C", "TZ": "UTC", "SSL_CERT_FILE": "/ca.pem"}
    others = {
        "DATABASE_URL": "postgres://u:p@h/d",
        "npm_config__authToken": "t",
        "LAMBDA_STRICT": "1",
        "SERVICES": "s3",
        "PYTHONUTF8": "0",
    }
    seen = of_cloud({**hostile_variables, **needed, **others})
    assert seen == {**needed, "HOME": hostile_variables["HOME"], "PYTHONUTF8": "1"}


def test_an_app_keeps_its_own_settings_and_nothing_that_leads_to_aws(hostile_variables: dict[str, str]) -> None:
    settings = {"STAGE": "test", "CDK_STAGE": "test", "DATABASE_URL": "postgres://u:p@h/d", "CDK_DOCKER": "podman"}
    seen = of_app({**hostile_variables, **settings}, OWN)
    assert {name: seen[name] for name in settings} == settings
    assert {name: value for name, value in seen.items() if name.upper().startswith(("AWS", "AMAZON"))} == OWN
    assert not [name for name in seen if name.startswith("CDK_") and name not in settings]
    assert seen["https_proxy"] == hostile_variables["https_proxy"]  # for what it downloads to bundle


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"NO_PROXY": "intranet"}, "intranet,127.0.0.1,localhost"),
        ({"no_proxy": ".corp,localhost"}, ".corp,localhost,127.0.0.1"),
        ({"no_proxy": "a", "NO_PROXY": "b"}, "a,127.0.0.1,localhost"),
    ],
)
def test_no_proxy_stands_before_this_machine(base: dict[str, str], expected: str) -> None:
    for seen in (of_app(base, OWN), of_shell(base, OWN)):
        assert seen["NO_PROXY"] == seen["no_proxy"] == expected


def test_npms_own_list_of_proxy_exceptions_is_added_to(hostile_variables: dict[str, str]) -> None:
    assert of_app(hostile_variables, OWN)["npm_config_no_proxy"] == "intranet,127.0.0.1,localhost"
    assert "npm_config_no_proxy" not in of_app({}, OWN)


def test_a_shell_loses_what_leads_away_and_keeps_what_does_not(hostile_variables: dict[str, str]) -> None:
    base = {**hostile_variables, "AWS_PAGER": "", "AWS_ENDPOINT_URL_A_NEW_SERVICE": "https://aws", "STAGE": "test"}
    script = "\n".join(
        f"unset {name}" if value is None else f"export {name}={value}" for name, value in of_shell(base, OWN).items()
    )
    shell = subprocess.run(["/bin/sh", "-c", f"{script}\nenv"], env=base, capture_output=True, text=True, check=True)
    seen = dict(line.split("=", 1) for line in shell.stdout.splitlines())
    kept = {name: value for name, value in seen.items() if name.upper().startswith(("AWS_", "AMAZON_"))}
    assert kept == {**OWN, "AWS_PAGER": ""}
    assert seen["STAGE"] == "test"


def test_what_is_usual_is_unset_even_where_this_process_does_not_have_it() -> None:
    changes = of_shell({}, OWN)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_ENDPOINT_URL_S3"):
        assert changes[name] is None
    assert not [name for name in OWN if changes[name] is None]


def test_clients_of_the_cloud_heed_none_of_it(
    cloud: LocalCloud, hostile_variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in hostile_variables.items():
        monkeypatch.setenv(name, value)
    assert cloud.client("sts").get_caller_identity()["Account"] == cloud.account
    assert cloud.client("sts", account="4" * 12).get_caller_identity()["Account"] == "4" * 12
    assert "Buckets" in cloud.client("s3", region="us-east-1").list_buckets()
    assert "FuotaTaskList" in cloud.client("iotwireless").list_fuota_tasks()
    assert cloud.client("dynamodb").list_tables()["TableNames"] == []
    assert cloud.admin("host")["pid"] == cloud.pid


def test_neither_the_cloud_nor_its_functions_see_a_secret(
    state_dir: None, hostile_variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in hostile_variables.items():
        monkeypatch.setenv(name, value)
    cloud = clouds.start(clouds.free_port())
    try:
        assert "GITHUB_TOKEN" not in Path(f"/proc/{cloud.pid}/environ").read_text()
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("index.py", "import os\ndef handler(event, context):\n    return dict(os.environ)\n")
        functions = cloud.client("lambda")
        functions.create_function(
            FunctionName="environment",
            Runtime="python3.12",
            Handler="index.handler",
            Timeout=60,
            Role=f"arn:aws:iam::{cloud.account}:role/any",
            Code={"ZipFile": code.getvalue()},
            Environment={"Variables": {"OWN": "setting"}},
        )
        seen = json.loads(functions.invoke(FunctionName="environment")["Payload"].read())
    finally:
        clouds.stop(cloud)
    assert seen["OWN"] == "setting"
    assert seen["AWS_ENDPOINT_URL"] == cloud.url
    assert seen["AWS_REGION"] == "eu-west-1"
    assert {name for name, value in seen.items() if hostile_variables.get(name) == value} <= {"HOME"}
    assert not {"HTTPS_PROXY", "GITHUB_TOKEN", "AWS_PROFILE", "AWS_USE_FIPS_ENDPOINT"} & set(seen)


def test_the_allow_list_has_no_name_of_aws() -> None:
    assert not [name for name in environment_variables._CLOUD if name.startswith(("AWS", "GITHUB"))]
