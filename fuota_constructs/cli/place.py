"""Where a command looks, on AWS or in a local cloud: in words, as JSON, and as the options that lead there again."""

from __future__ import annotations

import os
import shlex
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from fuota_constructs.local.cloud import DEFAULT_PORT
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fuota_constructs.operations.next_step import NextStep

PORT_VARIABLE = "FUOTA_LOCAL_PORT"


@dataclass(frozen=True, slots=True)
class Place:
    """An account and Region; `account` is None while nothing has said it.

    `port` is that of a local cloud of ours, whose `own` account and Region need no option, unless one `named` them;
    `endpoint` is any other that is not AWS's.
    """

    region: str
    account: str | None = None
    profile: str | None = None
    port: int | None = None
    endpoint: str | None = None
    own: tuple[str, str] | None = None
    named: bool = False

    def __str__(self) -> str:
        where = f"account {self.account}/{self.region}" if self.account else self.region
        if self.port is not None:
            said = f"local cloud :{self.port}" + ("" if self.is_own else f", {where}")
        elif self.endpoint is not None:
            said = f"{self.endpoint}, {where}"
        else:
            said = f"AWS {where}"
        return visible(said + (f", profile {self.profile}" if self.profile else ""))

    @property
    def is_own(self) -> bool:
        """Whether this is the local cloud's own account and Region."""
        return self.own is None or (self.account or self.own[0], self.region) == self.own

    def of_account(self, account: str | None) -> Place:
        """The same with the account that a task turned out to be in."""
        return replace(self, account=account)

    @property
    def options(self) -> tuple[str, ...]:
        """What to add to a command so that it looks here."""
        if self.port is None:
            profile = ("--profile", self.profile) if self.profile else ()
            return (*profile, "--region", self.region)
        return ("--local", *self.port_option, *self.account_options)

    @property
    def account_options(self) -> tuple[str, ...]:
        """What says the account and Region of a local cloud, where that must be said."""
        if self.account is None or (self.is_own and not self.named):
            return ()
        return ("--account", self.account, "--region", self.region)

    def command(self, *words: str) -> str:
        """A `fuota` command that looks here, as a shell takes it."""
        return self._on_endpoint(shlex.join(("fuota", *words, *self.options)))

    def commands(self, steps: Iterable[NextStep]) -> list[str]:
        """What to type next, as a shell takes it."""
        return [
            self.command(*step.words) if step.asks_the_service else shlex.join(("fuota", *step.words)) for step in steps
        ]

    @property
    def list_command(self) -> str:
        """What shows the tasks there are, as a shell takes it."""
        return self.command("list")

    def local_command(self, *words: str) -> str:
        """A `fuota local` command for this local cloud, as a shell takes it."""
        return shlex.join(("fuota", "local", *words, *self.port_option))

    @property
    def port_option(self) -> tuple[str, ...]:
        """What to add to a `fuota local` command."""
        return ("--port", str(self.port)) if self.port != DEFAULT_PORT or PORT_VARIABLE in os.environ else ()

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        cloud = "local" if self.port is not None else "other" if self.endpoint is not None else "aws"
        fields = asdict(self)
        del fields["own"], fields["named"]
        return {"name": str(self), "cloud": cloud, **fields}

    def _on_endpoint(self, command: str) -> str:
        # An endpoint of one service, or of the profile, is not for the others: whoever set it has it set.
        if self.endpoint is None or not os.environ.get("AWS_ENDPOINT_URL"):
            return command
        return f"AWS_ENDPOINT_URL={shlex.quote(self.endpoint)} {command}"
