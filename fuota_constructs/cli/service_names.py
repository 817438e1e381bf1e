"""Names of the local IoT Wireless service: its faults and operations, as the service itself has them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable


class OperationName(click.ParamType[str]):
    """An operation that the service has, or "*"."""

    name = "operation"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take it in any case."""
        from fuota_constructs.local.iotwireless.faults import EVERY_OPERATION
        from fuota_constructs.local.iotwireless.operations import OPERATIONS

        names = (*sorted(OPERATIONS), EVERY_OPERATION)
        return _one_of(value, names, "operation of the local IoT Wireless service", self, (param, ctx))


class FaultName(click.ParamType[str]):
    """A fault that the service can have."""

    name = "fault"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take it in any case."""
        return _one_of(value, fault_names(), "fault", self, (param, ctx))


class FaultCommand(click.Command):
    """A command whose help lists the faults there are."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List them; the packages of the local cloud may be missing, and help is there all the same."""
        try:
            names = ", ".join(fault_names())
        except ImportError:
            names = "see docs/reference/local-api.md"
        formatter.write_paragraph()
        formatter.write_text(f"Faults: {names}.")
        super().format_epilog(ctx, formatter)


def fault_names() -> tuple[str, ...]:
    """All faults of the service."""
    from fuota_constructs.local.iotwireless.faults import ERROR_OF_FAULT

    return tuple(ERROR_OF_FAULT)


def _one_of(
    value: Any,
    names: Iterable[str],
    what: str,
    kind: click.ParamType[str],
    where: tuple[click.Parameter | None, click.Context | None],
) -> str:
    known = {name.lower(): name for name in names}
    if (found := known.get(str(value).lower())) is not None:
        return found
    near = [known[each] for each in difflib.get_close_matches(str(value).lower(), known)]
    remedy = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known.values())}"
    return kind.fail(f"{str(value)!r} is no {what}: {remedy}", *where)
