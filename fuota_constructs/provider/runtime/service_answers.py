"""How IoT Wireless answers: lists in pages, and refusals that say that all is as it should be."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import aws_errors

PAGE_SIZE = 250  # the API's maximum


def items(name: str, page: Callable[..., Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """What is in all pages of a list."""
    # botocore has no paginators for IoT Wireless.
    position: dict[str, str] = {}
    while True:
        answer = page(**position)
        yield from answer.get(name, [])
        if not answer.get("NextToken"):
            return
        position = {"NextToken": answer["NextToken"]}


class gone_is_fine:  # noqa: N801  # reads as a statement
    """Lets the error of a resource that does not exist pass."""

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        return error is not None and aws_errors.is_gone(error)


class lets_pass:  # noqa: N801  # reads as a statement
    """Lets one error pass, by its code."""

    def __init__(self, code: str) -> None:
        self._code = code

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        return error is not None and aws_errors.code_of(error) == self._code


class conflict_is_fine_if:  # noqa: N801  # reads as a statement
    """Lets a conflict pass if what was asked for is there.

    Whether associating what is associated is a conflict is not documented, and an event that Lambda delivers twice
    associates it from two sides at once.
    """

    def __init__(self, is_done: Callable[[], bool]) -> None:
        self._is_done = is_done

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        return error is not None and aws_errors.code_of(error) == "ConflictException" and self._is_done()
