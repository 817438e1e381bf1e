"""A task that is there already: this app only lets an operator's role read and start it.

The id comes from the task's stack output, here as a parameter: `cdk deploy --parameters FuotaTaskId=...`.
"""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from fuota_constructs import FuotaTask

app = cdk.App()
stack = cdk.Stack(app, "FuotaOperator")

task_id = cdk.CfnParameter(
    stack,
    "FuotaTaskId",
    default="11111111-2222-3333-4444-555555555555",
    description="Id of the FUOTA task the operator starts",
)
task = FuotaTask.from_fuota_task_id(stack, "Update", task_id.value_as_string)

operator = iam.Role(stack, "Operator", assumed_by=iam.AccountRootPrincipal())
task.grants.read(operator)
task.grants.start(operator)
cdk.CfnOutput(stack, "OperatorRoleArn", value=operator.role_arn)

app.synth()
