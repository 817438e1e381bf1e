"""One parameter in each of the accounts that the context names, under the name of the app."""

import os

import aws_cdk as cdk
from aws_cdk import aws_ssm as ssm

app = cdk.App()
name = app.node.get_context("name")
for account in str(app.node.get_context("accounts")).split(","):
    environment = cdk.Environment(account=account, region="eu-west-1")
    stack = cdk.Stack(app, f"{name}{account}", env=environment)
    ssm.StringParameter(stack, "Parameter", parameter_name=f"/{name}", string_value=os.environ.get("STAGE", "none"))
app.synth()
