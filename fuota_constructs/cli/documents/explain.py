"""The document of `fuota explain --json`."""

from typing import Annotated, Literal, TypedDict

from fuota_constructs.cli.documents.kinds import Text


class Rule(TypedDict):
    """A rule of `cdk synth` and `fuota plan`."""

    rule: Annotated[Text, "its id"]
    levels: list[Literal["error", "warning"]]
    fires_when: Text
    why: Text
    remedy: Text
    source: Annotated[Text, "where it is written"]
    acknowledge: Annotated[str | None, "Python that acknowledges its warning; null where it has none"]


class Explain(TypedDict):
    """The rules, or the one that was asked for: `fuota explain --json`."""

    schema: str
    rules: list[Rule]
