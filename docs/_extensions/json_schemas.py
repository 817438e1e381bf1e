"""The fields of a published JSON document as tables: `{json-schema} plan`, from its schema in the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util.docutils import SphinxDirective

import fuota_constructs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docutils import nodes
    from sphinx.application import Sphinx

SCHEMAS = Path(fuota_constructs.__file__).parent / "cli" / "schemas"


def kind(schema: dict[str, Any]) -> str:
    """What a value is, in words."""
    match schema:
        case {"$ref": ref}:
            words = f"*{ref.rpartition('/')[2]}*"
        case {"anyOf": several}:
            words = " or ".join(kind(each) for each in several)
        case {"const": value}:
            words = f"`{json.dumps(value)}`"
        case {"enum": values}:
            words = ", ".join(f"`{json.dumps(each)}`" for each in values)
        case {"type": "array", "items": items}:
            words = f"list of {kind(items)}"
        case {"additionalProperties": dict(values)}:
            words = f"object of {kind(values)}"
        case {"format": "date-time"}:
            words = "time"
        case _:
            words = str(schema.get("type", "anything"))
    return words


def table(schema: dict[str, Any]) -> Iterator[str]:
    """The fields of an object."""
    yield from ("| field | is | |", "|---|---|---|")
    for name, field in schema.get("properties", {}).items():
        optional = "" if name in schema.get("required", ()) else "not always there; "
        said = f"{optional}{field.get('description', '')}".removesuffix("; ")
        yield f"| `{name}` | {kind(field)} | {said.replace('|', chr(92) + '|')} |"


def markdown(name: str) -> str:
    """A document: its fields, then those of its parts."""
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    lines = [schema["description"], "", *table(schema)]
    for part, described in sorted(schema.get("$defs", {}).items()):
        lines += ["", f"**{part}**: {described.get('description', '')}", "", *table(described)]
    return "\n".join(lines)


class JsonSchema(SphinxDirective):
    """`{json-schema} plan`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The tables."""
        self.env.note_dependency(str(SCHEMAS / f"{self.arguments[0]}.json"))
        return self.parse_text_to_nodes(markdown(self.arguments[0]))


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_directive("json-schema", JsonSchema)
    return {"parallel_read_safe": True}
