"""Starts the processes of Lambda functions in MiniStack: what they find, and what is said when they do not start.

Belongs to `ministack_host`, which checks the seams below.
"""

import importlib
import logging
import os
import sys
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fuota_constructs.local import node
from fuota_constructs.local.errors import LocalCloudError
from fuota_constructs.local.functions import aws_sdk

SEAMS: tuple[tuple[str, str, tuple[str, ...] | None], ...] = (
    ("ministack.core.lambda_runtime", "Worker", ("func_name", "config", "code_zip")),
    ("ministack.core.lambda_runtime", "_detect_runtime_binary", ("runtime",)),
    ("ministack.core.lambda_runtime", "_worker_class_for", ("config",)),
    ("ministack.core.lambda_runtime", "zipfile", None),
    ("ministack.services.lambda_svc", "_extract_zip_preserving_mode", ("zf", "dest_dir")),
    (
        "ministack.services.lambda_svc",
        "_execute_function_dispatch",
        ("func", "config", "event", "request_id", "started"),
    ),
)

# AWS gives a start 10 s, then begins it again within the function's own timeout (Lambda Developer Guide, runtime
# environment: init phase).
INIT_SECONDS = 10.0
DEFAULT_TIMEOUT_SECONDS = 3
_SCRIPTS = Path(__file__).parent
ON_THE_CLOCK = frozenset({"rollout_step.handler"})
CLOCK_VARIABLE = "FUOTA_LOCAL_CLOCK"
RATE_VARIABLE = "FUOTA_REQUESTS_PER_SECOND"
PACED_MODULES = (b"group_service.py", b"rollout_calls.py")
"""Modules of our functions that keep below the quota of the service."""
# What MiniStack answers, as a success, for a function that it cannot run.
_MOCK = "Mock response - "
# Where AWS has the interpreters of its runtimes: scripts in layers name them.
_AWS_INTERPRETERS = b"#!/var/lang/bin/"

# Where AWS's runtimes keep the authorities to trust. BucketDeployment names them; the cloud has its own.
_CERTIFICATES_OF_AWS = ("/etc/pki/", "/etc/ssl/")
_CERTIFICATE_VARIABLES = frozenset({"AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"})

logger = logging.getLogger(__name__)


class FunctionStartError(Exception):
    """A function cannot run: its process did not start, or did not come to the handler."""


def install(
    environment: dict[str, str] | os._Environ[str] = os.environ,
    *,
    clock_file: Path | None = None,
    requests_per_second: float | None = None,
) -> None:
    """Let functions find Python, node, npm and the AWS SDK, and files where AWS has them.

    `clock_file` says how the clock of the IoT Wireless service runs, for the functions that live by it, and
    `requests_per_second` how many requests it takes, where those are not as many as on AWS.
    """
    path = [str(Path(sys.executable).parent), str(node.tools()), environment.get("PATH", os.defpath)]
    environment["PATH"] = os.pathsep.join(path)
    environment["NODE_PATH"] = str(aws_sdk.node_modules())
    runtime = _module("ministack.core.lambda_runtime")
    runtime._detect_runtime_binary = _with_folders(runtime._detect_runtime_binary)
    class_before = runtime._worker_class_for
    own_class = _own_class(runtime.Worker, clock_file, requests_per_second)
    runtime._worker_class_for = lambda config: own_class if (found := class_before(config)) is runtime.Worker else found
    functions = _module("ministack.services.lambda_svc")
    functions._execute_function_dispatch = _without_mocks(functions._execute_function_dispatch)
    runtime.zipfile = SimpleNamespace(
        ZipFile=FunctionArchive, BadZipFile=zipfile.BadZipFile, LargeFileError=zipfile.LargeZipFile
    )


def _with_folders(detect: Any) -> Any:
    def detect_runtime_binary(name: str) -> tuple[str, str]:
        found: tuple[str, str] = detect(name)
        script = found[1]
        if name.startswith("python"):
            return sys.executable, f"{_python_prefix()}\n{script}"
        if name.startswith("nodejs"):
            return str(node.node()), f"require({str(_SCRIPTS / 'folders.js')!r});\n{script}"
        return found

    return detect_runtime_binary


def _python_prefix() -> str:
    return (
        "import os\n_folders, _clock = {'__name__': 'folders'}, {'__name__': 'clock'}\n"
        f"exec(compile(open({str(_SCRIPTS / 'clock.py')!r}).read(), 'clock.py', 'exec'), _clock)\n"
        "_clock['main']()\n"
        f"exec(compile(open({str(_SCRIPTS / 'folders.py')!r}).read(), 'folders.py', 'exec'), _folders)\n"
        "_folders['main'](os.path.dirname(os.path.abspath(__file__)))"
    )


