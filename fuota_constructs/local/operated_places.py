"""The accounts and Regions of a local cloud, and the way that operators take to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.operations.aws import Aws

if TYPE_CHECKING:
    from fuota_constructs.local.cloud import LocalCloud


def places_of(cloud: LocalCloud) -> list[tuple[str, str]]:
    """Account and Region of the cloud itself, and of everything that somebody used before."""
    known = [(each["account"], each["region"]) for each in cloud.admin("host")["places"]]
    return list(dict.fromkeys([(cloud.account, cloud.region), *known]))


def aws_of(cloud: LocalCloud, account: str, region: str) -> Aws:
    """The way to one of them."""
    return Aws(
        session=cloud.session(account=account, region=region),
        endpoint_url=cloud.url,
        verify=str(cloud.authority) if cloud.authority else None,
    )
