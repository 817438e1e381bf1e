"""What a function finds where it runs, and what is said when it cannot start."""

from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., Any]


def test_node_functions_have_the_aws_sdk(function: Make) -> None:
    code = """
        const { S3Client, ListBucketsCommand } = require("@aws-sdk/client-s3");
        const { IoTWireless } = require("@aws-sdk/client-iot-wireless");
        exports.handler = async () => {
          await new S3Client({}).send(new ListBucketsCommand({}));
          return (await new IoTWireless({}).listFuotaTasks({})).FuotaTaskList;
        };
    """
    assert function({"index.js": code})() == []


def test_node_functions_have_the_aws_sdk_as_es_modules(function: Make) -> None:
    code = """
        import { STSClient, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
        export const handler = async () => (await new STSClient({}).send(new GetCallerIdentityCommand({}))).Account;
    """
    assert function({"index.mjs": code})() == "000000000000"


def test_a_function_that_bundles_the_sdk_gets_its_own(function: Make) -> None:
    files = {
        "index.js": "exports.handler = async () => require('@aws-sdk/client-s3').mine;",
        "node_modules/@aws-sdk/client-s3/index.js": "exports.mine = 'bundled';",
    }
    assert function(files)() == "bundled"


def test_fails_naming_a_client_that_is_not_there(function: Make) -> None:
    answer, failed = function({"index.js": "exports.handler = async () => require('@aws-sdk/client-braket');"}).invoke()
    assert failed
    assert "@aws-sdk/client-braket is not among the clients of the AWS SDK that the local cloud has" in str(answer)


def test_npm_and_node_are_on_the_path_of_functions(function: Make) -> None:
    body = "const run = (tool) => String(require('child_process').execSync(`${tool} --version`)).trim();"
    code = f"{body} exports.handler = async () => [run('node'), run('npm').split('.').length];"
    assert function({"index.js": code})() == ["v24.19.0", 3]


def test_a_function_sees_its_own_variables_and_keeps_its_name(function: Make) -> None:
    made = function(
        {"index.js": "exports.handler = async () => [process.env.OWN, process.env.AWS_LAMBDA_FUNCTION_NAME];"},
        variables={"OWN": "setting", "NODE_OPTIONS": "--no-deprecation"},
    )
    assert made() == ["setting", made.name]


def test_a_function_trusts_what_the_cloud_trusts_where_it_names_the_authorities_of_its_runtime(function: Make) -> None:
    of_aws = "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"
    code = "import os, boto3\ndef handler(event, context):\n    boto3.client('s3').list_buckets()\n"
    code += "    return [os.environ.get(name) for name in ('AWS_CA_BUNDLE', 'SSL_CERT_FILE')]"
    made = function({"index.py": code}, variables={"AWS_CA_BUNDLE": of_aws, "SSL_CERT_FILE": "/opt/own.pem"})
    assert made() == [None, "/opt/own.pem"]


BROKEN = {
    "python, missing module": ({"index.py": "import no_such_module\n"}, "No module named 'no_such_module'"),
    "python, syntax": ({"index.py": "def handler(:\n"}, "invalid syntax"),
    "python, no handler": ({"index.py": ""}, "has no attribute 'handler'"),
    "python, ends": ({"index.py": "import os, sys\nsys.stderr.write('gone')\nsys.stderr.flush()\nos._exit(3)"}, "gone"),
    "node, missing module": ({"index.js": "require('no-such-module');"}, "Cannot find module 'no-such-module'"),
    "node, syntax": ({"index.js": "exports.handler = async ( => {};"}, "Unexpected token"),
    "node, no handler": ({"index.js": ""}, "Handler handler is not a function in index"),
    "node, no file": ({"other.js": "", "index.txt": ""}, "Cannot find module"),
    "node, ends": ({"index.js": "console.error('gone'); process.exit(3);"}, "gone"),
    "node, ES module": ({"index.mjs": "import 'no-such-module';"}, "Cannot find module 'no-such-module'"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_fails_with_the_reason_when_a_function_cannot_start(case: str, function: Make) -> None:
    files, reason = BROKEN[case]
    made = function(files)
    answer, failed = made.invoke()
    assert failed
    assert answer["errorType"] == "FunctionStartError"
    assert answer["errorMessage"].startswith(f"the function {made.name} (")
    assert "cannot start: " in answer["errorMessage"]
    assert reason in answer["errorMessage"]
    assert "Deprecation" not in answer["errorMessage"]


def test_fails_when_a_function_does_not_come_to_its_handler(function: Make) -> None:
    answer, failed = function({"index.py": "import time\ntime.sleep(600)\n"}, timeout=1).invoke()
    assert failed
    assert "it did not come to its handler within 11 s" in answer["errorMessage"]


def test_fails_on_a_layer_that_does_not_exist(function: Make, cloud: Any) -> None:
    made = function({"index.py": "def handler(e, c): return 1"})
    layer = f"arn:aws:lambda:{cloud.region}:{cloud.account}:layer:none:1"
    client = cloud.client("lambda")
    with pytest.raises(client.exceptions.ClientError, match="does not exist"):
        client.update_function_configuration(FunctionName=made.name, Layers=[layer])
