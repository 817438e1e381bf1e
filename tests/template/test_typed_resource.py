"""What stands for a class whose module is not loaded is that class for everybody who looks."""

import json
import subprocess
import sys
import textwrap
from typing import Any

import aws_cdk as cdk
import pytest

from fuota_constructs.template.typed_resource import attribute, typed_construct, typed_resource

PREAMBLE = """
import json, sys
import aws_cdk as cdk
import jsii
from fuota_constructs.template.typed_resource import attribute, typed_construct, typed_resource

app = cdk.App()
stack = cdk.Stack(app, "Stack")
function = typed_resource(
    stack, "Function", "aws_lambda.CfnFunction", {"role": "arn", "code": {"s3Bucket": "bucket", "s3Key": "key"}}
)
loaded = lambda: "aws_cdk.aws_lambda" in sys.modules

def rendered():
    return app.synth().get_stack_by_name("Stack").template["Resources"]["Function"]["Properties"]
"""


def fresh(code: str) -> Any:
    """What a Python that has loaded nothing yet prints last, as JSON."""
    script = PREAMBLE + textwrap.dedent(code)
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_making_and_using_one_loads_nothing() -> None:
    assert fresh(
        """
        function.add_property_override("MemorySize", 512)
        function.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
        cdk.Tags.of(stack).add("fleet", "meters")
        known = [isinstance(function, cdk.CfnResource), cdk.CfnResource.is_cfn_resource(function)]
        known += [stack.node.find_child("Function") is function, "CfnFunction" in repr(function)]
        known += [attribute(function, "attrArn") == attribute(function, "attrArn"), rendered()["MemorySize"] == 512]
        known += [rendered()["Tags"] == [{"Key": "fleet", "Value": "meters"}]]
        print(json.dumps([all(known), loaded()]))
        """
    ) == [True, False]


def test_an_aspect_that_loads_the_module_when_it_looks_sees_the_class() -> None:
    """`import aws_cdk as cdk` is enough to name `cdk.aws_lambda`, which is loaded at that moment."""
    assert fresh(
        """
            @jsii.implements(cdk.IAspect)
            class Tracing:
                def visit(self, node):
                    if isinstance(node, cdk.aws_lambda.CfnFunction):
                        node.tracing_config = cdk.aws_lambda.CfnFunction.TracingConfigProperty(mode="Active")

            cdk.Aspects.of(app).add(Tracing())
            print(json.dumps(rendered()["TracingConfig"]))
            """
    ) == {"Mode": "Active"}


@pytest.mark.parametrize("found", ["function", "stack.node.find_child('Function')", "stack.node.children[0]"])
def test_setting_a_property_after_asking_for_the_type_reaches_the_template(found: str) -> None:
    assert fresh(
        f"""
            from aws_cdk import aws_lambda
            node = {found}
            assert aws_lambda.CfnFunction.is_cfn_function(node)
            node.timeout = 7
            print(json.dumps([rendered()["Timeout"], type(node) is aws_lambda.CfnFunction]))
            """
    ) == [7, True]


def test_what_only_the_class_has_loads_it() -> None:
    assert fresh(
        """
        before = [hasattr(function, "_repr_html_"), loaded()]
        function.tags.set_tag("fleet", "meters")
        print(json.dumps([before, loaded(), rendered()["Tags"], hasattr(function, "no_such_thing")]))
        """
    ) == [[False, False], True, [{"Key": "fleet", "Value": "meters"}], False]


def test_an_l2_has_its_methods(app: cdk.App, stack: cdk.Stack) -> None:
    bucket = typed_construct(stack, "Bucket", "aws_s3.Bucket", {"enforceSSL": True})
    assert isinstance(bucket, cdk.aws_s3.Bucket)
    bucket.grant_public_access()
    assert attribute(bucket, "bucketName") == bucket.bucket_name


@pytest.mark.parametrize("name", ["cdk.aws_iam.Role", "fuota_constructs.FirmwareUpdateRole"])
def test_one_that_is_of_a_class_of_ours_is_also_of_the_cdks(name: str) -> None:
    assert fresh(
        f"""
            import fuota_constructs
            from fuota_constructs.firmware.default_role import make_default_role

            role = make_default_role(stack)
            assert "aws_cdk.aws_iam" not in sys.modules
            seen = isinstance(role, {name})
            print(json.dumps([seen, type(role) is fuota_constructs.FirmwareUpdateRole, "Token" in role.role_name]))
            """
    ) == [True, True, True]


def test_others_of_the_class_are_not_stand_ins() -> None:
    """What Node.js makes by itself comes to Python as before, with its module."""
    assert fresh(
        """
        trail = cdk.CfnResource(stack, "Other", type="AWS::S3::Bucket")
        typed_resource(stack, "Bucket", "aws_s3.CfnBucket", {})
        their = typed_construct(stack, "Theirs", "aws_s3.Bucket", {}).node.default_child
        print(json.dumps([type(their).__module__, their.versioning_configuration]))
        """
    ) == ["aws_cdk.aws_s3", None]


def test_fails_for_a_class_the_cdk_does_not_have(stack: cdk.Stack) -> None:
    with pytest.raises(Exception, match="CfnFuncton"):
        typed_resource(stack, "Function", "aws_lambda.CfnFuncton", {})


def test_fails_for_an_attribute_nobody_has(stack: cdk.Stack) -> None:
    group = typed_resource(stack, "Group", "aws_logs.CfnLogGroup", {"retentionInDays": 30})
    with pytest.raises(AttributeError, match="retention_in_dayz"):
        group.retention_in_dayz  # type: ignore[attr-defined]  # noqa: B018  # reading it is the test
