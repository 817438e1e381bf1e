"""`fuota completion`: the scripts, and what they then offer."""

import os
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from fuota_constructs.cli.root import fuota


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_prints_a_script_and_how_to_install_it(shell: str) -> None:
    by_name = CliRunner().invoke(fuota, ["completion", shell])
    by_environment = CliRunner(env={"SHELL": f"/usr/bin/{shell}"}).invoke(fuota, ["completion"])
    assert by_name.stdout == by_environment.stdout
    assert f"_FUOTA_COMPLETE={shell}_complete" in by_name.stdout
    assert f"fuota completion {shell}" in by_name.stdout.splitlines()[-1]


def test_bash_takes_the_script() -> None:
    script = CliRunner().invoke(fuota, ["completion", "bash"]).stdout
    bash = shutil.which("bash")
    assert bash
    done = subprocess.run(
        [bash, "-c", f"{script}\ncomplete -p fuota"], capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert "_fuota_completion fuota" in done.stdout


@pytest.mark.parametrize(
    ("words", "offered"), [("fuota re", "rehearse"), ("fuota explain duty", "duty-cycle"), ("fuota local cl", "clock")]
)
def test_completes_commands_and_rules(words: str, offered: str) -> None:
    completing = {"_FUOTA_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    done = subprocess.run(
        [sys.executable, "-m", "fuota_constructs.cli"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **completing},
    )
    assert f"plain,{offered}" in done.stdout.splitlines()


@pytest.mark.parametrize(("shell", "said"), [("/bin/tcsh", "(tcsh)"), ("", "(no SHELL is set)")])
def test_fails_for_a_shell_it_does_not_know(shell: str, said: str) -> None:
    done = CliRunner(env={"SHELL": shell}).invoke(fuota, ["completion"])
    assert done.exit_code == 2
    assert f"the shell in use is not known {said}: give one of bash, zsh, fish" in " ".join(done.stderr.split())
