"""A rehearsal from the start of its cloud to the end of it, however it ends."""

from __future__ import annotations

import errno
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text

from fuota_constructs.cli import interruption
from fuota_constructs.cli.rehearse import output as rehearse_output
from fuota_constructs.cli.rehearse import rollouts
from fuota_constructs.cli.rehearse.record import End, Record, versions
from fuota_constructs.cli.rehearse.stack_findings import stack_findings
from fuota_constructs.cli.rollout.status_view import news_of
from fuota_constructs.local import cloud as clouds
from fuota_constructs.local import deployment, rollout_rehearsal, stand_ins
from fuota_constructs.local.errors import LocalCloudError
from fuota_constructs.local.gate import judge
from fuota_constructs.local.rehearsal import Rehearsal
from fuota_constructs.operations.errors import OperationError
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from rich.console import Console

    from fuota_constructs.cli.rehearse.record import Request
    from fuota_constructs.cli.rehearse.stack_findings import StackFinding
    from fuota_constructs.local.cloud import LocalCloud
    from fuota_constructs.local.gate import Verdict
    from fuota_constructs.local.outcome import Outcome
    from fuota_constructs.local.task_outcome import TaskProgress
    from fuota_constructs.operations.rollout_status import RolloutStatus

STARTING, SYNTHESISING = "the local cloud was starting", "the app was being synthesised"


