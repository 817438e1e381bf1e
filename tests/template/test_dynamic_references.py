"""Secrets where people read: in the name and the description of a task or a group."""

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm
from aws_cdk.assertions import Annotations, Match

from fuota_constructs import DlClass, FirmwareImage, FuotaTask, FuotaValidationError, MulticastGroup, RfRegion
from fuota_constructs.template.dynamic_references import secret_in

Made = Callable[[cdk.Stack], object]

SECURE: dict[str, Made] = {
    "text": lambda _: "{{resolve:ssm-secure:name:1}}",
    "in a text": lambda _: f"sensors of {cdk.SecretValue.ssm_secure('name', '1').unsafe_unwrap()}",
    "SecretValue": lambda _: cdk.SecretValue.ssm_secure("name", "1"),
    "parameter": lambda stack: (
        ssm.StringParameter.from_secure_string_parameter_attributes(
            stack, "Parameter", parameter_name="name", version=1
        ).string_value
    ),
}
SECRETS: dict[str, Made] = {
    "text": lambda _: "{{resolve:secretsmanager:name:SecretString:key}}",
    "SecretValue": lambda _: cdk.SecretValue.secrets_manager("name", json_field="key"),
    "unwrapped": lambda stack: secretsmanager.Secret(stack, "Secret").secret_value.unsafe_unwrap(),
}
OTHERS: dict[str, Made] = {
    "parameter": lambda stack: ssm.StringParameter.value_for_string_parameter(stack, "name"),
    "text": lambda _: "{{resolve:ssm:name:1}}",
    "reference": lambda stack: f"task of {stack.stack_name} in {cdk.Aws.REGION}",
    "lazy": lambda _: cdk.Lazy.string(_TooEarly()),
    "none": lambda _: None,
    "number": lambda _: 7,
}


@jsii.implements(cdk.IStableStringProducer)
class _TooEarly:
    def produce(self) -> str:
        raise AssertionError


@pytest.mark.parametrize(
    ("made", "service"),
    [
        *((made, "ssm-secure") for made in SECURE.values()),
        *((made, "secretsmanager") for made in SECRETS.values()),
        *((made, None) for made in OTHERS.values()),
    ],
)
def test_finds_the_service_that_has_the_secret(stack: cdk.Stack, made: Made, service: str | None) -> None:
    assert secret_in(made(stack)) == service


@pytest.mark.parametrize("given", SECURE)
@pytest.mark.parametrize("name", ["fuota_task_name", "description"])
def test_fails_for_a_secure_string_of_a_task(stack: cdk.Stack, image: FirmwareImage, given: str, name: str) -> None:
    task = _task(stack, image, name, SECURE[given](stack))
    [found] = [each for each in task.findings if each.rule == "secret-reference"]
    assert (found.level, found.message.partition(",")[0]) == (
        "error",
        f"{name} is a secure string of Parameter Store (ssm-secure)",
    )


@pytest.mark.parametrize("given", SECRETS)
def test_warns_of_a_secret_of_a_task_or_group(stack: cdk.Stack, image: FirmwareImage, given: str) -> None:
    secret = SECRETS[given](stack)
    task = _task(stack, image, "description", secret)
    [found] = [each for each in task.findings if each.rule == "secret-reference"]
    assert (found.level, found.message.partition(",")[0]) == ("warning", "description is a secret of Secrets Manager")
    if isinstance(secret, str):  # an object is no text, and refused as ever
        _group(stack, "multicast_group_name", secret)
        said = Match.string_like_regexp("multicast_group_name is a secret of Secrets Manager, .* in plain text")
        Annotations.from_stack(stack).has_warning("*", said)


@pytest.mark.parametrize(
    ("made", "level", "said"),
    [
        (SECURE["text"], "error", "the value of tag 'team' is a secure string of Parameter Store (ssm-secure)"),
        *((SECRETS[given], "warning", "the value of tag 'team' is a secret of Secrets Manager") for given in SECRETS),
    ],
    ids=["secure", *SECRETS],
)
def test_says_it_of_the_value_of_a_tag(
    stack: cdk.Stack, image: FirmwareImage, made: Made, level: str, said: str
) -> None:
    task = _task(stack, image, "description", "Meters")
    cdk.Tags.of(task).add("cost", "R&D")
    value = made(stack)
    task.cdk_tag_manager.set_tag("team", value if isinstance(value, str) else cdk.Token.as_string(value))
    [found] = [each for each in task.findings if each.rule == "secret-reference"]
    assert (found.level, found.message.partition(",")[0]) == (level, said)


@pytest.mark.parametrize("name", ["multicast_group_name", "description"])
def test_fails_for_what_a_group_cannot_be_called(stack: cdk.Stack, name: str) -> None:
    for value, said in (
        (SECURE["text"](stack), rf"secret-reference: {name} is a secure string of Parameter Store \(ssm-secure\)"),
        (SECURE["SecretValue"](stack), f"secret-reference: {name} is a secure string"),
        ("a\0", rf"text-characters: {name} has U\+0000 in it"),
        ("\ud800", rf"text-characters: {name} has U\+D800 in it"),
    ):
        with pytest.raises(FuotaValidationError, match=said):
            _group(cdk.Stack(), name, value)


def test_says_nothing_of_other_references(stack: cdk.Stack, image: FirmwareImage) -> None:
    for number, made in enumerate((OTHERS["parameter"], OTHERS["text"], OTHERS["reference"])):
        task = _task(cdk.Stack(cdk.App(), f"Other{number}"), image, "description", made(stack))
        assert not [each for each in task.findings if each.rule == "secret-reference"]


def _task(stack: cdk.Stack, image: FirmwareImage, name: str, value: object) -> FuotaTask:
    given: Any = {name: value}
    return FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, **given)


def _group(stack: cdk.Stack, name: str, value: object) -> MulticastGroup:
    given: Any = {name: value}
    return MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C, **given)
