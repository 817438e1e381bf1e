"""MiniStack still has the shape we build on, and every request of the service reaches us."""

import importlib.util
import json
import re
from pathlib import Path

import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from fuota_constructs.local import ministack_host
from fuota_constructs.local.cloud import LocalCloud


def test_ministack_has_every_seam_we_use() -> None:
    assert ministack_host.broken_seams() == []


@pytest.mark.parametrize(
    ("seam", "complaint"),
    [
        (("ministack.app", "no_such_thing", None), "ministack.app.no_such_thing is gone"),
        (("ministack.app", "main", ("port",)), "expected the parameters port"),
    ],
)
def test_fails_naming_the_seam_a_new_ministack_changed(
    seam: tuple[str, str, tuple[str, ...] | None], complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ministack_host, "SEAMS", (seam,))
    [broken] = ministack_host.broken_seams()
    assert complaint in broken


def test_fails_naming_both_versions_when_ministack_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ministack_host, "TESTED_MINISTACK", "1.0.0")
    [broken] = ministack_host.broken_seams()
    assert broken.endswith("1.0.0 is tested")


def test_the_tested_version_is_the_one_pinned() -> None:
    pyproject = (Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8")
    assert f'"ministack=={ministack_host.TESTED_MINISTACK}"' in pyproject


def test_every_operation_of_the_service_reaches_us_and_not_ministack(cloud: LocalCloud) -> None:
    model = botocore.session.get_session().get_service_model("iotwireless")
    cloud.admin("requests", method="DELETE")
    for operation in model.operation_names:
        http = model.operation_model(operation).http
        path = re.sub(r"{\w+}", "nobody", http["requestUri"])
        request = AWSRequest(http["method"], f"{cloud.url}{path}", data=b"{}")
        SigV4Auth(Credentials(cloud.account, cloud.secret), "iotwireless", cloud.region).add_auth(request)
        URLLib3Session().send(request.prepare())
    reached = {request["operation"] for request in cloud.admin("requests")["requests"]}
    assert reached == set(model.operation_names)


def test_the_admin_routes_answer_beside_ministacks(cloud: LocalCloud) -> None:
    assert cloud.admin("host")["pid"] == cloud.pid
    assert "now" in cloud.admin("clock")


def test_the_other_services_are_ministacks(cloud: LocalCloud) -> None:
    assert cloud.client("sts").get_caller_identity()["Account"] == cloud.account


def test_ministack_is_not_loaded_by_importing_our_modules() -> None:
    import subprocess
    import sys

    code = (
        "import sys, json, fuota_constructs.local.cloud, fuota_constructs.local.deployment, fuota_constructs.cli.root;"
    )
    code += "print(json.dumps([m for m in ('ministack', 'boto3', 'aws_cdk', 'rich') if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
    assert importlib.util.find_spec("ministack") is not None


def test_an_encoded_slash_stays_in_the_id_on_its_way_through_ministack(
    cloud: LocalCloud, iam_cloud: LocalCloud
) -> None:
    for place in (cloud, iam_cloud):
        client = place.client("iotwireless")
        group = client.create_multicast_group(LoRaWAN={"RfRegion": "EU868", "DlClass": "ClassC"})["Id"]
        client.start_multicast_group_session(Id=group, LoRaWAN={"DlDr": 3, "DlFreq": 869525000, "SessionTimeout": 60})
        for call in (client.get_multicast_group, client.delete_multicast_group):
            with pytest.raises(client.exceptions.ResourceNotFoundException):
                call(Id=f"{group}/session")
        assert client.get_multicast_group_session(Id=group)
