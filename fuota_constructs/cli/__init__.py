"""The `fuota` command. Importing this loads nothing outside the standard library; each command loads what it needs."""

import contextlib
import errno
import os
import sys

from fuota_constructs import extras
from fuota_constructs.cli import interruption
from fuota_constructs.cli.exit_codes import COULD_NOT_LOOK, INTERRUPTED

NEEDED = {"plan": ("plan",), "local": ("cli", "local"), "rehearse": ("cli", "local")}  # the others: ("cli",)
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def main() -> int:
    """Run the command line; 1 and a line where the machine refuses, as on a full disk."""
    try:
        interruption.heed()
        _open_closed_streams()
        return _run(sys.argv[1:])
    except KeyboardInterrupt:  # before there is a command
        _say("fuota: interrupted")
        return INTERRUPTED
    except OSError as error:
        if error.errno is None:
            raise
        _say(f"fuota: {_refusal(error)}")
        if error.errno not in UNWRITABLE or error.filename:
            return COULD_NOT_LOOK
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left in the buffer would fail again at the very end
        return COULD_NOT_LOOK
    finally:
        interruption.over()


def _open_closed_streams() -> None:
    """Where the caller closed a stream, read nothing and write to nobody: else the next file would get its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123  # as long as we run


def _refusal(error: OSError) -> str:
    """What the machine said, and of what."""
    if error.filename:
        return f"{error.filename!r}: {error.strerror}"
    if error.errno in UNWRITABLE:
        return f"the output cannot be written: {error.strerror}"
    try:
        os.getcwd()  # noqa: PTH109  # pathlib is loaded by those who need it
    except FileNotFoundError:
        return "the folder in which it was started is gone: change to one that is there"
    return error.strerror or str(error)


def _say(line: str) -> None:
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr)  # noqa: T201  # whatever failed


def _run(arguments: list[str]) -> int:
    """Run it; 1 and a line with the command that installs it when a package is missing."""
    if arguments == ["--version"]:  # answered by the bare package, too
        import importlib.metadata

        print(f"fuota, version {importlib.metadata.version('fuota-constructs')}", flush=True)  # noqa: T201  # before click is there
        return 0
    try:
        from fuota_constructs.cli.root import fuota

        code: int | None = fuota.main(prog_name="fuota")
    except extras.MissingPackageError as error:
        missing = error
    except ModuleNotFoundError as error:
        explained = extras.explained(error, *_needed(arguments))
        if explained is None:
            raise
        missing = explained
    else:
        return code or 0
    _say(str(missing))
    return COULD_NOT_LOOK


def _needed(arguments: list[str]) -> tuple[str, ...]:
    """The command as it was typed, and the extras it needs."""
    words = [word for word in arguments if not word.startswith("-")]
    if not words:
        return "the fuota command", "cli"
    typed = words[:2] if words[0] == "local" else words[:1]
    return " ".join(["fuota", *typed]), *NEEDED.get(words[0], ("cli",))
