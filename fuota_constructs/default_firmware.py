"""The firmware bucket and the firmware update role of tasks that are given none, as bare resources.

They are what `FirmwareBucket(...)` and `FirmwareUpdateRole(...)` make, and a test holds them to it. But importing
`aws_cdk.aws_s3` and running the CDK's machinery for buckets and roles costs a synth more CPU than all the rest of this
library, so both happen only where somebody asks for the bucket or the role itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
import constructs
import jsii
from aws_cdk import aws_iam as iam

from fuota_constructs.bucket_facts import BucketFacts
from fuota_constructs.firmware_update_role import DESCRIPTION, SERVICE_PRINCIPAL, TRUST_CONDITIONS
from fuota_constructs.resource_tags import ResourceTags

if TYPE_CHECKING:
    from aws_cdk import aws_s3 as s3


@jsii.implements(cdk.ITaggableV2)
class DefaultBucket(constructs.Construct):
    """A private, TLS only, versioned bucket that is kept when the stack goes."""

    def __init__(self, scope: constructs.Construct, id: str) -> None:  # noqa: A002
        """Make the bucket and its policy."""
        super().__init__(scope, id)
        self._bucket: s3.IBucket | None = None
        resource = cdk.CfnResource(
            self,
            "Resource",
            type="AWS::S3::Bucket",
            properties={
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}},
                    ]
                },
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": True,
                    "IgnorePublicAcls": True,
                    "RestrictPublicBuckets": True,
                },
                "VersioningConfiguration": {"Status": "Enabled"},
            },
        )
        resource.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
        self._tags = ResourceTags(resource, of_type="AWS::S3::Bucket")
        name, arn = resource.ref, resource.get_att("Arn").to_string()
        policy = cdk.CfnResource(
            self,
            "Policy",
            type="AWS::S3::BucketPolicy",
            properties={
                "Bucket": name,
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Deny",
                            "Action": "s3:*",
                            "Principal": {"AWS": "*"},
                            "Resource": [arn, f"{arn}/*"],
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    ],
                },
            },
        )
        self.facts = BucketFacts(name=name, arn=arn, key_arn=None, region=None, identity="Default", policy=policy)
        """What the tasks of the stack need to know of it."""

    @property
    def bucket(self) -> s3.IBucket:
        """The bucket as other constructs take it; to its policy, as to that of every import, nothing is added."""
        if self._bucket is None:
            from aws_cdk import aws_s3 as s3

            self._bucket = s3.Bucket.from_bucket_attributes(
                self, "Bucket", bucket_arn=self.facts.arn, bucket_name=self.facts.name
            )
        return self._bucket

    def is_shown_as(self, given: object) -> bool:
        """Whether a bucket that a task was given is this one, as `bucket` shows it."""
        return given is self._bucket

    @property
    def cdk_tag_manager(self) -> cdk.TagManager:
        """Tags of the bucket."""
        return self._tags.manager


class DefaultRole(constructs.Construct):
    """A role that only AWS IoT Wireless may assume."""

    def __init__(self, scope: constructs.Construct, id: str) -> None:  # noqa: A002
        """Make the role."""
        super().__init__(scope, id)
        self._role: iam.IRole | None = None
        resource = iam.CfnRole(
            self,
            "Resource",
            description=DESCRIPTION,
            assume_role_policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "sts:AssumeRole",
                        "Principal": {"Service": SERVICE_PRINCIPAL},
                        "Condition": TRUST_CONDITIONS,
                    }
                ],
            },
        )
        self.role_name = resource.ref
        """Name of the role, a token."""
        self.role_arn = resource.attr_arn
        """ARN of the role, a token."""

    @property
    def role(self) -> iam.IRole:
        """The role as other constructs take it, by its name: that is what policies are attached to."""
        if self._role is None:
            self._role = iam.Role.from_role_name(self, "Role", self.role_name)
        return self._role

    def is_shown_as(self, given: object) -> bool:
        """Whether a role that a task was given is this one, as `role` shows it."""
        return given is self._role
