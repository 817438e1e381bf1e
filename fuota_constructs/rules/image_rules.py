"""Rules about the firmware image, where it is, and who may read it."""

from __future__ import annotations

from fuota_constructs.rules.rule import Remarks, Rule, TaskPlan, error, given, show, warning, whole_number

MEGABYTE = 1_000_000
MEBIBYTE = 1_048_576
ROLE_POLICY_CHARACTERS = 10_240


def _image_empty(plan: TaskPlan) -> Remarks:
    size = whole_number(plan.image_bytes)
    if given(plan.image_bytes) and (size is None or size < 1):
        yield error(f"the firmware image has {show(plan.image_bytes)} bytes; give an image of 1 to {MEBIBYTE} bytes")


def _image_size(plan: TaskPlan) -> Remarks:
    size = whole_number(plan.image_bytes)
    if size is None or size < MEGABYTE:
        return
    if size > MEBIBYTE:
        yield error(
            f"the firmware image has {size} bytes; the service takes at most 1 megabyte ({MEBIBYTE} bytes):"
            " send a delta image instead of the whole firmware",
        )
    else:
        yield warning(
            f"the firmware image has {size} bytes; the service takes at most 1 megabyte, and AWS does not say whether"
            f" that is {MEGABYTE} or {MEBIBYTE} bytes: stay below {MEGABYTE} to be safe"
        )


def _image_region(plan: TaskPlan) -> Remarks:
    if plan.image_bucket_region and plan.aws_region and plan.image_bucket_region != plan.aws_region:
        yield error(
            f"the firmware bucket is in {show(plan.image_bucket_region)} and the task in {show(plan.aws_region)};"
            f" use a bucket in {show(plan.aws_region)}, the Region of the task",
        )


def _image_encryption(plan: TaskPlan) -> Remarks:
    if plan.image_has_key:
        yield warning(
            "a KMS key encrypts the firmware bucket; AWS documents FUOTA for buckets without encryption or with that of"
            " S3 (SSE-S3) only: leave the key out, or try an update of one device first and acknowledge this"
        )


def _firmware_lifecycle(plan: TaskPlan) -> Remarks:
    if plan.image_lifecycle:
        yield warning(
            f"a lifecycle rule of the firmware bucket {plan.image_lifecycle}, whether a task still needs them or not,"
            " and AWS IoT Wireless cannot read one then: give the rule a prefix that images do not have, or let it"
            " expire noncurrent versions only"
        )


def _role_trust(plan: TaskPlan) -> Remarks:
    if plan.role_trusts_service is False:
        yield error(
            "the trust policy of the firmware update role does not let iotwireless.amazonaws.com assume it, so the"
            " service cannot read the image; use a FirmwareUpdateRole, or an iam.Role with"
            ' assumed_by=iam.ServicePrincipal("iotwireless.amazonaws.com")'
        )


def _role_policy_size(plan: TaskPlan) -> Remarks:
    size = plan.role_policy_characters
    if size is None or size <= ROLE_POLICY_CHARACTERS // 2:
        return
    remedy = "give some of the tasks a FirmwareUpdateRole of their own with firmware_update_role"
    if size > ROLE_POLICY_CHARACTERS:
        yield error(
            f"the inline policies of the firmware update role come to about {size} characters; IAM allows"
            f" {ROLE_POLICY_CHARACTERS} per role: {remedy}",
        )
    else:
        yield warning(
            f"the inline policies of the firmware update role come to about {size} characters of the"
            f" {ROLE_POLICY_CHARACTERS} that IAM allows per role, and a deployment that changes every image needs twice"
            f" that, because the old images stay readable until it is done: {remedy}"
        )


IMAGE_RULES = (
    Rule(
        id="image-empty",
        levels=("error",),
        what="the image has no bytes",
        why="there is nothing to send; the service finds out in the session",
        remedy="build the firmware first, check the path",
        source="AWS IoT Wireless Developer Guide, prepare the image",
        check=_image_empty,
    ),
    Rule(
        id="image-size",
        levels=("error", "warning"),
        what="the image is larger than 1,048,576 bytes (error), or has 1,000,000 bytes or more (warning)",
        why="the service takes images of at most 1 megabyte, and does not say which megabyte",
        remedy="a delta image",
        source="AWS IoT Wireless Developer Guide, prepare the image",
        check=_image_size,
    ),
    Rule(
        id="image-region",
        levels=("error",),
        what="the image's bucket is known to be in another AWS Region than the task",
        why="the service reads the image from its own Region only, and says so only in the session (FuotaDone)",
        remedy="a bucket in the Region of the task",
        source="AWS IoT Wireless Developer Guide, upload the firmware to an S3 bucket",
        check=_image_region,
    ),
    Rule(
        id="image-encryption",
        levels=("warning",),
        what="the image's bucket is known to be encrypted with a KMS key",
        why="AWS says nothing about FUOTA with SSE-KMS; the role may decrypt (assumed to be enough)",
        remedy="encryption by S3 (SSE-S3), the default here",
        source="AWS IoT Wireless Developer Guide, upload the firmware to an S3 bucket",
        check=_image_encryption,
    ),
    Rule(
        id="firmware-lifecycle",
        levels=("warning",),
        what="a lifecycle rule of the image's bucket is known to expire or archive the image",
        why="the service reads the image in the session, and a rollback reads the one before; what is gone, or must be"
        " restored first, ends in FuotaDone",
        remedy="a rule with another prefix, or about noncurrent versions only",
        source="Amazon S3 User Guide, managing the lifecycle of objects and restoring an archived object",
        check=_firmware_lifecycle,
    ),
    Rule(
        id="role-trust",
        levels=("error",),
        what="the firmware update role is made in this app and `iotwireless.amazonaws.com` may not assume it",
        why="the service reads the image as this role, and finds out in the session (FuotaDone) at the latest",
        remedy="a `FirmwareUpdateRole`",
        source="AWS IoT Wireless Developer Guide, upload the firmware to an S3 bucket",
        check=_role_trust,
    ),
    Rule(
        id="role-policy-size",
        levels=("error", "warning"),
        what="the role's inline policies pass 10,240 characters (error), or half of that (warning)",
        why="every image has its own policy on the role, and IAM limits their sum",
        remedy="a second `FirmwareUpdateRole` for some of the tasks",
        source="IAM User Guide, IAM and AWS STS quotas",
        check=_role_policy_size,
    ),
)
