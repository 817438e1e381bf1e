"""The published schemas: current, strict, and printed by `fuota schema`."""

import json
from pathlib import Path
from typing import Annotated, Literal, NotRequired, TypedDict

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from fuota_constructs.cli.documents import NAMES, as_text, identity, moment
from fuota_constructs.cli.documents.json_schema import schema_of
from fuota_constructs.cli.documents.kinds import Also
from fuota_constructs.cli.documents.schemas import FOLDER, published, written
from fuota_constructs.cli.root import fuota


class Part(TypedDict):
    """A part."""

    kind: Literal["a", "b"]


class Whole(TypedDict):
    """A whole."""

    schema: str
    parts: list[Part]
    share: Annotated[float | None, Also({"maximum": 1}), "of 1"]
    names: NotRequired[dict[str, int]]


def test_the_schemas_are_made_from_the_documents() -> None:
    assert {file.stem: file.read_text("utf-8") for file in FOLDER.iterdir()} == written(), (
        "run: python -m fuota_constructs.cli.documents"
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid_and_takes_no_field_that_it_does_not_describe(name: str) -> None:
    schema = json.loads(published(name))
    Draft202012Validator.check_schema(schema)
    objects = [schema, *schema["$defs"].values()]
    assert all(each["additionalProperties"] is False for each in objects)
    fields = [field for each in objects for field in each["properties"]]
    assert all(field == field.lower() and "-" not in field for field in fields)


def test_a_typed_dictionary_becomes_a_schema() -> None:
    assert schema_of(Whole, identity="fuota/whole/1") == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "fuota/whole/1",
        "title": "Whole",
        "description": "A whole.",
        "type": "object",
        "required": ["schema", "parts", "share"],
        "additionalProperties": False,
        "properties": {
            "schema": {"const": "fuota/whole/1"},
            "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
            "share": {"anyOf": [{"type": "number"}, {"type": "null"}], "maximum": 1, "description": "of 1"},
            "names": {"type": "object", "additionalProperties": {"type": "integer"}},
        },
        "$defs": {
            "Part": {
                "title": "Part",
                "description": "A part.",
                "type": "object",
                "required": ["kind"],
                "additionalProperties": False,
                "properties": {"kind": {"enum": ["a", "b"]}},
            }
        },
    }


def test_the_command_lists_and_prints_them() -> None:
    listed = CliRunner().invoke(fuota, ["schema"]).stdout
    assert [line.split() for line in listed.splitlines()] == [[name, identity(name)] for name in NAMES]
    assert CliRunner().invoke(fuota, ["schema", "plan"]).stdout == (FOLDER / "plan.json").read_text("utf-8")


def test_the_page_about_json_has_all_of_them() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "json.md").read_text("utf-8")
    assert all(f"| `{identity(name)}` |" in page for name in NAMES)


def test_fails_for_a_document_that_there_is_not() -> None:
    done = CliRunner().invoke(fuota, ["schema", "plans"])
    assert done.exit_code == 2
    assert "'plans' is not one of" in done.output


def test_moments_are_in_iso_8601_with_their_zone() -> None:
    assert moment(0) == "1970-01-01T00:00:00+00:00"
    assert moment(None) is None
    assert json.loads(as_text("plan", {"path": Path("a")})) == {"schema": "fuota/plan/1", "path": "a"}
