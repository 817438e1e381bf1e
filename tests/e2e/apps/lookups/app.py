"""Looks up what only the account knows, as an app for AWS does."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ssm as ssm

app = cdk.App()
stack = cdk.Stack(app, "Lookups", env=cdk.Environment(account="111122223333", region="eu-west-1"))
cdk.CfnOutput(stack, "VpcId", value=ec2.Vpc.from_lookup(stack, "Vpc", is_default=True).vpc_id)
cdk.CfnOutput(stack, "KnownValue", value=ssm.StringParameter.value_from_lookup(stack, "/known", "none"))
app.synth()
