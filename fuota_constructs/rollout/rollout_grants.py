"""What principals may be allowed to do with a rollout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from aws_cdk import aws_iam as iam

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.firmware.shared_firmware import SharedFirmware
from fuota_constructs.rollout.rollout_machines import evidence_of
from fuota_constructs.template.grantees import expect_grantee

if TYPE_CHECKING:
    from aws_cdk import aws_s3 as s3
    from constructs import Construct, Node

    from fuota_constructs.rollout.device_versions import DeviceVersions


class _Rollout(Protocol):
    state_machine_arn: str
    executions_arn: str
    control_table_arn: str
    firmware_bucket: s3.IBucket
    versions: DeviceVersions | None

    @property
    def node(self) -> Node: ...


class RolloutGrants:
    """Grants on one rollout, for any `iam.IGrantable`: a role, an imported role, a user.

    Source: Service Authorization Reference, AWS Step Functions, Amazon DynamoDB and Amazon S3.

    Each raises `FuotaValidationError` (`grantee`) for what nothing can be granted to.
    """

    def __init__(self, rollout: _Rollout, *, wave_machine_arn: str) -> None:
        """Use `FuotaRollout.grants`."""
        self._rollout, self._wave_machine_arn = rollout, wave_machine_arn

    def read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow to see how far it is: the word, the executions and the evidence."""
        rollout, bucket = self._rollout, self._rollout.firmware_bucket
        evidence = evidence_of(bucket.bucket_arn, rollout.state_machine_arn)
        seen = (
            self._grant(grantee, ["dynamodb:GetItem"], rollout.control_table_arn)
            .combine(self._grant(grantee, ["states:ListExecutions"], rollout.state_machine_arn))
            # By name a rollout is found among all state machines; the action has no resource-level permissions.
            .combine(self._grant(grantee, ["states:ListStateMachines"], "*"))
            .combine(self._grant(grantee, ["states:ListTagsForResource"], rollout.state_machine_arn))
            # It is none, which a list knows by its tags.
            .combine(self._grant(grantee, ["states:ListTagsForResource"], self._wave_machine_arn))
            .combine(self._grant(grantee, ["states:DescribeExecution"], rollout.executions_arn))
            .combine(self._grant(grantee, ["s3:GetObject"], evidence))
            .combine(self._grant(grantee, ["s3:ListBucket"], bucket.bucket_arn))
        )
        key_arn = SharedFirmware.of(cast("Construct", rollout)).facts_of(bucket).key_arn
        return seen.combine(self._grant(grantee, ["kms:Decrypt"], key_arn)) if key_arn else seen

    def start(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow to start it, with the settings that are in its table; and to read."""
        started = self._grant(grantee, ["states:StartExecution"], self._rollout.state_machine_arn)
        return self.read(grantee).combine(started)

    def control(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow to say hold, resume, approve, skip and abort, and to redrive an execution that failed; and to read."""
        said = self._grant(grantee, ["dynamodb:UpdateItem"], self._rollout.control_table_arn)
        actions = ["states:RedriveExecution", "states:StopExecution"]  # an abort stops what has made nothing yet
        redriven = self._grant(grantee, actions, self._rollout.executions_arn)
        return self.read(grantee).combine(said).combine(redriven)

    def report_versions(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow to write which version devices report, into `rollout.versions`.

        Raises `FuotaValidationError` (`rollout-applied`) where the rollout does not ask for versions.
        """
        if self._rollout.versions is None:
            raise FuotaValidationError(
                "rollout-applied",
                "the rollout asks for no version, so there is no table to write to; give it"
                " applied=Applied.version('2.4.0')",
                construct_path=self._rollout.node.path,
            )
        return self._rollout.versions.grant_report(grantee)

    def _grant(self, grantee: iam.IGrantable, actions: list[str], resource: str) -> iam.Grant:
        expect_grantee(grantee, cast("Construct", self._rollout))
        return iam.Grant.add_to_principal(grantee=grantee, actions=actions, resource_arns=[resource])
