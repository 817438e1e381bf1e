"""A stack does not take a bucket with it that has something in it, as on AWS."""

import json
import uuid

import pytest

from fuota_constructs.local.cloud import LocalCloud


@pytest.mark.parametrize("versioned", [False, True])
def test_fails_to_delete_a_bucket_that_is_not_empty(cloud: LocalCloud, versioned: bool) -> None:
    stacks, s3, name = cloud.client("cloudformation"), cloud.client("s3"), f"b-{uuid.uuid4().hex}"
    versioning = {"VersioningConfiguration": {"Status": "Enabled"}} if versioned else {}
    template = {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name, **versioning}}}}
    patience = {"Delay": 1, "MaxAttempts": 300}
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=patience)
    put = s3.put_object(Bucket=name, Key="image.bin", Body=b"image")
    if versioned:
        s3.delete_object(Bucket=name, Key="image.bin")  # leaves the version, and a marker

    stacks.delete_stack(StackName=name)
    with pytest.raises(Exception, match="DELETE_FAILED"):
        stacks.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=patience)
    [bucket] = stacks.describe_stack_resources(StackName=name)["StackResources"]
    assert "The bucket you tried to delete is not empty" in bucket["ResourceStatusReason"]

    for each in s3.list_object_versions(Bucket=name).get("DeleteMarkers", []):
        s3.delete_object(Bucket=name, Key="image.bin", VersionId=each["VersionId"])
    s3.delete_object(Bucket=name, Key="image.bin", **({"VersionId": put["VersionId"]} if versioned else {}))
    stacks.delete_stack(StackName=name)
    stacks.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=patience)
    assert name not in [each["Name"] for each in s3.list_buckets()["Buckets"]]
