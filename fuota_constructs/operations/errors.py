"""What an operation says when it cannot go on."""

from __future__ import annotations

import difflib

MOST_NAMES = 5


class OperationError(Exception):
    """Says what is wrong and what to do about it, in one line for the terminal."""


class RolloutError(OperationError):
    """A rollout does not stand so that it can be done; `words` are those of `fuota rollout` that go on from there.

    Only the caller knows the options that lead to the account, so the commands are for it to write.
    """

    def __init__(self, said: str, *words: str) -> None:
        self.words = words
        super().__init__(said)


class NoSuchTaskError(OperationError):
    """There is no such FUOTA task at a place.

    `names` are those of the tasks that are there, and `tasks` is how many are, where a name was looked for; None where
    an id was. `other` is what else could have it.
    """

    def __init__(
        self,
        wanted: str,
        place: str,
        names: tuple[str, ...] = (),
        tasks: int | None = None,
        *,
        other: str = "account or Region",
    ) -> None:
        self.wanted = wanted
        self.names = names
        self.tasks = tasks
        self.other = other
        if tasks is None:
            said = f"there is no FUOTA task {wanted} in {place}: it was deleted, or is in another {other}"
        else:
            said = f"no FUOTA task in {place} has the name {wanted!r}: {self._remedy()}"
        super().__init__(said)

    def _remedy(self) -> str:
        if not self.tasks:
            return f"there is no task at all; is this the right {self.other.replace(' or ', ' and ')}?"
        if close := difflib.get_close_matches(self.wanted, self.names, MOST_NAMES, cutoff=0.5):
            return f"did you mean {' or '.join(map(_quoted, close))}?"
        return f"{self.tasks} {'task has another name' if self.tasks == 1 else 'tasks have other names'}; give the id"


def _quoted(name: str) -> str:
    return name if name.isprintable() and " " not in name else repr(name)
