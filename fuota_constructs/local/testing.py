"""A testing kit: a local cloud, fleets of simulated devices and a fast clock, as pytest fixtures.

In your `conftest.py`:

    pytest_plugins = ["fuota_constructs.local.testing"]

and in a test, which needs `pip install 'fuota-constructs[cli,local,plan]'`:

    def test_firmware_arrives(fuota_cloud, fleet):
        fuota_cloud.deploy("path/to/cdk/app")
        outcome = fuota_cloud.rehearse(fleet(devices=500, loss="10%"))
        assert outcome.success_ratio >= 0.99

What `docs/local-cloud.md` shows beside it: a broken role, after which nothing succeeds and the monitor's alarm fires.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fuota_constructs.local import cloud as clouds
from fuota_constructs.local import deployment
from fuota_constructs.local.fleet import Fleet
from fuota_constructs.local.rehearsal import Outcome, Rehearsal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fuota_constructs.local.cloud import LocalCloud


class FuotaCloud:
    """A local cloud for one test: nothing in it comes from, or goes to, AWS."""

    def __init__(self, cloud: LocalCloud) -> None:
        """Wrap a running cloud."""
        self.cloud = cloud

    @property
    def endpoint_url(self) -> str:
        """Where it answers, for an SDK of your own."""
        return self.cloud.url

    def client(self, service: str, *, region: str | None = None) -> Any:
        """A boto3 client of it, for example `client("iotwireless")`."""
        return self.cloud.client(service, region=region)

    def deploy(self, folder: str | os.PathLike[str] = ".", *cdk_arguments: str) -> None:
        """Deploy the CDK app of a folder with the real CDK CLI. Raises AssertionError when that fails."""
        with _in(Path(folder)):
            code = deployment.deploy(self.cloud, cdk_arguments, print)
        if code:
            pytest.fail(f"cdk deploy of {Path(folder).absolute()} failed with exit code {code}; its output says why")

    def destroy(self, folder: str | os.PathLike[str] = ".", *cdk_arguments: str) -> None:
        """Destroy the stacks of the CDK app of a folder. Raises AssertionError when that fails."""
        with _in(Path(folder)):
            code = deployment.destroy(self.cloud, cdk_arguments)
        if code:
            pytest.fail(f"cdk destroy of {Path(folder).absolute()} failed with exit code {code}; its output says why")

    def rehearse(self, fleet: Fleet) -> Outcome:
        """Enrol a fleet, start every task that is Pending, let its session pass, and answer what came of it."""
        rehearsal = Rehearsal(self.cloud)
        rehearsal.enrol(fleet)
        rehearsal.start()
        for _ in rehearsal.follow():
            pass
        return rehearsal.outcome()

    def poll_monitors(self) -> None:
        """Let every FuotaMonitor poll now, as its rule would; in the local cloud rules run on real time."""
        events, functions = self.client("events"), self.client("lambda")
        for rule in events.list_rules()["Rules"]:
            if rule.get("State") != "ENABLED" or "ScheduleExpression" not in rule:
                continue
            for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                if ":function:" in target["Arn"] and "InputTransformer" in target:
                    given = target["InputTransformer"]["InputTemplate"].replace("<aws.events.rule-name>", rule["Name"])
                    functions.invoke(FunctionName=target["Arn"], Payload=given)

    def alarms(self) -> dict[str, str]:
        """The state of every CloudWatch alarm, by the name of its metric: `OK`, `ALARM` or `INSUFFICIENT_DATA`."""
        described = self.client("cloudwatch").describe_alarms()["MetricAlarms"]
        return {alarm["MetricName"]: alarm["StateValue"] for alarm in described}

    def advance(self, seconds: float) -> None:
        """Let time pass for the IoT Wireless service: hours of session take a moment."""
        self.cloud.admin("clock", method="POST", content={"advance_seconds": seconds})

    def fail(self, operation: str, fault: str, **order: object) -> None:
        """Make an operation of IoT Wireless fail, for example `fail("CreateFuotaTask", "throttle", times=3)`."""
        self.cloud.admin("faults", method="POST", content={"operation": operation, "fault": fault, **order})


@pytest.fixture
def fuota_cloud() -> Iterator[FuotaCloud]:
    """A fresh local cloud on a free port; it ends with the test."""
    cloud = clouds.start(clouds.free_port())
    try:
        yield FuotaCloud(cloud)
    finally:
        clouds.stop(cloud)


@pytest.fixture
def fleet() -> Callable[..., Fleet]:
    """Makes fleets: `fleet(devices=500, loss="10%", seed=1)`, or of a file: `fleet(file="fleet.yaml")`."""

    def make(*, file: str | os.PathLike[str] | None = None, **fields: Any) -> Fleet:
        return Fleet.from_file(Path(file)) if file is not None else Fleet.of(**fields)

    return make


@contextlib.contextmanager
def _in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
