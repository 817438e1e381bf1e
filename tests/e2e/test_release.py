"""Releases of firmware by an app with a synthesizer of its own, under an umask that keeps files private."""

import io
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from fuota_constructs.local.cloud import LocalCloud

pytestmark = pytest.mark.e2e

OWNER_ONLY = 0o077


@dataclass(frozen=True)
class Released:
    """The app with another firmware since it was deployed, and what its deployment said and made."""

    app: Any
    said: str
    task: dict[str, Any]


@pytest.fixture(scope="module")
def released(cloud: LocalCloud, app_on: Callable[[LocalCloud, str], Any]) -> Iterator[Released]:
    app = app_on(cloud, "release")
    before = os.umask(OWNER_ONLY)
    try:
        said = app.succeeds("deploy")
        [task] = app.tasks()
        (app.folder / "firmware.bin").write_bytes(b"the next release" * 70)
        yield Released(app, said, task)
    finally:
        os.umask(before)


def test_assets_are_named_for_people(released: Released) -> None:
    """As the CDK's own constructs name theirs: by the path below the stack."""
    assert "Release: start: Building Update/Firmware\n" in released.said
    assert "Release: start: Building FuotaConstructs/Provider/Function/Code\n" in released.said


def test_everybody_may_read_the_code_that_was_uploaded(released: Released, cloud: LocalCloud) -> None:
    """Lambda runs it as another user, and an asset is uploaded once."""
    s3 = cloud.client("s3")
    bucket = f"cdk-acme1-assets-{cloud.account}-{cloud.region}"
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix="fleet/")["Contents"]]
    [code] = [key for key in keys if key.endswith(".zip")]
    archive = zipfile.ZipFile(io.BytesIO(s3.get_object(Bucket=bucket, Key=code)["Body"].read()))
    assert {info.external_attr >> 16 & 0o777 for info in archive.infolist()} == {0o644}


def test_a_release_is_no_change_of_permissions_for_the_cdk_cli(released: Released) -> None:
    assert released.app.fuota("cdk", "diff", "--fail").code == 1
    security = released.app.fuota("cdk", "diff", "--security-only", "--fail")
    assert security.code == 0, security.output


def test_a_release_needs_no_approval_and_reaches_the_task(released: Released) -> None:
    released.app.succeeds("cdk", "deploy", "--require-approval", "broadening")
    [task] = released.app.tasks()
    assert task["id"] == released.task["id"]
    assert task["image"] != released.task["image"]
