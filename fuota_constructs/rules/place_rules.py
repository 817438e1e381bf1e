"""Rules about what is of another AWS account or Region than the task."""

from __future__ import annotations

from fuota_constructs.rules.rule import Place, Remarks, Rule, TaskPlan, error, show, warning


def _group_region(plan: TaskPlan) -> Remarks:
    here, other = Place(plan.aws_account, plan.aws_region), f"the {plan.noun}"
    for group in plan.groups_and_targets:
        if not any(here):  # the task may be anywhere, but only in one place
            here, other = group.place, f"multicast group {show(group.label)}"
        if apart := group.place.apart_from(here):
            theirs, ours = apart
            yield error(
                f"multicast group {show(group.label)} is in {theirs} and {other} in {ours}; a {plan.noun} can only have"
                f" groups of its own account and Region: make a {plan.noun} where the group is, or a group in {ours}"
            )


def _role_account(plan: TaskPlan) -> Remarks:
    if plan.role_account and plan.aws_account and plan.role_account != plan.aws_account:
        yield error(
            f"the firmware update role is of account {plan.role_account} and the {plan.noun} of {plan.aws_account}; IAM"
            f" passes a role only to a service of the role's own account: give a role of {plan.aws_account}, and let"
            " the bucket's policy allow it"
        )


def _image_account(plan: TaskPlan) -> Remarks:
    theirs = {
        "the firmware bucket": plan.image_bucket_account,
        "the KMS key of the firmware bucket": plan.image_key_account,
    }
    for what, owner in theirs.items():
        if owner and plan.aws_account and owner != plan.aws_account and plan.image_access:
            yield warning(
                f"{what} is of account {owner} and the {plan.noun} of {plan.aws_account}, and this app cannot let its"
                f" roles in: account {owner} must add {plan.image_access}; acknowledge this when that is done"
            )
            return


PLACE_RULES = (
    Rule(
        id="group-region",
        levels=("error",),
        what="a multicast group is known to be of another account or AWS Region than the task or rollout, or another"
        " of its groups",
        why="a group is known by its id, which the service looks for in the task's account and Region only",
        remedy="a group and a task or rollout in one account and Region",
        source="AWS IoT Wireless API, AssociateMulticastGroupWithFuotaTask",
        check=_group_region,
    ),
    Rule(
        id="role-account",
        levels=("error",),
        what="the firmware update role is known to be of another account than the task",
        why="`iam:PassRole` works within one account only: the service refuses to make the task",
        remedy="a role in the task's account; the bucket may be elsewhere",
        source="IAM User Guide, grant a user permissions to pass a role to an AWS service",
        check=_role_account,
    ),
    Rule(
        id="image-account",
        levels=("warning",),
        what="the image's bucket, or its KMS key, is known to be of another account and not made in this app",
        why="without a statement in its policy the role cannot read the image, and the update ends in FuotaDone",
        remedy="the statement in the message, added by that account",
        source="Amazon S3 User Guide, bucket owner granting cross-account permissions",
        check=_image_account,
    ),
)