class Run:
    """One rehearsal. It remembers how far it is, for the case that somebody ends it."""

    def __init__(
        self, request: Request, console: Console, *, speed: float | None, keep: bool, ask: bool = False
    ) -> None:
        """Nothing happens yet; with `ask` somebody is asked where a rollout holds."""
        self._ask = ask
        self._rollouts: tuple[RolloutStatus, ...] = ()
        self._request, self._console, self._speed, self._keep = request, console, speed, keep
        self._stage = STARTING
        self._progress: tuple[TaskProgress, ...] = ()
        self._made: tuple[str, ...] = ()
        self._stacks: tuple[str, ...] = ()
        self._findings: tuple[StackFinding, ...] = ()

    def record(self) -> Record:
        """Rehearse; what goes wrong and whoever interrupts is in the record."""
        try:
            outcome = self._rehearse()
        except (LocalCloudError, OperationError) as error:
            first, _, rest = str(error).partition("\n")
            return self._ended(End.NOT_REHEARSED, f"FAILED not rehearsed: {first}", tuple(rest.splitlines()))
        except (BotoCoreError, ClientError) as error:
            return self._ended(End.NOT_REHEARSED, f"FAILED not rehearsed: {self._stage}: {error}")
        except OSError as error:
            if error.errno in {errno.EPIPE, errno.EIO}:  # nobody reads what we say
                raise
            place = f" ({error.filename})" if error.filename else ""
            return self._ended(End.NOT_REHEARSED, f"FAILED not rehearsed: {self._stage}: {error.strerror}{place}")
        except KeyboardInterrupt:
            reached = self._reached()
            return self._ended(End.INTERRUPTED, f"FAILED interrupted: {reached[0]}", reached[1:])
        verdict = self._judge(outcome)
        record = self._ended(End.PASSED if verdict.passed else End.FAILED, verdict.line)
        return replace(record, outcome=outcome, verdict=verdict)

    def _judge(self, outcome: Outcome | None) -> Verdict:
        """The verdict on tasks and rollouts: the worse one, or both."""
        if outcome is None:
            return rollouts.verdict_of(self._rollouts, self._request.require)
        of_tasks = judge(outcome, self._request.require)
        if not of_tasks.passed or not self._rollouts:
            return of_tasks
        of_rollouts = rollouts.verdict_of(self._rollouts, self._request.require)
        if not of_rollouts.passed:
            return of_rollouts
        line = f"{of_tasks.line}; rollouts: {of_rollouts.line.removeprefix('PASSED ')}"
        return replace(of_tasks, line=line, causes=(*of_tasks.causes, *of_rollouts.causes))

    def _ended(self, end: End, line: str, reached: tuple[str, ...] = ()) -> Record:
        return Record(
            self._request,
            end,
            visible(line),
            stand_ins=self._made,
            reached=reached,
            stacks=self._stacks,
            versions=versions(),
            findings=self._findings,
            rollouts=self._rollouts,
        )

    def _reached(self) -> tuple[str, ...]:
        return (
            self._stage,
            *(
                f"{task.name}: {task.fragments_sent} of {task.fragments_total or 'so far unknown'} fragments sent;"
                f" {rehearse_output.progress_words(task)}"
                for task in self._progress
            ),
        )

    def _rehearse(self) -> Outcome | None:
        """Rehearse the tasks of the app, of which there may be none, and then its rollouts."""
        say = self._say
        self._console.rule("start a cloud on this machine")
        rate = clouds.REHEARSED_REQUESTS_PER_SECOND
        cloud = clouds.start(clouds.free_port(), outlive_us=self._keep, requests_per_second=rate)
        done = False
        try:
            say(f"{cloud.url}: CloudFormation, S3, IAM, Lambda and IoT Wireless; AWS is not contacted")
            left_out = self._deploy(cloud)
            self._stage = "the app was deployed, no session had begun"
            self._console.rule("read back from the IoT Wireless service")
            _show_tasks(cloud, self._console)
            found = rollout_rehearsal.deployed_rollouts(cloud)
            if found and not _pending(cloud, left_out):
                self._roll_out(cloud, found)
                done = True
                return None
            self._console.rule("the session")
            rehearsal = Rehearsal(cloud, leave_out=left_out)
            say(f"{rehearsal.enrol(self._request.fleet)} simulated devices joined the multicast groups")
            self._request = replace(self._request, fleet=rehearsal.fleet or self._request.fleet)
            started = rehearsal.start()
            say(f"{len(started)} task(s) started; the wait of 30 minutes before a session is skipped")
            self._findings = stack_findings(rehearsal, self._request.fleet)
            for finding in self._findings:
                say(f"{finding.finding.level}: {finding}")
            self._stage = "the session was going on"
            with rehearse_output.SessionBars(self._console) as bars:
                for progress in rehearsal.follow(speed=self._speed):
                    self._progress = progress
                    bars.show(progress)
            outcome = rehearsal.outcome()
            self._roll_out(cloud, found)
            done = True
            return outcome
        except (KeyboardInterrupt, OSError):  # or a terminal that is gone, or a reader that has enough
            done = True
            raise
        finally:
            self._end(cloud, done=done or self._stage == SYNTHESISING)

    def _roll_out(self, cloud: LocalCloud, found: Sequence[rollout_rehearsal.Deployed]) -> None:
        for deployed in found:
            self._console.rule(f"the rollout {deployed.rollout}")
            self._say(
                f"{rollout_rehearsal.enrol(cloud, self._request.fleet, deployed):,} simulated devices are its targets"
            )
            self._stage = f"the rollout {deployed.rollout} was going on"
            said, before = "", self._rollouts
            answer = rollouts.asked if self._ask else rollout_rehearsal.approvals
            for status in rollout_rehearsal.RolloutRehearsal(cloud, deployed).follow(answer):
                self._rollouts = (*before, status)
                if (news := news_of(status)) != said:
                    self._say(f"{status.now:%Y-%m-%d %H:%M} UTC  {news}")
                    said = news

    def _deploy(self, cloud: LocalCloud) -> frozenset[str]:
        """Deploy the app; answers the ids of tasks that only stand in for others."""
        self._console.rule("cdk deploy")
        with self._console.status("synthesising") as status:
            heard = rehearse_output.Deployment(self._console, status)
            self._stage = SYNTHESISING
            arguments = self._request.cdk_arguments
            try:
                app = deployment.synthesise(cloud, arguments, self._say, listen=heard.synth)
            except deployment.CdkError as error:
                if heard.reason:
                    raise LocalCloudError(f"`cdk synth` failed: {heard.reason}") from error
                raise
            finally:
                heard.synth_ended()
            self._stacks = deployment.stacks_to_deploy(app)
            with app.run:
                self._stage = "the app was being deployed"
                tasks: frozenset[str] = frozenset()
                if self._request.stub_imports:
                    made = stand_ins.make_up(app, cloud)
                    app, cloud, self._made, tasks = made.app, made.cloud, made.lines, made.tasks
                    for line in made.lines:
                        self._say(line)
                try:
                    deployment.deploy_synthesised(cloud, app, self._say, everything=True, listen=heard.deploy)
                except LocalCloudError:
                    heard.failed()
                    raise
        return tasks

    def _say(self, line: str) -> None:
        self._console.print(Text(visible(line)))

    def _end(self, cloud: LocalCloud, *, done: bool) -> None:
        if self._keep:
            self._say(f"still running: fuota local status --port {cloud.port}; fuota local down --port {cloud.port}")
            return
        with interruption.later():
            clouds.stop(cloud)
            if done:
                shutil.rmtree(cloud.folder, ignore_errors=True)
            else:
                said = Text(visible(f"what the cloud and its Lambda functions said: {cloud.log}"))
                self._console.print(said, soft_wrap=True)  # a path that is broken cannot be pasted


def _pending(cloud: LocalCloud, left_out: Container[str]) -> bool:
    sessions = cloud.admin("sessions")["sessions"]
    return any(session["status"] == "Pending" and session["task_id"] not in left_out for session in sessions)


def _show_tasks(cloud: LocalCloud, console: Console) -> None:
    from fuota_constructs.cli.local.status import overview_of, show

    show(overview_of(cloud), console)
