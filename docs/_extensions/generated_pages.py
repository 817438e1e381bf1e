"""Pages with one source in the code: the rules. Written before Sphinx reads, into folders that git ignores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from fuota_constructs.rules import Rule

_RULES_HEAD = """# Rules

What is checked at `cdk synth`, on every value that is known then; all findings of all tasks come in one run. An **error** stops the
synthesis. A **warning** is printed, and acknowledged under its id:

```python
cdk.Annotations.of(task).acknowledge_warning("fragment-interval-rounding", "measured: fine")
```

`fuota explain RULE` prints one of these in a terminal.
"""


def rules_page() -> str:
    """One heading, and so one anchor, a rule."""
    from fuota_constructs.rules import RULES

    index = ["| rule | level | fires when |", "|---|---|---|"]
    index += [f"| [`{rule.id}`](#{rule.id}) | {' / '.join(rule.levels)} | {rule.what} |" for rule in RULES]
    return "\n".join([_RULES_HEAD, *index, "", *(_section(rule) for rule in RULES)])


def _section(rule: Rule) -> str:
    return f"""
## {rule.id}

*{" / ".join(rule.levels)}*. Fires when {rule.what}.

Why
: {rule.why}.

Remedy
: {rule.remedy}.

Source
: {rule.source}.
"""


def _write(app: Sphinx) -> None:
    page = Path(app.srcdir) / "reference" / "rules.md"
    text = rules_page()
    if not page.exists() or page.read_text() != text:
        page.write_text(text)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("builder-inited", _write)
    return {"parallel_read_safe": True}
