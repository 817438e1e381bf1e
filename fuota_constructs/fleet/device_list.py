"""The wireless devices of a group or a rollout, by their ids: written in the app, or read from a file."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.service_id import SERVICE_ID
from fuota_constructs.template.tokens import is_known, is_stand_in, is_token, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

RULE = "device-list"

COLUMNS = ("wireless_device_id", "device_id", "id")
"""What a column of ids is called: any case, with or without `_`, `-` and spaces."""

_DEV_EUI = re.compile(r"([0-9a-f]{2}[:-]?){7}[0-9a-f]{2}", re.IGNORECASE)
_MOST_SHOWN = 5


class _Row(NamedTuple):
    """One id as it was found, and where: `line 7`, or `item 7` of what has no lines."""

    where: str
    value: object


class DeviceList:
    """Wireless devices by their ids, in order, each once: what a file or an inventory has.

    It goes with the app as an asset, never into the template, so it may be long; how many of them a group takes the
    rule `group-size` says. Ids are those of AWS IoT Wireless: 32 hexadecimal digits in five groups, the
    only form its documentation shows; upper case becomes lower case.
    """

    def __init__(self, rows: Iterable[_Row], source: str) -> None:
        """Use `DeviceList.of` or `DeviceList.from_file`."""
        self._source = source
        self.ids: tuple[str, ...] = _checked(rows, source)
        """The ids, in the order they were given."""

    @staticmethod
    def of(ids: Sequence[str]) -> DeviceList:
        """The devices with these ids.

        Raises `FuotaValidationError` (`device-list`) for none, one that is given twice, one that is no id, and one
        that is known only at deployment: give such ids to the group itself.
        """
        if isinstance(ids, str | type) or not hasattr(ids, "__iter__"):
            raise FuotaValidationError(RULE, f"ids is {shown(ids)}; give a list of ids: DeviceList.of(['...'])")
        return DeviceList((_Row(f"item {number}", value) for number, value in enumerate(ids, start=1)), "ids")

    @staticmethod
    def from_file(path: str | os.PathLike[str]) -> DeviceList:
        """The devices of a file: one id a line, a table with a header (`.csv`), or JSON (`.json`).

        A table has a column `wireless_device_id`, `device_id` or `id` (so `WirelessDeviceId`, too), between commas,
        semicolons or tabs; its other columns are left alone. JSON is a list of ids, a list of objects with such a
        field, or what `aws iotwireless list-wireless-devices` prints. Blank lines and lines that begin with `#` count
        for nothing; behind an id alone in its line there may be a comment, too. `path` is relative to the working
        directory, absolute, or below `~`.

        Raises `FuotaValidationError` (`device-list`) with the number of the line for an id that is there twice or is
        none, and for a file that cannot be read or has no ids.
        """
        if not isinstance(path, str | os.PathLike):
            raise FuotaValidationError(RULE, f"path is {shown(path)}; give the path of a file")
        if is_token(path):
            raise FuotaValidationError(
                RULE, f"path is {shown(path)}; the file is read at synth: give a path known then"
            )
        file = Path(path)
        text = _read(file)
        match file.suffix.lower():
            case ".json":
                rows = _rows_of_json(text, file)
            case ".csv" | ".tsv":
                rows = _rows_of_table(text, file)
            case _:
                rows = (_Row(f"line {number}", line) for number, line in _lines(text))
        return DeviceList(rows, str(file))

    @property
    def is_looked_up(self) -> bool:
        """Whether all of it is known: not while the CLI still has to look some of it up."""
        return not any(map(is_stand_in, self.ids))

    @property
    def text(self) -> str:
        """The ids, one a line: the content of the asset."""
        return "".join(f"{device}\n" for device in self.ids)

    @property
    def sha256(self) -> str:
        """By which the same ids in the same order are known again: nothing else goes into it."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __repr__(self) -> str:
        return f"<DeviceList of {len(self)} devices: {self._source}>"


def _checked(rows: Iterable[_Row], source: str) -> tuple[str, ...]:
    found: dict[str, str] = {}
    problems: list[str] = []
    for where, value in rows:
        if isinstance(value, str) and is_stand_in(value):
            found.setdefault(value, where)  # as many as there will be come of it when the CLI has looked it up
            continue
        device = value.strip().lower() if isinstance(value, str) else ""
        if not SERVICE_ID.fullmatch(device):
            problems.append(f"{where} has {shown(value)}, which is {_what_else(value)}")
        elif device in found:
            problems.append(f"{where} has {device} again, which {found[device]} has")
        else:
            found[device] = where
    if problems:
        more = f"; and {len(problems) - _MOST_SHOWN:,} more" if len(problems) > _MOST_SHOWN else ""
        raise FuotaValidationError(RULE, f"{source}: {'; '.join(problems[:_MOST_SHOWN])}{more}")
    if not found:
        raise FuotaValidationError(RULE, f"{source} has no ids; give one a device, or leave the list out")
    return tuple(found)


