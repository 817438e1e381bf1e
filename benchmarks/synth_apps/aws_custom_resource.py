"""Peer b: the same through AwsCustomResource, parameters unchecked.

One AwsCustomResource a task, which creates, updates and deletes it; associating the group would take a second one,
which is left out in its favour.
"""

import sys

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iotwireless as iotwireless
from aws_cdk import aws_s3 as s3
from aws_cdk import custom_resources as cr

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
    parameters = {
        "Name": f"task-{n}",
        "FirmwareUpdateImage": bucket.s3_url_for_object("firmware/sensor.bin"),
        "FirmwareUpdateRole": role.role_arn,
        "LoRaWAN": {"RfRegion": "EU868"},
        "RedundancyPercent": 30,
        "FragmentSizeBytes": 112,
        "FragmentIntervalMS": 7000,
    }
    cr.AwsCustomResource(
        stack,
        f"Task{n}",
        install_latest_aws_sdk=False,
        on_create=cr.AwsSdkCall(
            service="IoTWireless",
            action="CreateFuotaTask",
            parameters=parameters,
            physical_resource_id=cr.PhysicalResourceId.from_response("Id"),
        ),
        on_update=cr.AwsSdkCall(
            service="IoTWireless",
            action="UpdateFuotaTask",
            parameters={"Id": cr.PhysicalResourceIdReference(), **parameters},
        ),
        on_delete=cr.AwsSdkCall(
            service="IoTWireless",
            action="DeleteFuotaTask",
            parameters={"Id": cr.PhysicalResourceIdReference()},
        ),
        policy=cr.AwsCustomResourcePolicy.from_statements(
            [
                iam.PolicyStatement(
                    actions=[
                        "iotwireless:CreateFuotaTask",
                        "iotwireless:UpdateFuotaTask",
                        "iotwireless:DeleteFuotaTask",
                    ],
                    resources=["*"],
                ),
                iam.PolicyStatement(actions=["iam:PassRole"], resources=[role.role_arn]),
            ]
        ),
    )
app.synth()
