"""A monitored task that starts on schedule; its events go to a queue."""

from datetime import datetime

import aws_cdk as cdk

from fuota_constructs import DlClass, FirmwareImage, FuotaMonitor, FuotaTask, MulticastGroup, RfRegion

app = cdk.App()
stack = cdk.Stack(app, "Monitored")
group = MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
redundancy = app.node.try_get_context("redundancy")
task = FuotaTask(
    stack,
    "Task",
    firmware_image=FirmwareImage.from_asset("firmware.bin"),
    rf_region=RfRegion.EU868,
    redundancy_percent=int(redundancy) if redundancy else None,
    fragment_size_bytes=40,
    fragment_interval=cdk.Duration.minutes(1),
    multicast_groups=[group],
)
monitor = FuotaMonitor(stack, "Monitor", task=task, interval=cdk.Duration.minutes(1))
monitor.dashboard()
if start := app.node.try_get_context("start"):
    task.schedule_start(datetime.fromisoformat(start), window=cdk.Duration.hours(4))

queue = cdk.CfnResource(stack, "Changes", type="AWS::SQS::Queue")
cdk.CfnResource(
    stack,
    "ToQueue",
    type="AWS::Events::Rule",
    properties={
        "EventPattern": {"source": ["fuota-constructs"]},
        "Targets": [{"Arn": queue.get_att("Arn"), "Id": "Queue"}],
    },
)
cdk.CfnResource(
    stack,
    "QueuePolicy",
    type="AWS::SQS::QueuePolicy",
    properties={
        "Queues": [queue.ref],
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sqs:SendMessage",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Resource": queue.get_att("Arn"),
                }
            ],
        },
    },
)
cdk.CfnOutput(stack, "Queue", value=queue.ref)
app.synth()
