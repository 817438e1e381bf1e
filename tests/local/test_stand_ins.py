"""What an app imports is found in its templates; what it makes is not."""

import json
from pathlib import Path
from typing import Any

import pytest

from fuota_constructs.local import stand_ins
from fuota_constructs.local.stand_ins import StandIns

HOME = ("0" * 12, "eu-west-1")
GROUP = "aaaa1111-1111-4111-8111-111111111111"


def found(
    tmp_path: Path,
    *,
    environment: str = "aws://unknown-account/unknown-region",
    size: int | None = None,
    **resources: Any,
) -> StandIns:
    metadata = {"/S/Task": [{"type": stand_ins.IMAGE_METADATA, "data": size}]} if size else {}
    metadata["/S/Task/Resource"] = [{"type": "aws:cdk:logicalId", "data": "Task"}]
    (tmp_path / "S.template.json").write_text(json.dumps({"Resources": resources}))
    (tmp_path / "S.metadata.json").write_text(json.dumps(metadata))
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": environment,
        "properties": {"templateFile": "S.template.json"},
        "additionalMetadataFile": "S.metadata.json",
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {"S": stack}}))
    return stand_ins.found_in(tmp_path, account=HOME[0], region=HOME[1])


def task(kind: str = "Custom::FuotaTask", **properties: Any) -> dict[str, Any]:
    given = {"LoRaWAN": {"RfRegion": "US915"}, "FirmwareUpdateImage": "s3://acme/a/b.bin"}
    role = f"arn:aws:iam::{HOME[0]}:role/path/reader"
    return {"Type": kind, "Properties": {**given, "FirmwareUpdateRole": role, **properties}}


def test_nothing_of_an_app_that_makes_all_it_needs(tmp_path: Path) -> None:
    made = {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "own"}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "reader"}},
        "Policy": {"Type": "AWS::IAM::Policy", "Properties": {"Roles": [{"Ref": "Role"}, "reader"]}},
        "Task": task(
            FirmwareUpdateImage={"Fn::Join": ["", ["s3://", {"Ref": "Bucket"}, "/key"]]},
            FirmwareUpdateRole={"Fn::GetAtt": ["Role", "Arn"]},
            MulticastGroupIds=[{"Ref": "Group"}],
        ),
        "OfOwn": task(FirmwareUpdateImage="s3://own/key", FirmwareUpdateRole={"Fn::ImportValue": "x"}),
        "Object": {"Type": "Custom::FirmwareObject", "Properties": {"DestinationBucket": {"Ref": "Bucket"}}},
        "Any": {"Type": "AWS::IAM::Policy", "Properties": {"Resource": "arn:aws:iotwireless:*:*:FuotaTask/*"}},
    }
    assert found(tmp_path, **made) == StandIns()


@pytest.mark.parametrize(
    ("kind", "targets"),
    [
        ("Custom::FuotaTask", {"MulticastGroupIds": [GROUP]}),
        ("AWS::IoTWireless::FuotaTask", {"AssociateMulticastGroup": GROUP}),
    ],
)
def test_bucket_image_role_and_groups_of_a_task(tmp_path: Path, kind: str, targets: dict[str, Any]) -> None:
    here = found(tmp_path, Task=task(kind, **targets), size=30_000)
    assert here.buckets == {"acme": HOME}
    assert here.images == {("acme", "a/b.bin"): 30_000}
    assert here.roles == {(HOME[0], "reader"): f"arn:aws:iam::{HOME[0]}:role/path/reader"}
    assert here.groups == {GROUP: (*HOME, "US915")}
    assert (here.account, here.region, here.devices, here.tasks) == (None, None, {}, {})


def test_an_image_of_unknown_size(tmp_path: Path) -> None:
    assert found(tmp_path, Task=task()).images == {("acme", "a/b.bin"): None}


def test_devices_of_a_task(tmp_path: Path) -> None:
    here = found(tmp_path, Task=task(WirelessDeviceIds=["d1", "d2", {"Ref": "Device"}]))
    assert here.devices == {"d1": HOME, "d2": HOME}


def test_names_in_policies_and_destinations(tmp_path: Path) -> None:
    here = found(
        tmp_path,
        Policy={"Type": "AWS::IAM::Policy", "Properties": {"Roles": ["operators"]}},
        Inline={"Type": "AWS::IAM::RolePolicy", "Properties": {"RoleName": "others"}},
        BucketPolicy={"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "named"}},
        Object={"Type": "Custom::FirmwareObject", "Properties": {"DestinationBucket": "assets"}},
        Own={"Type": "Custom::FirmwareObject", "Properties": {"DestinationBucket": "cdk-hnb659fds-assets-1-eu"}},
    )
    assert {name for _, name in here.roles} == {"operators", "others"}
    assert here.buckets == {"named": HOME, "assets": HOME}


def test_tasks_and_groups_in_arns_anywhere(tmp_path: Path) -> None:
    arn = {"Fn::Sub": "arn:${AWS::Partition}:iotwireless:${AWS::Region}:${AWS::AccountId}:FuotaTask/the-task"}
    here = found(tmp_path, Policy={"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": [{"Resource": [arn]}]}})
    assert here.tasks == {"the-task": HOME}


