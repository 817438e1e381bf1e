"""A task that is watched: metrics, events, a dashboard, and alarms that mail an operator.

Deploy it with `-c mail=you@example.com` to be told; without, the alarms only change their state.
"""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_sns as sns

from fuota_constructs import DlClass, FirmwareImage, FuotaMonitor, FuotaTask, MulticastGroup, RfRegion

FIRMWARE = Path(__file__).parents[2] / "firmware" / "sensor-1.1.0.bin"

app = cdk.App()
stack = cdk.Stack(app, "FuotaMonitored")

meters = MulticastGroup(stack, "Meters", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
task = FuotaTask(
    stack,
    "Update",
    firmware_image=FirmwareImage.from_asset(FIRMWARE),
    rf_region=RfRegion.EU868,
    redundancy_percent=30,
    fragment_size_bytes=112,
    fragment_interval=cdk.Duration.seconds(7),
    multicast_groups=[meters],
)

alarm_actions = []
if mail := app.node.try_get_context("mail"):
    topic = sns.CfnTopic(
        stack,
        "Operators",
        subscription=[sns.CfnTopic.SubscriptionProperty(endpoint=mail, protocol="email")],
    )
    alarm_actions.append(topic.ref)
monitor = FuotaMonitor(stack, "Monitor", task=task, alarm_actions=alarm_actions)
monitor.dashboard()

app.synth()
