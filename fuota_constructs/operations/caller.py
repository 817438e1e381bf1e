"""Who asks AWS: what this machine knows of it, and what AWS says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import boto3
import botocore.session

from fuota_constructs.operations.aws import region_in_use

if TYPE_CHECKING:
    from fuota_constructs.operations.aws import Aws

NEED_MORE_THAN_FILES: Final = frozenset({"iam-role", "container-role", "custom-process"})
"""botocore's providers that ask the network, or run a program, as soon as they are looked at."""


class Known(NamedTuple):
    """What this machine knows without asking anybody: where credentials come from, and the Region; None for neither."""

    credentials: str | None
    region: str | None


def known_here(profile: str | None) -> Known:
    """Look into the environment and the files of ~/.aws. Raises ProfileNotFound."""
    session = botocore.session.Session(profile=profile)
    session.get_scoped_config()  # raises for a profile that there is not
    providers = session.get_component("credential_provider").providers
    for provider in providers:
        if provider.METHOD in NEED_MORE_THAN_FILES:
            continue
        found = provider.load()
        if found is not None:
            return Known(str(found.method), region_in_use(profile))
    program = session.get_scoped_config().get("credential_process")
    return Known("credential_process, which was not run" if program else None, region_in_use(profile))


def identity(aws: Aws, profile: str | None) -> str:
    """The ARN of the caller, as STS says, after a look at IoT Wireless. Raises ClientError, BotoCoreError."""
    session = boto3.Session(profile_name=profile, region_name=aws.region)
    arn = str(session.client("sts").get_caller_identity()["Arn"])
    aws.iotwireless.list_fuota_tasks(MaxResults=1)
    return arn