def test_an_app_that_names_no_account_is_for_the_one_it_refers_to(tmp_path: Path) -> None:
    arn = f"arn:aws:iotwireless:us-east-1:111122223333:MulticastGroup/{GROUP}"
    role = "arn:aws:iam::111122223333:role/reader"
    resources = {"Task": task(FirmwareUpdateRole=role), "Other": {"Type": "X", "Properties": {"Arn": arn}}}
    here = found(tmp_path, **resources)
    assert (here.account, here.region) == ("111122223333", "us-east-1")
    assert here.buckets == {"acme": ("111122223333", "us-east-1")}
    pinned = found(tmp_path, environment="aws://999999999999/eu-central-1", **resources)
    assert (pinned.account, pinned.region) == (None, None)
    assert pinned.buckets == {"acme": ("999999999999", "eu-central-1")}
    assert pinned.roles == {("111122223333", "reader"): role}


def test_an_app_that_refers_to_two_accounts_is_for_none_of_them(tmp_path: Path) -> None:
    roles = {f"T{n}": task(FirmwareUpdateRole=f"arn:aws:iam::{str(n) * 12}:role/r") for n in (1, 2)}
    assert found(tmp_path, **roles).account is None


def test_a_task_to_adopt_is_made_up_and_rehearsed(tmp_path: Path) -> None:
    adopting = found(tmp_path, Task=task(AdoptFuotaTaskId=GROUP), Other=task(AdoptFuotaTaskId={"Ref": "Id"}))
    assert (adopting.tasks, adopting.adopted) == ({GROUP: HOME}, {GROUP})


def test_the_devices_of_groups_in_the_order_of_the_app(tmp_path: Path) -> None:
    devices = [f"{number:08x}-aaaa-4bbb-8ccc-{number:012x}" for number in (3, 1, 2)]
    (tmp_path / "asset.abc.txt").write_text("".join(f"{device}\n" for device in devices[:2]))
    settings = {
        "Type": "Custom::MulticastGroupSettings",
        "Properties": {
            "MulticastGroupId": GROUP,
            "WirelessDeviceIds": [devices[2], {"Ref": "Made"}],
            "DeviceList": {"Bucket": {"Fn::Sub": "assets"}, "Key": "abc.txt", "Sha256": "abc"},
        },
    }
    seen = found(tmp_path, Settings=settings, Task=task(MulticastGroupIds=[GROUP]))
    assert list(seen.devices) == list(seen.members) == devices
    assert seen.groups == {GROUP: (*HOME, "US915")}
    own = {"Type": "Custom::MulticastGroupSettings", "Properties": {"MulticastGroupId": {"Ref": "Group"}}}
    assert found(tmp_path, Settings=own) == StandIns()
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "asset.abc.txt").unlink(missing_ok=True)
    assert list(found(tmp_path / "inner", Settings=settings).devices) == devices, "a Stage has its assets above it"
    (tmp_path / "asset.abc.txt").unlink()
    assert list(found(tmp_path, Settings=settings).devices) == devices[2:]


def rollout(**settings: Any) -> dict[str, Any]:
    given = {
        "image": {"uri": "s3://acme/a/b.bin", "sizeBytes": 30_000, "role": f"arn:aws:iam::{HOME[0]}:role/reader"},
        "session": {"rfRegion": "US915"},
        "targets": {"multicastGroupIds": [GROUP]},
        **settings,
    }
    return {"Type": "Custom::FuotaRollout", "Properties": {"Settings": json.dumps(given)}}


def test_bucket_image_role_and_groups_of_a_rollout(tmp_path: Path) -> None:
    here = found(tmp_path, Rollout=rollout())
    assert here.images == {("acme", "a/b.bin"): 30_000}
    assert here.roles == {(HOME[0], "reader"): f"arn:aws:iam::{HOME[0]}:role/reader"}
    assert here.groups == {GROUP: (*HOME, "US915")}


def test_nothing_of_a_rollout_whose_settings_only_the_deployment_knows(tmp_path: Path) -> None:
    unknown = rollout(targets={"deviceProfileId": "some"}, image={"uri": "s3://\0/a", "role": "\0"})
    known = json.dumps({"targets": {"multicastGroupIds": ["\0"]}})
    for settings in (
        {"Fn::GetAtt": ["Table", "Arn"]},
        {"Fn::Join": ["", [unknown["Properties"]["Settings"]]]},
        {"Fn::Join": ["", [known.partition("\\u0000")[0], {"Ref": "Group"}, known.partition("\\u0000")[2]]]},
    ):
        assert found(tmp_path, Rollout={**rollout(), "Properties": {"Settings": settings}}) == StandIns()