def _without_mocks(dispatch: Any) -> Any:
    def execute(func: Any, config: Any, *rest: Any) -> Any:
        result = dispatch(func, config, *rest)
        body = result.get("body") if isinstance(result, dict) else None
        said = body.get("body") if isinstance(body, dict) else None
        if not isinstance(said, str) or not said.startswith(_MOCK):
            return result
        return {
            "body": {
                "errorMessage": f"{_cannot_start(config)}{said.removeprefix(_MOCK)}; the local cloud runs functions in"
                " Python, in Node.js and on provided runtimes",
                "errorType": FunctionStartError.__name__,
            },
            "error": True,
            "log": "",
        }

    return execute


def _cannot_start(config: Any) -> str:
    return f"the function {config.get('FunctionName', '')} ({config.get('Runtime', 'no runtime')}) cannot start: "


def _own_class(worker: Any, clock_file: Path | None, requests_per_second: float | None) -> Any:
    class FunctionWorker(worker):  # type: ignore[misc]  # MiniStack has no types
        """A worker that says why it does not start, and never waits for good."""

        def __init__(self, func_name: str, config: dict[str, Any], code_zip: bytes) -> None:
            config = _on_the_clock(_trusting_the_cloud(config), clock_file)
            if requests_per_second is not None and any(module in code_zip for module in PACED_MODULES):
                config = _with_variable(config, RATE_VARIABLE, f"{requests_per_second:g}")
            super().__init__(func_name, config, code_zip)

        def _spawn(self) -> None:
            if str(self.config.get("Runtime", "")).startswith("nodejs"):
                _install_sdk()
            limit = INIT_SECONDS + float(self.config.get("Timeout", DEFAULT_TIMEOUT_SECONDS))
            late = threading.Event()
            timer = threading.Timer(limit, self._end_late_start, (late,))
            timer.start()
            try:
                super()._spawn()
            except Exception as error:
                reason = f"it did not come to its handler within {limit:.0f} s" if late.is_set() else str(error)
                said = "\n".join(filter(None, [reason, self._drain_stderr_bounded()]))
                raise FunctionStartError(f"{_cannot_start(self.config)}{said}") from error
            finally:
                timer.cancel()

        def _end_late_start(self, late: threading.Event) -> None:
            late.set()
            if self._proc is not None:
                self._proc.kill()

    return FunctionWorker


def _trusting_the_cloud(config: dict[str, Any]) -> dict[str, Any]:
    variables = config.get("Environment", {}).get("Variables", {})
    kept = {
        name: value
        for name, value in variables.items()
        if name not in _CERTIFICATE_VARIABLES or not str(value).startswith(_CERTIFICATES_OF_AWS)
    }
    return {**config, "Environment": {**config.get("Environment", {}), "Variables": kept}}


def _on_the_clock(config: dict[str, Any], clock_file: Path | None) -> dict[str, Any]:
    """Let the function of rollouts, whose waits pass by that clock, see it for its time of the day."""
    if clock_file is None or config.get("Handler") not in ON_THE_CLOCK:
        return config
    return _with_variable(config, CLOCK_VARIABLE, str(clock_file))


def _with_variable(config: dict[str, Any], name: str, value: str) -> dict[str, Any]:
    environment = config.get("Environment", {})
    return {**config, "Environment": {**environment, "Variables": {**environment.get("Variables", {}), name: value}}}


class FunctionArchive(zipfile.ZipFile):
    """The code of a function or a layer: files keep their modes, and scripts find their interpreters."""

    def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
        """Unpack all of it."""
        del members, pwd
        folder = Path(path)
        _module("ministack.services.lambda_svc")._extract_zip_preserving_mode(self, str(folder))
        for each in self.infolist():
            file = folder / each.filename
            if (each.external_attr >> 16) & 0o111 and file.is_file():
                _name_interpreter_by_path(file)


def _name_interpreter_by_path(script: Path) -> None:
    with script.open("rb") as file:
        if file.read(len(_AWS_INTERPRETERS)) != _AWS_INTERPRETERS:
            return
        rest = file.read()
    interpreter, line_end, body = rest.partition(b"\n")
    name = b"python3" if interpreter.startswith(b"python") else interpreter.split()[0]
    script.write_bytes(b"#!/usr/bin/env " + name + line_end + body)


_sdk_lock = threading.Lock()
_sdk_failed = threading.Event()


def _install_sdk() -> None:
    # `fuota local deploy` has done it; whoever deploys with tools of their own has it done here.
    with _sdk_lock:
        if _sdk_failed.is_set():
            return
        try:
            aws_sdk.ensure(logger.warning)
        except LocalCloudError as error:
            _sdk_failed.set()  # a function that brings its own SDK does not need it
            logger.error("%s", error)


def _module(name: str) -> Any:
    return importlib.import_module(name)
