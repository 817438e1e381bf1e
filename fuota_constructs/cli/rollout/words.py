"""`fuota rollout approve`, `hold`, `resume`, `skip` and `abort`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fuota_constructs.cli import options
from fuota_constructs.cli.aws_access import WHERE, command_on_aws
from fuota_constructs.cli.exit_codes import PASSED

if TYPE_CHECKING:
    from pathlib import Path

    from fuota_constructs.cli.aws_access import Access

ARGUMENT = """ROLLOUT is the name of a rollout as `fuota rollout list` has it, its construct id, or the ARN of its state
machine. Who says it and when is kept with the evidence."""
EXIT_CODES = """\b
Exit codes:
  0  it is said; the rollout hears it at its next look
  1  could not look or say it (no credentials or rollout, nothing is asked)
  2  wrong usage
"""


def _command(word: str, help_: str) -> click.Command:
    @click.command(word, help=f"{help_}\n\n{ARGUMENT}\n\n{EXIT_CODES}", epilog=WHERE)
    @options.rollout
    @options.as_json
    @options.json_file
    @command_on_aws
    def command(access: Access, *, rollout: str, as_json: bool, json_file: Path | None) -> int:
        return _say(access, word, rollout, as_json=as_json, json_file=json_file)

    return command


approve = _command("approve", "Let a rollout go on after a wave that wants an approval, or where its gate holds.")
hold = _command(
    "hold",
    "Hold a rollout: no further session is sent before somebody says resume.\n\nWhat is on the air goes on to its end.",
)
resume = _command("resume", "Let a rollout go on that holds, or take a hold back.")
skip = _command(
    "skip",
    "Go on with the next wave without a verdict on this one: the devices of this wave are not tried again.",
)


@click.command(epilog=WHERE)
@options.rollout
@click.option("--end-sessions", is_flag=True, help="End what is on the air, too: nobody gets an image from it.")
@options.as_json
@options.json_file
@command_on_aws
def abort(access: Access, *, rollout: str, end_sessions: bool, as_json: bool, json_file: Path | None) -> int:
    """Abort a rollout, whatever else was said: no further session, and its task and group are taken away.

    What is on the air goes on to its end without --end-sessions, and devices that have the image keep it. An abort is
    not taken back; a new rollout may start when it is over.

    ROLLOUT is the name of a rollout as `fuota rollout list` has it, its construct id, or the ARN of its state machine.
    Who says it and when is kept with the evidence.

    \b
    Exit codes:
      0  it is said; the rollout hears it at its next look
      1  could not look or say it (no credentials or rollout, it is over already)
      2  wrong usage
    """
    return _say(access, "abort", rollout, as_json=as_json, json_file=json_file, end_sessions=end_sessions)


def _say(
    access: Access,
    word: str,
    rollout: str,
    *,
    as_json: bool,
    json_file: Path | None,
    end_sessions: bool = False,
) -> int:
    from fuota_constructs.cli.documents import as_text
    from fuota_constructs.cli.output_files import deliver
    from fuota_constructs.cli.rollout.access import find
    from fuota_constructs.operations.rollout_word import say
    from fuota_constructs.operations.start import show as moment

    found = find(access, rollout)
    status = found.read()
    with found.next_steps():
        say(found.aws, status, word, end_sessions=end_sessions)
    heard, watch = status.moment("Until"), found.command("status", "--watch")
    text = as_text(
        "rollout-said",
        {
            "place": found.place.as_dict(),
            "name": found.rollout.name,
            "execution": status.execution,
            "word": word,
            "heard_by": heard,
            "next_steps": [watch],
        },
    )
    if as_json:
        click.echo(text)
    else:
        when = f", which hears it {moment(heard)} at the latest" if heard else ""
        click.echo(f"{word}: said to rollout {found.rollout} ({found.place}){when}\nwatch it: {watch}")
    deliver(json_file, text)
    return PASSED
