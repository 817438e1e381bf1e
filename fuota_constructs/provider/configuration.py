"""How the functions of this library are set up: given once, for an app, a Stage or a stack, and inherited downwards."""

from __future__ import annotations

import re
import weakref
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NoReturn, cast

import aws_cdk as cdk

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.template.encryption_key import key_of
from fuota_constructs.template.references import refers, role_of
from fuota_constructs.template.role_trust import trusts
from fuota_constructs.template.tokens import is_known, number_token, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_cdk import aws_iam as iam
    from constructs import Construct, IConstruct


class Configurable(ABC):
    """A function that is set up; its scope keeps it as `configured_function`, where later settings find it."""

    scope: Construct
    role: iam.IRole

    @abstractmethod
    def apply(self, settings: dict[str, Any]) -> None:
        """Set up what is not yet as it should be."""


LAMBDA = "lambda.amazonaws.com"
OLDEST_PYTHON = 11
"""Of 3.x: what the code of the functions is written for."""

RETENTION_DAYS = {
    "ONE_DAY": 1,
    "THREE_DAYS": 3,
    "FIVE_DAYS": 5,
    "ONE_WEEK": 7,
    "TWO_WEEKS": 14,
    "ONE_MONTH": 30,
    "TWO_MONTHS": 60,
    "THREE_MONTHS": 90,
    "FOUR_MONTHS": 120,
    "FIVE_MONTHS": 150,
    "SIX_MONTHS": 180,
    "ONE_YEAR": 365,
    "THIRTEEN_MONTHS": 400,
    "EIGHTEEN_MONTHS": 545,
    "TWO_YEARS": 731,
    "THREE_YEARS": 1096,
    "FIVE_YEARS": 1827,
    "SIX_YEARS": 2192,
    "SEVEN_YEARS": 2557,
    "EIGHT_YEARS": 2922,
    "NINE_YEARS": 3288,
    "TEN_YEARS": 3653,
    "INFINITE": None,
}
"""What CloudWatch Logs takes, by the names of `aws_logs.RetentionDays`, whose numbers Python does not see."""

_GIVEN: weakref.WeakKeyDictionary[IConstruct, dict[str, object]] = weakref.WeakKeyDictionary()


def configure(scope: IConstruct, given: Mapping[str, object]) -> None:
    """Set up the functions of the stack of a scope, or of all stacks below it, those there are and those to come."""
    at = _top(scope)
    wanted = _grouped(given, at)
    before = _GIVEN.get(at, {})
    for name, value in wanted.items():
        if name in before and not _same(before[name], value):
            _refuse(name, "given before with another value for the same scope; give each once", at)
    affected = _functions_below(at)
    for function in affected:
        if "role" in wanted and not _same(function.role, wanted["role"]):
            _refuse(
                "role",
                f"given when {function.scope.node.path} has another one already; call FuotaProvider.configure right"
                f" after the stack {cdk.Stack.of(function.scope).node.path} is made, before the first construct of"
                " fuota_constructs in it",
                at,
            )
    _GIVEN[at] = {**before, **wanted}
    for function in affected:
        function.apply(settings_of(function.scope))


def settings_of(scope: IConstruct) -> dict[str, Any]:
    """What applies to a construct: of two scopes around it the nearer one counts."""
    if not _GIVEN:
        return {}
    return {name: value for around in scope.node.scopes for name, value in _GIVEN.get(around, {}).items()}


def _functions_below(at: IConstruct) -> list[Configurable]:
    # The CDK's tree is all that knows them: what Python made is found in it as the object that it was made as.
    found = (vars(each).get("configured_function") for each in at.node.find_all())
    return [each for each in found if isinstance(each, Configurable)]


def _same(one: object, other: object) -> bool:
    # jsii may show one construct that was made in Node.js as several Python objects.
    if hasattr(one, "node") and hasattr(other, "node"):
        return bool(one.node.path == other.node.path)
    return one == other


def _top(scope: object) -> IConstruct:
    if not refers(scope, "node"):
        raise FuotaValidationError(
            "provider-scope", f"scope is {shown(scope)}; give the app, a Stage, a stack, or a construct in one"
        )
    if isinstance(scope, cdk.Stage):
        return cast("IConstruct", scope)
    try:
        return cdk.Stack.of(cast("IConstruct", scope))
    except RuntimeError:  # a construct that holds stacks
        return cast("IConstruct", scope)


