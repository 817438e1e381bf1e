"""What the CDK answers, before jsii makes a Python object of it.

Of a struct jsii reads every field, each by a round trip, and for a construct it loads the module of its class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsii

if TYPE_CHECKING:
    from collections.abc import Callable


class Answer:
    """Something in Node.js; `jsii.get` reads it."""

    def __init__(self, reference: object) -> None:
        """`reference`: what jsii has of it."""
        self.__jsii_ref__ = reference


def answered(call: Callable[..., Any], *arguments: object) -> Any:
    """The answer to a call of jsii, such as `jsii.get`: an `Answer` where it is an object.

    It is the Python object where jsii does not let one see more: its calls are decorated, which is no promise.
    """
    bare = getattr(call, "__wrapped__", None)
    if bare is None:
        return call(*arguments)
    found = bare(jsii.kernel, *arguments)
    return Answer(found) if hasattr(found, "ref") else found


def field(struct: object, name: str) -> Any:
    """A field of a struct, by its name in Python."""
    if not isinstance(struct, Answer):
        return getattr(struct, name)
    first, *others = name.split("_")
    return jsii.get(struct, first + "".join(map(str.title, others)))
