"""The README is true to the letter: its Python runs, its commands exist. So are the documents."""

import hashlib
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from hatch_fancy_pypi_readme._builder import build_text
from hatch_fancy_pypi_readme._config import load_and_validate_config

from fuota_constructs.firmware.formats import read_image
from fuota_constructs.lorawan.regions import region
from fuota_constructs.lorawan.session_plan import Conditions, plan_session

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
    exec(compile(block, "README.md", "exec"), {"__name__": "__main__"})  # noqa: S102  # running it is the test


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
            for line in block.replace("\\\n", "").splitlines():
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


def test_headings_that_links_name_are_there() -> None:
    for path in DOCUMENTS:
        for target, anchor in re.findall(r"\]\((?!https?://)([^)#]*)#([^)]+)\)", path.read_text(encoding="utf-8")):
            text = ((path.parent / target) if target else path).read_text(encoding="utf-8")
            headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors, f"{path.name} links to {target}#{anchor}"


def test_it_is_short_enough_to_be_read() -> None:
    assert len(README.splitlines()) <= 180


def test_the_demo_of_the_readme_is_that_of_the_makefile() -> None:
    """What it says of the session is what the plan of app.py says; that it passes is a rehearsal of its own."""
    image = ROOT / "firmware" / "sensor-1.1.0.bin"
    digest = hashlib.sha256(image.read_bytes()).hexdigest()[:16]
    kind = read_image(image.read_bytes()).format
    assert f"{image.name} ({image.stat().st_size:,} bytes, sha256 {digest}, {kind})" in README
    rate = region("EU868").data_rate(3)
    assert rate is not None
    planned = plan_session(
        image.stat().st_size,
        Conditions(region("EU868")),
        data_rate=rate,
        fragment_bytes=112,
        redundancy_percent=30,
        interval_seconds=7,
    )
    assert f"{planned.fragments} fragments in {planned.duration_seconds / 60:.1f} min" in README


def test_no_relative_link_of_the_readme_is_left_on_pypi(monkeypatch: pytest.MonkeyPatch) -> None:
    """The metadata as the build makes it, from the substitutions in pyproject.toml."""
    monkeypatch.chdir(ROOT)
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["metadata"]
    config = load_and_validate_config(metadata["hooks"]["fancy-pypi-readme"])
    built = build_text(config.fragments, config.substitutions)
    assert "[what is supported]" not in built
    assert "what is supported (`docs/how-to/upgrade.md`)" in built
    assert re.findall(r"\]\((?!https?:)[^)]+\)", built) == []
