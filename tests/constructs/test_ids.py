"""The ids of what this library makes for others' buckets and roles."""

import json
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from fuota_constructs import FirmwareBucket, FirmwareUpdateRole, FuotaTask, RfRegion


def test_ids_are_the_same_in_every_stage(tmp_path, image):
    """As with the CDK's own: else adopting a pipeline renames what is deployed."""

    def logical_ids(scope):
        storage = cdk.Stack(scope, "Storage")
        fleet = cdk.Stack(scope, "Fleet")
        nested = cdk.NestedStack(fleet, "Nested")
        given = {
            "Own": (FirmwareBucket(fleet, "Bucket"), FirmwareUpdateRole(fleet, "Role")),
            "Imported": (
                s3.Bucket.from_bucket_name(fleet, "ImportedBucket", "acme"),
                iam.Role.from_role_arn(fleet, "ImportedRole", "arn:aws:iam::123456789012:role/reader"),
            ),
            "Elsewhere": (FirmwareBucket(storage, "Bucket"), FirmwareUpdateRole(storage, "Role")),
            "Default": (None, None),
        }
        for holder in (fleet, nested):
            for name, (bucket, role) in given.items():
                FuotaTask(
                    holder,
                    f"{name}Task",
                    firmware_image=image,
                    rf_region=RfRegion.EU868,
                    firmware_bucket=bucket,
                    firmware_update_role=role,
                )
        return fleet, nested, storage

    app = cdk.App(outdir=str(tmp_path / "out"))
    places = [logical_ids(scope) for scope in (app, cdk.Stage(app, "Beta"), cdk.Stage(cdk.Stage(app, "Eu"), "Prod"))]
    app.synth()

    def ids(stack):
        [path] = Path(app.outdir).rglob(stack.template_file)
        return sorted(json.loads(path.read_text())["Resources"])

    first, *others = [[ids(stack) for stack in stacks] for stacks in places]
    assert others == [first, first]
    assert len(first[0]) > 20


def test_buckets_of_the_same_path_are_told_apart(app, stack, image, synth):
    """One below this stack, and one of that path counted from the app."""
    far = cdk.Stack(app, "Far")
    near = FirmwareBucket(cdk.Stack(stack, "Far", stack_name="Near"), "Bucket")
    for name, bucket in (("A", FirmwareBucket(far, "Bucket")), ("B", near)):
        FuotaTask(stack, name, firmware_image=image, rf_region=RfRegion.EU868, firmware_bucket=bucket)
    assert len(synth(stack).all("Custom::FirmwareObject")) == 2