def _grouped(given: Mapping[str, object], at: IConstruct) -> dict[str, object]:
    wanted = {name: _CHECKS[name](value, name, at) for name, value in given.items() if value is not None}
    network = {name: wanted.pop(name, None) for name in ("vpc", "vpc_subnets", "security_groups")}
    if network["vpc"] is not None:
        wanted["vpc"] = tuple(network.values())
    elif beside := [name for name, value in network.items() if value is not None]:
        _refuse(beside[0], "given without vpc; give the vpc it is of, too", at)
    return wanted


def _check_vpc(value: object, name: str, at: IConstruct) -> object:
    if not refers(value, "select_subnets"):
        _refuse(name, f"{shown(value)}; give an ec2.IVpc, such as ec2.Vpc.from_lookup(self, 'Vpc', vpc_id=...)", at)
    return value


def _check_subnets(value: object, name: str, at: IConstruct) -> object:
    if not refers(value, "subnet_group_name"):
        what = "ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)"
        _refuse(name, f"{shown(value)}; give an ec2.SubnetSelection, such as {what}", at)
    return value


def _check_groups(value: object, name: str, at: IConstruct) -> object:
    groups = list(value) if isinstance(value, list | tuple) else []
    if not groups or not all(refers(group, "security_group_id") for group in groups):
        _refuse(name, f"{shown(value)}; give a list of one or more ec2.ISecurityGroup", at)
    return groups


def _check_role(value: object, name: str, at: IConstruct) -> object:
    role = role_of(value)
    if role is None:
        _refuse(name, f"{shown(value)}; give a role, such as iam.Role.from_role_arn(self, 'Role', arn)", at)
    if trusts(role, LAMBDA) is False:
        _refuse(name, f"{shown(value)}, which {LAMBDA} may not assume; add it to the role's trust policy", at)
    return role


def _check_concurrency(value: object, name: str, at: IConstruct) -> object:
    if not is_known(value) and (number := number_token(value)) is not None:
        return number
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not (whole and cast("int", value) >= 1):
        _refuse(name, f"{shown(value)}; give a whole number from 1: with 0 no deployment gets an answer", at)
    return value


def _check_retention(value: object, name: str, at: IConstruct) -> object:
    if (known := getattr(value, "name", None)) not in RETENTION_DAYS:
        _refuse(name, f"{shown(value)}; give a logs.RetentionDays, such as logs.RetentionDays.ONE_YEAR", at)
    return known


def _check_key(value: object, name: str, at: IConstruct) -> object:
    return key_of(cast("Any", value), at, called=name)


def _check_tracing(value: object, name: str, at: IConstruct) -> object:
    modes = {"ACTIVE": "Active", "PASS_THROUGH": "PassThrough", "DISABLED": ""}
    if (known := getattr(value, "name", "")) not in modes:
        _refuse(name, f"{shown(value)}; give a lambda.Tracing, such as lambda.Tracing.ACTIVE", at)
    return modes[known]


def _check_architecture(value: object, name: str, at: IConstruct) -> object:
    if (known := getattr(value, "name", None)) not in {"arm64", "x86_64"}:
        _refuse(name, f"{shown(value)}; give lambda.Architecture.ARM_64 or lambda.Architecture.X86_64", at)
    return known


def _check_runtime(value: object, name: str, at: IConstruct) -> object:
    known = str(getattr(value, "name", ""))
    version = re.fullmatch(r"python3\.(\d+)", known)
    if version is None or int(version[1]) < OLDEST_PYTHON:
        _refuse(
            name,
            f"{known or shown(value)}; give a lambda.Runtime of Python 3.{OLDEST_PYTHON} or newer, such as"
            " lambda.Runtime.PYTHON_3_13",
            at,
        )
    return known


_CHECKS: Mapping[str, Callable[[object, str, IConstruct], object]] = {
    "vpc": _check_vpc,
    "vpc_subnets": _check_subnets,
    "security_groups": _check_groups,
    "role": _check_role,
    "reserved_concurrent_executions": _check_concurrency,
    "log_retention": _check_retention,
    "log_group_encryption_key": _check_key,
    "environment_encryption": _check_key,
    "tracing": _check_tracing,
    "architecture": _check_architecture,
    "runtime": _check_runtime,
}


def _refuse(name: str, what: str, at: IConstruct) -> NoReturn:
    rule = f"provider-{name.replace('_', '-')}"
    raise FuotaValidationError(rule, f"{name} is {what}", construct_path=at.node.path)
