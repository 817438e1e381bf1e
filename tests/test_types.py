"""Type checkers let pass what users write, and refuse what is wrong: mypy in strict mode, and pyright's rules."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from fuota_constructs.cli.root import fuota

ROOT = Path(__file__).parent.parent
PROGRAMS = ROOT / "tests" / "typed_programs"
NO_SUCH_CLASS = re.compile('incompatible with protocol "(IPrincipal|IRuleTarget|ITopic|ITopicSubscription)"')
"""To pyright no class of the CDK is one of these interfaces of its own: their parameters have other names."""
RIGHT, WRONG = PROGRAMS / "right.py", PROGRAMS / "wrong.py"


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The programs of this test, the Python of the documents, the examples, and what `fuota init` writes."""
    folder = tmp_path_factory.mktemp("programs")
    written = []
    for document in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        blocks = re.findall(r"^```python\n(.*?)^```", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        for number, block in enumerate(blocks, 1):
            written.append(folder / f"{document.stem.replace('-', '_')}_{number}.py")
            written[-1].write_text(block, encoding="utf-8")
    for example in sorted((ROOT / "examples").glob("*/app.py")):
        written.append(folder / f"example_{example.parent.name}.py")
        written[-1].write_text(example.read_text(encoding="utf-8"), encoding="utf-8")
    CliRunner().invoke(fuota, ["init", "--yes", "--folder", str(folder / "project")], catch_exceptions=False)
    written += [folder / "project" / "app.py", folder / "project" / "tests" / "test_rehearsal.py"]
    assert len(written) > 5
    return [RIGHT, WRONG, *written]


def refused_lines() -> set[tuple[str, int]]:
    lines = enumerate(WRONG.read_text(encoding="utf-8").splitlines(), 1)
    return {(WRONG.name, number) for number, line in lines if line.endswith("# refused")}


def test_mypy_accepts_right_programs_and_refuses_wrong_ones(programs: list[Path]) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--no-error-summary", "--output", "json"]
    # The cache of `make types`, which is strict, too: aws_cdk alone takes a minute to be read anew.
    checked = subprocess.run(
        [*command, "--cache-dir", str(ROOT / ".mypy_cache"), *map(str, programs)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    found = [json.loads(line) for line in checked.stdout.splitlines()]
    errors = {(Path(each["file"]).name, each["line"]) for each in found if each["severity"] == "error"}
    assert errors == refused_lines(), checked.stdout + checked.stderr


def test_pyright_accepts_right_programs_and_refuses_wrong_ones(programs: list[Path], tmp_path: Path) -> None:
    # basedpyright is pyright with a Node.js of its own on PyPI; in the mode "standard" its rules are pyright's.
    settings = {"typeCheckingMode": "standard", "include": list(map(str, programs))}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    checked = subprocess.run(
        [
            *(sys.executable, "-m", "basedpyright", "--outputjson"),
            *("--project", str(tmp_path), "--pythonpath", sys.executable),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    found = json.loads(checked.stdout)
    assert found["summary"]["filesAnalyzed"] == len(programs), checked.stdout + checked.stderr
    errors = {
        (Path(each["file"]).name, each["range"]["start"]["line"] + 1)
        for each in found["generalDiagnostics"]
        if each["severity"] == "error" and not NO_SUCH_CLASS.search(each["message"])
    }
    assert errors == refused_lines(), checked.stdout
