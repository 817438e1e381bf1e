"""A rollout to all devices of a profile; with -c success=... another share is asked for.

Its events go to a queue, and an operator may control it, but not start it.
"""

import aws_cdk as cdk
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs

from fuota_constructs import Applied, DlClass, FirmwareImage, FuotaRollout, RfRegion, RolloutTargets, RolloutWave

app = cdk.App()
stack = cdk.Stack(app, "Fleet")
rollout = FuotaRollout(
    stack,
    "Rollout",
    firmware_image=FirmwareImage.from_asset("firmware.bin"),
    rf_region=RfRegion.EU868,
    dl_class=DlClass.CLASS_C,
    redundancy_percent=100,
    fragment_size_bytes=40,
    fragment_interval=cdk.Duration.minutes(1),
    targets=RolloutTargets.device_profile(app.node.try_get_context("profile")),
    waves=[RolloutWave.devices(3, bake=cdk.Duration.hours(6)), RolloutWave.percent(100)],
    applied=Applied.version("1.1.0", within=cdk.Duration.hours(6)),
    success_percent=float(app.node.try_get_context("success") or 50),
)
queue = sqs.Queue(stack, "Changes", removal_policy=cdk.RemovalPolicy.DESTROY)
rollout.on_event("Events", target=targets.SqsQueue(queue))
operator = iam.User(stack, "Person")
rollout.grants.control(operator)
outputs = {
    "Machine": rollout.state_machine_arn,
    "Table": rollout.control_table_name,
    "Versions": rollout.versions.table_name,
    "Name": rollout.rollout_name,
    "Queue": queue.queue_url,
    "Operator": operator.user_name,
}
for name, value in outputs.items():
    cdk.CfnOutput(stack, name, value=value)
app.synth()
