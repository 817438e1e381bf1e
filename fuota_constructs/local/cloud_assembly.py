"""A cloud assembly, as `cdk synth` leaves it: the stacks of an app, their templates, and where they go."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class AssemblyStack:
    """A stack of a cloud assembly: where its template is, where it goes, and what else the manifest says."""

    folder: Path
    artifact_id: str
    display_name: str
    environment: str
    properties: dict[str, Any]
    metadata_file: str | None = None

    def place(self, account: str, region: str) -> tuple[str, str]:
        """Its account and Region; those that are open are the ones given."""
        own_account, _, own_region = self.environment.removeprefix("aws://").partition("/")
        return (
            account if own_account == "unknown-account" else own_account,
            region if own_region == "unknown-region" else own_region,
        )

    @property
    def metadata(self) -> dict[str, list[dict[str, Any]]]:
        """What the CDK noted about its constructs, by their paths."""
        if self.metadata_file is None:
            return {}
        found: dict[str, Any] = json.loads((self.folder / self.metadata_file).read_text("utf-8"))
        return found

    @property
    def template(self) -> dict[str, Any]:
        """Its CloudFormation template."""
        found: dict[str, Any] = json.loads((self.folder / self.properties["templateFile"]).read_text("utf-8"))
        return found


def stacks_of(assembly: Path) -> Iterator[AssemblyStack]:
    """The stacks of a cloud assembly, those of stages included."""
    manifest = json.loads((assembly / "manifest.json").read_text("utf-8"))
    for artifact_id, artifact in manifest.get("artifacts", {}).items():
        properties = artifact.get("properties", {})
        if artifact["type"] == "aws:cloudformation:stack":
            environment = artifact.get("environment", "aws://unknown-account/unknown-region")
            name = artifact.get("displayName", artifact_id)
            file = artifact.get("additionalMetadataFile")
            yield AssemblyStack(assembly, artifact_id, name, environment, properties, file)
        elif artifact["type"] == "cdk:cloud-assembly":
            yield from stacks_of(assembly / properties["directoryName"])


def stack_names(assembly: Path) -> Iterator[tuple[str, ...]]:
    """What each stack of an assembly can be called: its path, its artifact id, its name."""
    for stack in stacks_of(assembly):
        path = stack.display_name.partition(" (")[0]
        yield path, stack.artifact_id, stack.properties.get("stackName", stack.artifact_id)
