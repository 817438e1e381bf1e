"""Peer a: bucket, role, group and N tasks with CloudFormation's own CfnFuotaTask, which has no fragment parameters."""

import sys

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iotwireless as iotwireless
from aws_cdk import aws_s3 as s3

app = cdk.App()
stack = cdk.Stack(app, "Bench")
bucket = s3.Bucket(
    stack,
    "Firmware",
    block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
    enforce_ssl=True,
    versioned=True,
    encryption=s3.BucketEncryption.S3_MANAGED,
)
role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("iotwireless.amazonaws.com"))
role.add_to_policy(
    iam.PolicyStatement(actions=["s3:ListBucket", "s3:ListBucketVersions"], resources=[bucket.bucket_arn])
)
role.add_to_policy(
    iam.PolicyStatement(actions=["s3:GetObject"], resources=[bucket.arn_for_objects("firmware/sensor.bin")])
)
group = iotwireless.CfnMulticastGroup(
    stack,
    "Group",
    lo_ra_wan=iotwireless.CfnMulticastGroup.LoRaWANProperty(rf_region="EU868", dl_class="ClassC"),
)
for n in range(int(sys.argv[1])):
    iotwireless.CfnFuotaTask(
        stack,
        f"Task{n}",
        name=f"task-{n}",
        firmware_update_image=bucket.s3_url_for_object("firmware/sensor.bin"),
        firmware_update_role=role.role_arn,
        lo_ra_wan=iotwireless.CfnFuotaTask.LoRaWANProperty(rf_region="EU868"),
        associate_multicast_group=group.attr_id,
    )
app.synth()
