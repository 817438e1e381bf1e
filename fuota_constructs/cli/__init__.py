"""The `fuota` command. Importing this loads nothing outside the standard library; each command loads what it needs."""

import importlib.metadata
import sys

from fuota_constructs import extras
from fuota_constructs.cli.exit_codes import COULD_NOT_LOOK

NEEDED = {"plan": ("plan",), "local": ("cli", "local"), "rehearse": ("cli", "local")}  # the others: ("cli",)


def main() -> int:
    """Run the command line; 1 and a line with the command that installs it when a package is missing."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:  # answered by the bare package, too
        print(f"fuota, version {importlib.metadata.version('fuota-constructs')}")  # noqa: T201  # before click is there
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
    print(missing, file=sys.stderr)  # noqa: T201  # before click is there
    return COULD_NOT_LOOK


def _needed(arguments: list[str]) -> tuple[str, ...]:
    """The command as it was typed, and the extras it needs."""
    words = [word for word in arguments if not word.startswith("-")]
    if not words:
        return "the fuota command", "cli"
    typed = words[:2] if words[0] == "local" else words[:1]
    return " ".join(["fuota", *typed]), *NEEDED.get(words[0], ("cli",))
