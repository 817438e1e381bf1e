"""The way to a rollout."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fuota_constructs.operations.errors import OperationError, RolloutError
from fuota_constructs.operations.rollouts import MACHINE_ARN, NoRolloutArnError, NoSuchRolloutError, find_rollout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fuota_constructs.cli.aws_access import Access
    from fuota_constructs.cli.place import Place
    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.rollout_evidence import Kept
    from fuota_constructs.operations.rollout_status import RolloutStatus
    from fuota_constructs.operations.rollouts import Rollout


@dataclass(frozen=True, slots=True)
class FoundRollout:
    """A rollout, and the way to it."""

    aws: Aws
    place: Place
    rollout: Rollout

    def command(self, word: str, *more: str) -> str:
        """A `fuota rollout` command about it, as a shell takes it."""
        return self.place.command("rollout", word, self.rollout.name, *more)

    def read(self, execution: str | None = None, kept: Kept | None = None) -> RolloutStatus:
        """How it stands: the execution that is under way, else the latest; or the one that is named.

        Who looks again and again gives what was read as `kept`, which is filled here.
        """
        from fuota_constructs.operations.rollout_status import read_status

        with self.next_steps():
            return read_status(self.aws, self.rollout, execution, kept)

    @contextmanager
    def next_steps(self) -> Iterator[None]:
        """Where a rollout does not stand so that something can be done: say what to type, with the way to it."""
        try:
            yield
        except RolloutError as error:
            commands = [self.command(*word.split()) for word in error.words]
            raise OperationError(f"{error} (`{'` or `'.join(commands)}`)") from None


def find(access: Access, wanted: str) -> FoundRollout:
    """The rollout with a name or the ARN of its state machine, in every account and Region that is looked in."""
    found: list[FoundRollout] = []
    places: list[Place] = []
    names: set[str] = set()
    unread = 0
    arn = MACHINE_ARN.fullmatch(wanted)
    # Only where a name was looked for everywhere, nobody else has it: else what is printed says the place.
    is_named = arn is not None or access.port is None
    for aws, place in access.everywhere():
        if arn and place.account not in {None, arn["account"]}:
            continue
        if arn and access.port is not None and aws.region != arn["region"]:
            continue
        places.append(place)
        try:
            rollout = find_rollout(aws, wanted)
        except NoSuchRolloutError as error:
            names.update(error.names)
            unread += error.unread
        except NoRolloutArnError as error:
            raise OperationError(f"{error}: `{place.command('rollout', 'list')}` has those there are") from None
        else:
            there = replace(place, account=rollout.account, named=place.named or is_named)
            found.append(FoundRollout(aws, there, rollout))
    if len(found) > 1:
        options = " or ".join(f"--account {each.place.account} --region {each.place.region}" for each in found)
        raise OperationError(f"{len(found)} accounts and Regions have a rollout {wanted!r}: add {options}")
    if found:
        return found[0]
    if not places:
        raise OperationError(f"{wanted} is of an account or Region that nobody used in this local cloud")
    where = " or ".join(map(str, places))
    anywhere = access.port is not None and not (access.account or access.region)
    other = "cloud" if anywhere else "account or Region"
    raise OperationError(
        f"{NoSuchRolloutError(wanted, where, tuple(sorted(names)), unread, other=other)}"
        f" (`{places[0].command('rollout', 'list')}` lists all)"
    )
