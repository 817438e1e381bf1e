"""The role with which AWS IoT Wireless reads firmware images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from fuota_constructs.firmware.default_role import DESCRIPTION, TRUST_CONDITIONS
from fuota_constructs.provider.permissions import SERVICE_PRINCIPAL
from fuota_constructs.template.keyword_names import naming_keywords

if TYPE_CHECKING:
    from constructs import Construct


class FirmwareUpdateRole(iam.Role):
    """A role that AWS IoT Wireless assumes to read the firmware image of a FUOTA task.

    It is a plain `iam.Role` that only `iotwireless.amazonaws.com` may assume. It begins with no permission at all;
    each task that uses it adds the documented three, for its own bucket and image only: `s3:ListBucket`,
    `s3:ListBucketVersions` and `s3:GetObject`, and `kms:Decrypt` when the bucket has a key. Wherever this library
    takes such a role it takes any `iam.IRole`; to one imported as immutable nothing is added, so it must have those
    permissions already.

    Its trust policy has the condition `StringEqualsIfExists aws:SourceAccount`, against use by other accounts (confused
    deputy). AWS does not document that IoT Wireless sends that key, hence `IfExists`: without the key the condition
    holds. Sources: AWS IoT Wireless Developer Guide, upload the firmware to an S3 bucket; IAM User Guide, the
    confused deputy problem.
    """

    @naming_keywords
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        description: str | None = None,
        path: str | None = None,
        permissions_boundary: iam.IManagedPolicy | None = None,
        role_name: str | None = None,
    ) -> None:
        """Make the role.

        `description`: at most 1000 characters; by default one that names the service.
        `path`: the path of the role in IAM, `/` by default.
        `permissions_boundary`: the most the role can ever do; none by default.
        `role_name`: at most 64 characters, unique in the account; by default CloudFormation makes one up, or the CDK
        where a bucket of another account has to name the role.
        """
        super().__init__(
            scope,
            id,
            assumed_by=iam.ServicePrincipal(SERVICE_PRINCIPAL, conditions=TRUST_CONDITIONS),
            description=description or DESCRIPTION,
            path=path,
            permissions_boundary=permissions_boundary,
            # A bucket of another account names the role in its policy, before it is there.
            role_name=role_name or cdk.PhysicalName.GENERATE_IF_NEEDED,
        )
