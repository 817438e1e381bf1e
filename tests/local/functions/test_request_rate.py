"""A cloud that takes more requests a second than AWS, and which functions are told."""

import json

import pytest
from botocore.config import Config

from fuota_constructs.local import cloud as clouds

from .conftest import PYTHON, archive

CODE = "import os\n\ndef handler(event, context):\n    return os.environ.get('FUOTA_REQUESTS_PER_SECOND')\n"


def test_the_service_takes_more_requests_and_our_functions_know(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUOTA_STATE_DIR", f"{tmp_path}/state")
    cloud = clouds.start(clouds.free_port(), requests_per_second=100)
    try:
        service = cloud.session().client(
            "iotwireless", endpoint_url=cloud.url, config=Config(retries={"total_max_attempts": 1})
        )
        for _ in range(40):  # on AWS the 11th in a second is throttled
            service.list_fuota_tasks()
        functions, told = cloud.client("lambda"), {}
        for module in ("group_service", "rollout_calls", "others"):
            functions.create_function(
                FunctionName=module,
                Runtime=PYTHON,
                Handler="index.handler",
                Timeout=60,
                Role="arn:aws:iam::000000000000:role/function",
                Code={"ZipFile": archive({"index.py": CODE, f"{module}.py": ""})},
            )
            told[module] = json.loads(functions.invoke(FunctionName=module)["Payload"].read())
        assert told == {"group_service": "100", "rollout_calls": "100", "others": None}
    finally:
        clouds.stop(cloud)
