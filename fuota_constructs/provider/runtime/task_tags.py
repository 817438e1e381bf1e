"""The tags by which tasks are told apart: whose they are, and which requests had to do with them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mark import Mark, same

PREFIX = "fuota-constructs:"
STACK_ID = PREFIX + "stack-id"
LOGICAL_ID = PREFIX + "logical-id"
MADE_BY = PREFIX + "made-by"
REPLACED_BY = PREFIX + "replaced-by"
IN_PLACE_OF = PREFIX + "in-place-of"
TO_DELETE = PREFIX + "to-delete"
# The fields that the template gave when one of them was last written.
FIELDS = PREFIX + "fields"
BEING_WRITTEN = "being written"
# Format and version of the firmware that the last request brought, where its file says so.
FIRMWARE = PREFIX + "firmware"
# The id of the task that was adopted: this one, or the one in whose place it is.
ADOPTED = PREFIX + "adopted"
# A key for each multicast group that the adoption put on it.
ATTACHED = PREFIX + "attached:"
# A key for each request, so that no two requests, however late they come, can write over one another.
CHANGED_BY = PREFIX + "changed-by:"
UNDER_WAY, DONE = "under way", "done"


def owner(stack_id: str, logical_id: str) -> dict[str, str]:
    """The tags of every task of a resource, so that one whose Create was cut off can be found again."""
    return {STACK_ID: stack_id, LOGICAL_ID: logical_id}


def changed_by(mark: Mark, state: str) -> dict[str, str]:
    """The tag of a request that changes a task, or has changed it."""
    return {f"{CHANGED_BY}{mark}": state}


@dataclass(frozen=True)
class Standing:
    """What the tags of a task say about the requests that had to do with it."""

    made_by: Mark | None = None
    changes: tuple[tuple[Mark, str], ...] = ()  # who, and whether it is through; oldest first
    replaced_by: Mark | None = None
    in_place_of: str = ""  # the id of the task that was on record
    is_to_be_deleted: bool = False

    @classmethod
    def of(cls, tags: Mapping[str, str]) -> "Standing":
        """Read the tags; those of older versions of this library have fewer."""
        found = [(Mark.read(key.removeprefix(CHANGED_BY)), state) for key, state in tags.items()]
        changes = sorted(((mark, state) for mark, state in found if mark), key=lambda change: change[0].signed_at)
        return cls(
            made_by=Mark.read(tags.get(MADE_BY, "")),
            changes=tuple(changes),
            replaced_by=Mark.read(tags.get(REPLACED_BY, "")),
            in_place_of=tags.get(IN_PLACE_OF, ""),
            is_to_be_deleted=TO_DELETE in tags,
        )

    @property
    def changed_by(self) -> tuple[Mark, ...]:
        """The marks of the requests that changed it, oldest first."""
        return tuple(mark for mark, _ in self.changes)

    @property
    def is_done(self) -> bool:
        """Whether the youngest of them is through."""
        return bool(self.changes) and self.changes[-1][1] == DONE

    def before(self, mark: Mark) -> "Standing":
        """The same without what this request wrote."""
        return replace(self, changes=tuple(change for change in self.changes if not same(change[0], mark)))

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Of all requests that took charge of the task, oldest first."""
        return ((self.made_by,) if self.made_by else ()) + self.changed_by

    @property
    def youngest(self) -> Mark | None:
        """The mark of the request in charge."""
        return self.marks[-1] if self.marks else None

    @property
    def is_replaced(self) -> bool:
        """Whether the request in charge makes, or made, another task in the place of this one."""
        return same(self.replaced_by, self.youngest)

    def is_in_charge_of_a_younger_than(self, mark: Mark) -> bool:
        """Whether a younger request took charge."""
        return any(other.signed_at > mark.signed_at for other in self.marks if not same(other, mark))
