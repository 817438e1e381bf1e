"""Ctrl-C, SIGTERM and the SIGHUP of a closed terminal: one meaning, at any moment, however often."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from fuota_constructs.cli.interruption import SIGNALS, Interruption, heed, later, over


@pytest.fixture(autouse=True)
def heeded() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    heed()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_each_of_them_interrupts(number: signal.Signals) -> None:
    with pytest.raises(Interruption):
        signal.raise_signal(number)


@pytest.mark.parametrize("number", SIGNALS)
def test_what_nohup_or_a_shell_has_it_ignore_stays_ignored(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)
    heed()
    signal.raise_signal(number)


def test_the_second_does_not_disturb_what_the_first_has_cleared_away() -> None:
    cleared = []

    def work() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            try:
                raise OSError  # as a stream that is gone does
            except OSError:
                signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGINT)
            cleared.append(True)

    with pytest.raises(Interruption):
        work()
    assert cleared
    with pytest.raises(Interruption):  # and is heeded again when that is done
        signal.raise_signal(signal.SIGINT)


def test_what_must_not_be_cut_is_done_first() -> None:
    done = []

    def work() -> None:
        with later():
            with later():
                signal.raise_signal(signal.SIGINT)
                done.append("inner")
            done.append("outer")
        done.append("never")

    with pytest.raises(Interruption):
        work()
    assert done == ["inner", "outer"]


def test_nothing_is_heeded_when_it_is_over() -> None:
    over()
    for number in SIGNALS:
        signal.raise_signal(number)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_command_ends_with_130_and_a_line(number: signal.Signals) -> None:
    # In a string that is executed, as the code of dataclasses is: Python itself would end by the signal.
    ended = f"exec('import signal; signal.raise_signal({int(number)})')"
    program = f"import sys; from fuota_constructs import cli; cli._run = lambda _: {ended}; sys.exit(cli.main())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "fuota: interrupted\n")


def test_a_terminal_that_is_gone_is_not_written_to() -> None:
    program = (
        "import os, pty, signal, sys; from fuota_constructs import cli; master, slave = pty.openpty();"
        "[os.dup2(slave, each) for each in (1, 2)]; os.close(slave); os.close(master);"
        "cli._run = lambda _: signal.raise_signal(signal.SIGHUP); signal.signal(signal.SIGHUP, signal.SIG_DFL);"
        "sys.exit(cli.main())"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 130


def test_commands_that_need_no_unix_run_without_it() -> None:
    without = "import signal, sys; del signal.SIGHUP; sys.modules.update(termios=None, fcntl=None);"
    program = f"{without} from fuota_constructs import cli; sys.exit(cli.main())"
    command = [sys.executable, "-c", program, "plan", "100000B", "--rf-region", "EU868", "--recommend"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
