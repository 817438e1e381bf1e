"""A testing kit: a local cloud, fleets of simulated devices and a fast clock, as pytest fixtures.

In your `conftest.py`:

    pytest_plugins = ["fuota_constructs.local.testing"]

and in a test, which needs `pip install 'fuota-constructs[local]'`:

    def test_firmware_arrives(fuota_cloud, fleet):
        fuota_cloud.deploy("path/to/cdk/app")
        outcome = fuota_cloud.rehearse(fleet(devices=500, loss="10%"))
        outcome.require("99%")

The last line fails, as `fuota rehearse` does, with what failed in it: cohort, status, numbers, and what to do.
What `docs/how-to/test-with-pytest.md` shows beside it: a broken role, after which nothing succeeds and the monitor's
alarm fires.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fuota_constructs import extras

try:
    from fuota_constructs.local import cloud as clouds
    from fuota_constructs.local import deployment, stand_ins
    from fuota_constructs.local.errors import LocalCloudError
    from fuota_constructs.local.fleet import Fleet
    from fuota_constructs.local.operated_places import places_of
    from fuota_constructs.local.rehearsal import Rehearsal
    from fuota_constructs.local.rollout_rehearsal import RolloutRehearsal, deployed_rollouts, enrol
except ModuleNotFoundError as error:
    raise extras.explained(error, __name__, "local") or error from None

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fuota_constructs.local.cloud import LocalCloud
    from fuota_constructs.local.outcome import Outcome


class FuotaCloud:
    """A local cloud for one test: nothing in it comes from, or goes to, AWS."""

    def __init__(self, cloud: LocalCloud) -> None:
        """Wrap a running cloud."""
        self.cloud = self._home = cloud
        self._clouds: dict[Path, LocalCloud] = {}
        self._stand_in_tasks: set[str] = set()

    @property
    def endpoint_url(self) -> str:
        """Where it answers, for an SDK of your own."""
        return self.cloud.url

    def client(self, service: str, *, account: str | None = None, region: str | None = None) -> Any:
        """A boto3 client of it, for example `client("iotwireless")`; of the default account and Region by default."""
        return self.cloud.client(service, account=account, region=region)

    def deploy(self, folder: str | os.PathLike[str] = ".", *cdk_arguments: str, stub_imports: bool = True) -> None:
        """Deploy the CDK app of a folder with the real CDK CLI: all its stacks, or those that are named.

        With `stub_imports` what the app imports and does not make is made up first, and printed: buckets with their
        images, roles, groups, devices and tasks. An app that names no account goes to the one it refers to, if it is
        one; clients speak to that until the next app is deployed. The test fails when the deployment fails.
        """
        with _in(Path(folder)):
            try:
                app = deployment.synthesise(self._home, cdk_arguments, print, listen=print)
                self.cloud = self._home
                with app.run:
                    if stub_imports:
                        app = self._made_up(app)
                    deployment.deploy_synthesised(self.cloud, app, print, everything=True, listen=print)
            except deployment.CdkError as error:
                where = Path(folder).absolute()
                pytest.fail(f"cdk deploy of {where} failed with exit code {error.code}; its output says why")

    def _made_up(self, app: deployment.Synthesised) -> deployment.Synthesised:
        made = stand_ins.make_up(app, self._home)
        for line in made.lines:
            print(line)  # noqa: T201  # pytest shows it where a test fails
        self._stand_in_tasks |= made.tasks
        self.cloud = self._clouds[Path.cwd()] = made.cloud
        return made.app

    def destroy(self, folder: str | os.PathLike[str] = ".", *cdk_arguments: str) -> None:
        """Destroy the stacks of the CDK app of a folder, or those that are named. The test fails when that fails."""
        with _in(Path(folder)):
            cloud = self._clouds.get(Path.cwd(), self._home)
            code = deployment.destroy(cloud, cdk_arguments, print, everything=True)
        if code:
            pytest.fail(f"cdk destroy of {Path(folder).absolute()} failed with exit code {code}; its output says why")

    def rehearse(self, fleet: Fleet) -> Outcome:
        """Enrol a fleet, start every task that is Pending, let its session pass, and answer what came of it.

        Raises LocalCloudError where there is nothing to rehearse.
        """
        rehearsal = Rehearsal(self.cloud, leave_out=self._stand_in_tasks)
        rehearsal.enrol(fleet)
        rehearsal.start()
        for _ in rehearsal.follow():
            pass
        return rehearsal.outcome()

    def rollout(self, fleet: Fleet, name: str | None = None) -> RolloutRehearsal:
        """Enrol a fleet as the targets of a FuotaRollout, start that, and answer what lets its time pass.

        `fleet`: its devices take the ids that the app names, dealt to its cohorts in their order.
        `name`: which of the rollouts that are deployed, by its name or construct id; the only one by default.

        Raises LocalCloudError where there is none or are several of them, and where the app names another number of
        devices than the fleet has, and OperationError where it was not deployed wholly.
        """
        found = deployed_rollouts(self.cloud)
        named = [each for each in found if name in {None, each.rollout.name, each.rollout.name.rpartition("/")[2]}]
        if len(named) != 1:
            there = f": there are {', '.join(str(each.rollout) for each in found)}" if found else ""
            asked = f"named {name}" if name is not None else "to rehearse" if not found else "without a name to choose"
            raise LocalCloudError(f"{len(named) or 'no'} rollouts {asked} are deployed{there}")
        enrol(self.cloud, fleet, named[0])
        return RolloutRehearsal(self.cloud, named[0])

    def poll_monitors(self) -> None:
        """Let every FuotaMonitor poll now, as its rule would; in the local cloud rules run on real time.

        The test fails when there is no monitor whose rule is enabled, and when a poll fails.
        """
        polled = 0
        for place in self._places():
            events, functions = self.client("events", **place), self.client("lambda", **place)
            rules = [rule for page in events.get_paginator("list_rules").paginate() for rule in page["Rules"]]
            for rule in rules:
                if rule.get("State") != "ENABLED":
                    continue
                for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                    template = target.get("InputTransformer", {}).get("InputTemplate", "")
                    if "fuotaTaskId" not in template:
                        continue
                    given = template.replace("<aws.events.rule-name>", rule["Name"])
                    answer = functions.invoke(FunctionName=target["Arn"], Payload=given)
                    if answer.get("FunctionError"):
                        pytest.fail(f"the poll of {rule['Name']} failed: {answer['Payload'].read().decode()}")
                    polled += 1
        if not polled:
            pytest.fail("no FuotaMonitor polls here: deploy an app with one, whose task is not done yet")

    def alarms(self) -> dict[str, str]:
        """The state of the CloudWatch alarms by the name of their metric: `OK`, `ALARM` or `INSUFFICIENT_DATA`.

        Where several alarms have the same metric, `ALARM` if one of them has.
        """
        states: dict[str, str] = {}
        for place in self._places():
            pages = self.client("cloudwatch", **place).get_paginator("describe_alarms").paginate()
            for alarm in (alarm for page in pages for alarm in page["MetricAlarms"]):
                if states.get(alarm["MetricName"]) != "ALARM":
                    states[alarm["MetricName"]] = alarm["StateValue"]
        return states

    def _places(self) -> list[dict[str, str]]:
        return [{"account": account, "region": region} for account, region in sorted(places_of(self.cloud))]

    def advance(self, seconds: float) -> None:
        """Let time pass for the IoT Wireless service: hours of session take a moment."""
        self.cloud.admin("clock", method="POST", content={"advance_seconds": seconds})

    def fail(self, operation: str, fault: str, **order: object) -> None:
        """Make an operation of IoT Wireless fail, for example `fail("CreateFuotaTask", "throttle", times=3)`."""
        self.cloud.admin("faults", method="POST", content={"operation": operation, "fault": fault, **order})


@pytest.fixture
def fuota_cloud() -> Iterator[FuotaCloud]:
    """A fresh local cloud on a free port; it ends with the test."""
    cloud = clouds.start(clouds.free_port(), requests_per_second=clouds.REHEARSED_REQUESTS_PER_SECOND)
    try:
        yield FuotaCloud(cloud)
    finally:
        clouds.stop(cloud)


@pytest.fixture
def fleet() -> Callable[..., Fleet]:
    """Makes fleets: `fleet(devices=500, loss="10%", seed=1)`, or of a file: `fleet(file="fleet.yaml")`."""

    def make(*, file: str | os.PathLike[str] | None = None, **fields: Any) -> Fleet:
        if file is not None and fields:
            raise TypeError(f"the file says what the devices of the fleet are: leave {', '.join(fields)} out")
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
