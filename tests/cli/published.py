"""Holds what commands print and write to the schemas that are published for it."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from fuota_constructs.cli.documents import NAMES
from fuota_constructs.cli.documents.schemas import published


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(published(name)))


def document(text: str) -> dict[str, Any]:
    """A document that is as its schema says."""
    content: dict[str, Any] = json.loads(text)
    said = re.fullmatch(r"fuota/([a-z-]+)/\d+", content["schema"])
    assert said, content["schema"]
    assert said[1] in NAMES, content["schema"]
    validator(said[1]).validate(content)
    return content


def files_are_as_published(folder: Path) -> None:
    """Every document that a command left in a folder is as its schema says."""
    for file in folder.glob("*.json"):
        if (text := file.read_text("utf-8")).startswith('{\n  "schema": "fuota/'):
            document(text)
