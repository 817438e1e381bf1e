"""What is said when AWS or the local cloud cannot be reached or refuses."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from fuota_constructs.local.iotwireless.faults import Fault
from fuota_constructs.operations.aws import MAX_ATTEMPTS, Aws
from fuota_constructs.operations.errors import OperationError
from fuota_constructs.operations.failures import explained
from fuota_constructs.operations.task import find_task
from fuota_constructs.operations.task_list import list_tasks

if TYPE_CHECKING:
    from pathlib import Path


def _said(aws: Aws, endpoint: str | None = None) -> str:
    with pytest.raises((BotoCoreError, ClientError)) as caught:
        find_task(aws, "12345678-1234-1234-1234-123456789012")
    assert isinstance(caught.value, BotoCoreError | ClientError)
    return explained(caught.value, endpoint=endpoint)


def test_names_a_local_endpoint_nobody_serves_without_trying_again(aws: Aws) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        port = probe.getsockname()[1]
    said = _said(Aws(region="eu-west-1", endpoint_url=url))
    assert said == (
        f"{url} does not answer: the local cloud was stopped or has another port; see"
        f" `fuota local status --port {port}`, or start one with `fuota local up --detach --port {port}`"
    )
    by_environment = _said(Aws(region="eu-west-1", endpoint_url=url), endpoint=url)
    assert by_environment == f"{said}, or unset AWS_ENDPOINT_URL to talk to AWS"


def test_names_another_endpoint_that_does_not_answer(aws: Aws) -> None:
    url = "https://api.iotwireless.eu-west-1.fuota.invalid"
    assert _said(Aws(region="eu-west-1", endpoint_url=url)).startswith(f"{url} does not answer: check the network")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            "throttle",
            f"GetFuotaTask was refused (ThrottlingException): {{}} {MAX_ATTEMPTS} times in a row: others use up",
        ),
        ("internal-error", f"(InternalServerException): {{}} {MAX_ATTEMPTS} times in a row: the service has a fault"),
        (
            "access-denied",
            "GetFuotaTask was refused (AccessDeniedException): {}: allow the action to your user or role",
        ),
        ("validation-error", "GetFuotaTask was refused (ValidationException): {}"),
    ],
)
def test_says_what_was_refused_and_what_to_do(fault: str, message: str, aws: Aws, service: Any) -> None:
    service.faults.order(Fault("GetFuotaTask", fault, times=MAX_ATTEMPTS, message="so it is"))
    assert message.format("so it is") in _said(aws)


@pytest.mark.parametrize(
    ("scheme", "variables", "says"),
    [
        ("https", {}, " does not speak TLS: give an address that begins with http://"),
        ("https", {"AWS_CA_BUNDLE": "/no/such/bundle"}, "No such file or directory): set AWS_CA_BUNDLE to a file"),
        (
            "http",
            {"AWS_SESSION_TOKEN": "of a\nsecret"},
            "no request can be made: AWS_SESSION_TOKEN, another credential or",
        ),
    ],
)
def test_says_at_once_what_no_other_attempt_would_mend(
    scheme: str, variables: dict[str, str], says: str, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with monkeypatch.context() as patched:
        patched.setattr("time.sleep", lambda _: pytest.fail("it was tried again"))
        said = _said(Aws(region="eu-west-1", endpoint_url=aws.endpoint.replace("http:", f"{scheme}:")))
    assert says in said
    assert "secret" not in said


def test_says_that_a_page_is_no_answer_of_aws() -> None:
    answer: Any = {"Error": {"Code": "404", "Message": "\n<html>"}, "ResponseMetadata": {"HTTPStatusCode": 404}}
    said = explained(ClientError(answer, "ListFuotaTasks"))
    assert said == (
        "ListFuotaTasks was answered by something that is not AWS (404): check AWS_ENDPOINT_URL and the proxy"
    )


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("/no/such/tool", "No such file or directory: '/no/such/tool'): correct the credential_process"),
        ("echo none", "Expecting value: line 1 column 1 (char 0)): correct the credential_process"),
        ('"unbalanced', "No closing quotation): correct the credential_process"),
        ("false", "Error when retrieving credentials from custom-process): log in"),
    ],
)
def test_says_that_the_program_of_a_profile_gives_no_credentials(
    program: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(f"[default]\ncredential_process = {program}\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    with pytest.raises((OperationError, BotoCoreError)) as caught:
        list(find_task(Aws(region="eu-west-1"), "street").name)
    said = explained(caught.value) if isinstance(caught.value, BotoCoreError) else str(caught.value)
    assert says in said


def test_says_that_region_profile_or_credentials_are_missing(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BotoCoreError) as caught:
        Aws(profile="nobody")
    assert explained(caught.value) == "there is no AWS profile 'nobody': see `aws configure list-profiles`"
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert _said(Aws(region="eu-west-1")).startswith("there are no AWS credentials: log in (`aws sso login`)")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.delenv("AWS_REGION", raising=False)
    with pytest.raises(BotoCoreError) as caught:
        Aws()
    assert explained(caught.value).startswith("no AWS Region is set: give --region")


@pytest.mark.parametrize(
    ("fault", "about_one"),
    [("access-denied", True), ("validation-error", True), ("throttle", False), ("internal-error", False)],
)
def test_only_what_is_about_one_task_lets_the_others_be_listed(
    fault: str, aws: Aws, service: Any, task: Any, group: Any, *, about_one: bool
) -> None:
    task(group(1))
    service.faults.order(Fault("GetFuotaTask", fault, times=MAX_ATTEMPTS))
    if about_one:
        [listed] = list_tasks(aws)
        assert listed.refusal is not None
    else:
        with pytest.raises(ClientError):
            list(list_tasks(aws))
