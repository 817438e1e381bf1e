"""The CDK's everyday resources and custom resources beside a FUOTA task, and one on the provider framework."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as s3_deployment
from aws_cdk import aws_s3_notifications as s3_notifications
from aws_cdk import aws_ssm as ssm
from aws_cdk import aws_stepfunctions as stepfunctions
from aws_cdk import custom_resources as cr
from aws_cdk import triggers

from fuota_constructs import FirmwareImage, FuotaTask, RfRegion

app = cdk.App()
here = cdk.Stack(
    app, "Here", env=cdk.Environment(account="444455556666", region="eu-west-1"), cross_region_references=True
)
there = cdk.Stack(
    app, "There", env=cdk.Environment(account="444455556666", region="us-west-2"), cross_region_references=True
)
gone = cdk.RemovalPolicy.DESTROY


def function(name: str, code: str, **more: object) -> lambda_.Function:
    """A function of a few lines of Python."""
    source = lambda_.Code.from_inline(code)
    return lambda_.Function(
        here, name, runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=source, **more
    )


task = FuotaTask(here, "Task", firmware_image=FirmwareImage.from_asset("firmware.bin"), rf_region=RfRegion.EU868)
ssm.StringParameter(there, "TaskId", parameter_name="/task", string_value=task.fuota_task_id)

bucket = s3.Bucket(here, "Bucket", bucket_name="of-custom-resources", auto_delete_objects=True, removal_policy=gone)
s3_deployment.BucketDeployment(
    here, "Files", sources=[s3_deployment.Source.data("a.txt", "deployed")], destination_bucket=bucket
)

seen = function("Seen", "def handler(event, context): print(event)", log_retention=logs.RetentionDays.ONE_WEEK)
bucket.add_event_notification(s3.EventType.OBJECT_REMOVED, s3_notifications.LambdaDestination(seen))
triggers.Trigger(here, "Trigger", handler=seen)


def call(action: str, **parameters: object) -> cr.AwsSdkCall:
    """A call of Systems Manager."""
    physical_id = cr.PhysicalResourceId.of("called")
    return cr.AwsSdkCall(service="SSM", action=action, parameters=parameters, physical_resource_id=physical_id)


for latest in (True, False):
    name = f"/called/{latest}"
    cr.AwsCustomResource(
        here,
        f"Call{latest}",
        on_create=call("putParameter", Name=name, Value="made", Type="String"),
        on_delete=call("deleteParameter", Name=name),
        install_latest_aws_sdk=latest,
        policy=cr.AwsCustomResourcePolicy.from_sdk_calls(resources=["*"]),
    )
read = cr.AwsSdkCall(
    service="iot-wireless",
    action="GetFuotaTask",
    parameters={"Id": task.fuota_task_id},
    physical_resource_id=cr.PhysicalResourceId.of("read"),
)
lookup = cr.AwsCustomResource(
    here,
    "Read",
    on_create=read,
    install_latest_aws_sdk=False,
    policy=cr.AwsCustomResourcePolicy.from_sdk_calls(resources=["*"]),
)
cdk.CfnOutput(here, "Status", value=lookup.get_response_field("Status"))

COUNT = "calls = []\ndef handler(event, context):\n    calls.append(event)\n    return {'IsComplete': len(calls) > 1}"
provider = cr.Provider(
    here,
    "Provider",
    on_event_handler=function("OnEvent", "def handler(event, context): return {'PhysicalResourceId': 'slow'}"),
    is_complete_handler=function("IsComplete", COUNT),
    query_interval=cdk.Duration.seconds(1),
)
slow = cdk.CustomResource(here, "Slow", service_token=provider.service_token)
cdk.CfnOutput(here, "SlowId", value=slow.ref)

partition_key = dynamodb.Attribute(name="device", type=dynamodb.AttributeType.STRING)
dynamodb.TableV2(here, "Table", partition_key=partition_key, removal_policy=gone)
chain = stepfunctions.DefinitionBody.from_chainable(stepfunctions.Pass(here, "Pass"))
stepfunctions.StateMachine(here, "Machine", definition_body=chain)
iam.OpenIdConnectProvider(here, "Oidc", url="https://tokens.example.com", thumbprints=["0" * 40])
ec2.Vpc(here, "Vpc", max_azs=1, nat_gateways=0, restrict_default_security_group=True)
ecr.Repository(here, "Repository", empty_on_delete=False, auto_delete_images=True, removal_policy=gone)
app.synth()