def _what_else(value: object) -> str:
    if not is_known(value):
        return "no id yet: give it to the group, wireless_devices=[...], not in a DeviceList"
    if isinstance(value, str) and value.strip().startswith("arn:"):
        return "an ARN; give the id alone, what the ARN has behind its last slash"
    if isinstance(value, str) and _DEV_EUI.fullmatch(value.strip()):
        return (
            "a DevEUI; give the id of the device, which aws iotwireless get-wireless-device --identifier-type DevEui"
            f" --identifier {re.sub('[:-]', '', value.strip())} prints"
        )
    return "no id of a wireless device; give 32 hexadecimal digits in five groups, 8-4-4-4-12"


def _read(file: Path) -> str:
    try:
        return file.expanduser().read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        looked = "" if file.expanduser().is_absolute() else f" in {str(Path.cwd())!r}, where it was looked for"
        reason = f"does not exist{looked}; correct the path"
    except IsADirectoryError:
        reason = "is a directory; give the file in it"
    except UnicodeDecodeError as error:
        reason = f"is no text in UTF-8 (byte {error.start:,}); save it as one"
    except (OSError, ValueError, RuntimeError) as error:  # a path with a zero byte, an unknown home directory
        reason = f"cannot be read ({getattr(error, 'strerror', None) or error})"
    raise FuotaValidationError(RULE, f"{str(file)!r} {reason}")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines with something in them, and their numbers."""
    # Not splitlines(), which also ends lines where no editor does, and so counts otherwise.
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        if content := re.sub(r"(^|\s)#.*$", "", line).strip():
            yield number, content


def _rows_of_table(text: str, file: Path) -> Iterator[_Row]:
    head = next(_lines(text), None)
    if head is None:
        return
    first, header = head
    delimiter = max("\t;,", key=header.count)
    # With its ends of lines, so that a cell may have some; its last line is the one that is named.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows = (row for row in reader if any(map(str.strip, row)) and not row[0].lstrip().startswith("#"))
    names = next(rows)
    columns = [place for place, name in enumerate(names) if _plain(name) in _COLUMNS]
    if not columns:
        has = ", ".join(name.strip() for name in names[:_MOST_SHOWN])
        raise FuotaValidationError(
            RULE,
            f"{file}: line {first} must name the columns, one of them {' or '.join(COLUMNS)}, and has {shown(has)};"
            " name the column of the ids so, or save the ids alone, one a line, as .txt",
        )
    # Where several fit, the longest name says most clearly whose id it is.
    column = max(columns, key=lambda place: len(_plain(names[place])))
    for row in rows:
        yield _Row(f"line {reader.line_num}", row[column] if column < len(row) else "")


def _rows_of_json(text: str, file: Path) -> Iterator[_Row]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise FuotaValidationError(RULE, f"{file} is no JSON: {error}") from None
    if isinstance(document, dict):  # what the AWS CLI prints
        document = document.get("WirelessDeviceList")
    if not isinstance(document, list):
        raise FuotaValidationError(
            RULE, f"{file} is no list; give a JSON list of ids, or what aws iotwireless list-wireless-devices prints"
        )
    position, line = 0, 1
    for number, item in enumerate(document, start=1):
        value = _id_in(item)
        # Looked for in the order of the file, each behind the one before.
        at = text.find(json.dumps(value, ensure_ascii=False), position) if isinstance(value, str | int) else -1
        if at < 0:
            yield _Row(f"item {number}", value)
            continue
        line += text.count("\n", position, at)
        position = at + 1
        yield _Row(f"line {line}", value)


def _id_in(item: object) -> object:
    if not isinstance(item, dict):
        return item
    named = {_plain(str(name)): value for name, value in item.items()}
    return next((named[column] for column in _COLUMNS if column in named), item)


def _plain(name: str) -> str:
    return re.sub("[ _-]", "", name.strip()).lower()


_COLUMNS = [_plain(column) for column in COLUMNS]
