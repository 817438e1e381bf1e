"""The process of a local cloud: how it begins, whose an id is, and how it ends."""

import os
import signal
import subprocess
import time
from pathlib import Path

from fuota_constructs.local import environment_variables
from fuota_constructs.local.errors import LocalCloudError

STOP_SECONDS = 1.0
KILLED_SECONDS = 60.0
# The processes we started ourselves: only their parent can collect them.
_started: dict[int, subprocess.Popen[bytes]] = {}


def begin(command: list[str], folder: Path) -> int:
    """Start its process; answers the id."""
    with (folder / "cloud.log").open("wb") as log:
        # A session of its own: Ctrl-C in the terminal is ours to handle, and all its Lambda workers can be signalled.
        try:
            process = subprocess.Popen(  # noqa: S603  # our own program, without a shell
                command,
                cwd=folder,
                env=environment_variables.of_cloud(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise LocalCloudError(f"the process of a local cloud cannot be started: {error.strerror}") from error
    _started[process.pid] = process
    return process.pid


def exit_code(pid: int) -> int | None:
    """What a process that began here ended with; None while it runs."""
    return _started[pid].poll()


def is_alive(pid: int) -> bool:
    """Whether a process with this id runs."""
    if pid in _started:
        return _started[pid].poll() is None
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def is_of_cloud(pid: int, port: int) -> bool:
    """Whether it is the process of a cloud on this port."""
    # A process id is given out again: before signalling one from a note, see whose it is.
    if not is_alive(pid):
        return False
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:  # no /proc on macOS
        try:
            ps = ["ps", "-o", "args=", "-p", str(pid)]
            arguments = subprocess.run(ps, capture_output=True, text=True, check=False).stdout  # noqa: S603  # ps, without a shell
        except OSError:
            return False
    return "fuota_constructs.local.ministack_host" in arguments and f"--port {port} " in arguments


def end(pid: int) -> None:
    """End it, and everything it started."""
    _signal(pid, signal.SIGTERM)
    _await_end(pid, STOP_SECONDS)
    # Open connections and a Lambda function in the middle of its work hold it up: the whole group goes.
    _signal(pid, signal.SIGKILL)
    _await_end(pid, KILLED_SECONDS)


def forget(pid: int) -> None:
    """Keep no more of a process that ended."""
    if not is_alive(pid):
        _started.pop(pid, None)


def _await_end(pid: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        if number is signal.SIGKILL:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except OSError:
        return
