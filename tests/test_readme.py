"""The README is true to the letter: its Python runs, its commands exist. So are the documents."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


PYTHON_BLOCKS = [
    pytest.param(block, id=f"{path.name}-{number}")
    for path in DOCUMENTS
    for number, block in enumerate(_blocks(path.read_text(encoding="utf-8"), "python"), 1)
]


@pytest.mark.parametrize("block", PYTHON_BLOCKS)
def test_python_block_runs(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # the snippets deploy firmware/sensor-1.1.0.bin
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path))
    exec(compile(block, "README.md", "exec"), {"__name__": "__main__"})  # noqa: S102 - running it is the test


def test_no_python_block_works_a_time_out_from_now() -> None:
    for path in DOCUMENTS:
        for block in _blocks(path.read_text(encoding="utf-8"), "python"):
            assert "now(" not in block, f"{path.name}: each synth would move the session"


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"^make ([a-z]+)|`make ([a-z]+)`", README, flags=re.MULTILINE))
    named = {line or inline for line, inline in named}
    assert {"demo", "test"} <= named
    for target in named:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), f"README names make {target}"


def test_ci_calls_the_test_command_of_the_readme() -> None:
    assert "make test" in README
    assert re.search(r"^make test$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_fuota_commands_exist() -> None:
    import click

    from fuota_constructs.cli.root import fuota

    for path in DOCUMENTS:
        for block in _blocks(path.read_text(encoding="utf-8"), "sh"):
            for line in block.splitlines():
                words = shlex.split(line, comments=True)
                if words[:1] != ["fuota"]:
                    continue
                found: click.Command = fuota
                for word in words[1:]:
                    if not isinstance(found, click.Group):
                        break
                    context = click.Context(found)
                    inner = found.get_command(context, word)
                    assert inner is not None, f"{path.name}: {line!r} names no command {word!r}"
                    found = inner


def test_links_inside_the_repository_lead_somewhere() -> None:
    for path in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"
