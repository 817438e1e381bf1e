"""How often Python and Node.js talk: each time costs a synth about 0.3 ms of CPU, whatever it is about.

These are counts, not times, so they are the same on every machine. Where one grows, look whether the CDK can be asked
for less, or once: for what is the same in every stack, for all fields of a struct, for the node of a construct.
"""

import json
import os
import subprocess
import sys
import textwrap

import pytest

IMAGE = "firmware/sensor-1.1.0.bin"

COUNTING = """
import json, sys
import jsii._kernel.providers.process as process
import aws_cdk as cdk
from fuota_constructs import DlClass, FirmwareImage, FuotaTask, MulticastGroup, RfRegion

calls, plain = [], process._NodeProcess.send

def send(self, request, response_type):
    answer = plain(self, request, response_type)
    calls.append(type(answer).__name__)
    return answer

def counted(what):
    before = len(calls)
    what()
    return len(calls) - before

process._NodeProcess.send = send
app = cdk.App()
stack = cdk.Stack(app, "Stack")
image = FirmwareImage.from_asset(sys.argv[1])
groups = []

def group(scope):
    groups.append(MulticastGroup(scope, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C))

def task(scope, name, interval=cdk.Duration.seconds(7)):
    return FuotaTask(
        scope,
        name,
        firmware_image=image,
        rf_region=RfRegion.EU868,
        redundancy_percent=30,
        fragment_size_bytes=112,
        fragment_interval=interval,
        multicast_groups=groups,
    )
"""


def fresh(code: str) -> list[int]:
    """What a Python in which nothing is cached yet prints last."""
    environment = {**os.environ, "CDK_VALIDATION": "false"}
    script = COUNTING + textwrap.dedent(code)
    ran = subprocess.run(
        [sys.executable, "-c", script, IMAGE], capture_output=True, text=True, check=False, env=environment
    )
    assert ran.returncode == 0, ran.stderr
    counts: list[int] = json.loads(ran.stdout)
    return counts


@pytest.fixture(scope="module")
def counts() -> list[int]:
    return fresh(
        """
        made = counted(lambda: group(stack))
        first = counted(lambda: task(stack, "First"))
        later = cdk.Duration.seconds(8)
        further = counted(lambda: task(stack, "Second", later))
        alike = counted(lambda: task(stack, "Third", later))
        other = cdk.Stack(app, "Other")
        of_another_stack = counted(lambda: task(other, "First"))
        synth = counted(app.synth)
        print(json.dumps([made, first, further, alike, of_another_stack, synth, calls.count("Callback")]))
        """
    )


def test_a_group_takes_four(counts: list[int]) -> None:
    """It and its resource, and the id and ARN of it."""
    assert counts[0] == 4


def test_the_first_task_of_a_stack_brings_provider_bucket_and_role(counts: list[int]) -> None:
    assert counts[1] <= 56


def test_a_further_task_takes_three(counts: list[int]) -> None:
    """It and its resource, and the milliseconds of its interval."""
    assert counts[2] == 3


def test_an_interval_is_asked_once(counts: list[int]) -> None:
    assert counts[3] == 2


def test_what_is_the_same_in_every_stack_is_asked_for_once(counts: list[int]) -> None:
    assert counts[4] <= counts[1] - 2


def test_a_synth_calls_back_once_for_the_checks_of_a_stack(counts: list[int]) -> None:
    assert counts[5] == 1 + counts[6]
    assert counts[6] == 2
