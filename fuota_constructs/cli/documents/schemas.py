"""The published schemas, and what they are made from."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Final

from fuota_constructs.cli.documents import NAMES, identity
from fuota_constructs.cli.documents.json_schema import schema_of

FOLDER: Final = Path(__file__).parents[1] / "schemas"


def published(name: str) -> str:
    """The schema of a document, as it is published."""
    return (FOLDER / f"{name}.json").read_text(encoding="utf-8")


def written() -> dict[str, str]:
    """The schemas as they have to be written."""
    texts = {}
    for name, place in NAMES.items():
        module, _, shape = place.partition(":")
        document = getattr(importlib.import_module(f"{__package__}.{module}"), shape)
        texts[name] = json.dumps(schema_of(document, identity=identity(name)), indent=2) + "\n"
    return texts
