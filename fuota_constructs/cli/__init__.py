"""The `fuota` command. Importing this loads nothing outside the standard library; each command loads what it needs."""

import importlib.util
import sys

NEEDED = ("click", "rich")
INSTALL = "pip install 'fuota-constructs[cli,local]'"


def main() -> int:
    """Run the command line; 2 when the packages it needs are not installed."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        print(f"the fuota command needs {' and '.join(missing)}: {INSTALL}", file=sys.stderr)  # noqa: T201
        return 2
    from fuota_constructs.cli.root import fuota

    code: int | None = fuota.main(prog_name="fuota")
    return code or 0
