"""Runs in the worker of a Lambda function for Python before the function is loaded.

On AWS a function has /tmp to itself, and its layers under /opt: here both are folders of the worker, which go with it.
Covered is what goes through open, os, subprocess and sys.path, and what those are built on (pathlib, shutil, tempfile);
an extension module that opens files by itself is not. Standard library only; it does not belong to a package here.
"""

import builtins
import functools
import importlib.machinery
import inspect
import io
import os
import re
import subprocess
import sys
from typing import Any

_ONE_PATH = (
    *("access", "chdir", "chmod", "chown", "lchown", "listdir", "lstat", "mkdir", "mkfifo", "open", "readlink"),
    *("remove", "rmdir", "scandir", "stat", "statvfs", "truncate", "unlink", "utime", "getxattr", "listxattr"),
)
_TWO_PATHS = ("link", "rename", "replace", "symlink")
_END = r"""\s:'"(),;&|<>`"""


class Folders:
    """Which folders stand for /tmp and /opt."""

    def __init__(self, temporary: str, layers: list[str], machine: list[str]) -> None:
        self._places = {"/tmp": [temporary], "/opt": layers}  # noqa: S108  # what the function says
        self._machine = [folder.rstrip("/") for folder in machine]
        # In a command line or a list of folders a path ends where a shell or PATH would end it; what is the machine's
        # is known, and may have blanks.
        known = "|".join(
            re.escape(folder) for folder in self._machine if any(_below(folder, root) for root in self._places)
        )
        kept = rf"(?:{known})(?=$|[/{_END}])|" if known else ""
        self._in_text = re.compile(rf"(^|[=@{_END}])({kept}/(?:tmp|opt)(?:/[^{_END}]*)?(?=$|[{_END}]))")

    def path(self, asked: Any) -> Any:
        """The path to use in the place of the one asked for; what is no path is left alone."""
        if isinstance(asked, os.PathLike):
            whole = os.fspath(asked)
            place = self.path(whole)
            return asked if place == whole else place
        if isinstance(asked, bytes):
            return os.fsencode(self.path(os.fsdecode(asked)))
        if not isinstance(asked, str):
            return asked
        root = next((root for root in self._places if _below(asked, root)), None)
        if root is None or any(_below(asked, folder) for folder in self._machine):
            return asked
        candidates = [place + asked[len(root) :] for place in self._places[root]]
        return next((each for each in candidates if _exists(each)), candidates[0] if candidates else asked)

    def text(self, asked: Any) -> Any:
        """The same for every path in a text."""
        if isinstance(asked, bytes):
            return os.fsencode(self.text(os.fsdecode(asked)))
        if not isinstance(asked, str):
            return self.path(asked)
        return self._in_text.sub(lambda found: found[1] + self.path(found[2]), asked)


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


_exists = os.path.exists


def install(folders: Folders) -> None:
    """Let this process, and what it starts, use them."""
    for names, count in ((_ONE_PATH, 1), (_TWO_PATHS, 2)):
        for name in names:
            if original := getattr(os, name, None):
                setattr(os, name, _wrapped(original, folders.path, count))
    builtins.open = io.open = _wrapped(io.open, folders.path, 1)
    os.system = _wrapped(os.system, folders.text, 1)
    # The environment that children inherit: os.environ and os.putenv both end here.
    putenv = os.putenv
    os.putenv = lambda name, value: putenv(name, folders.text(value))
    for name, value in os.environ.items():
        os.putenv(name, value)
    get_exec_path = os.get_exec_path
    os.get_exec_path = lambda env=None: [folders.path(each) for each in get_exec_path(env)]
    _wrap_popen(folders)
    sys.path_hooks.insert(0, functools.partial(_finder, folders))
    sys.path_importer_cache.clear()


def _wrapped(original: Any, mapped: Any, count: int) -> Any:
    @functools.wraps(original)
    def wrapper(*given: Any, **named: Any) -> Any:
        for name in ("path", "file", "src", "dst"):
            if name in named:
                named[name] = mapped(named[name])
        return original(*map(mapped, given[:count]), *given[count:], **named)

    return wrapper


def _wrap_popen(folders: Folders) -> None:
    original = subprocess.Popen.__init__
    signature = inspect.signature(original)

    @functools.wraps(original)
    def __init__(self: Any, *given: Any, **named: Any) -> None:  # noqa: N807  # it becomes a method
        bound = signature.bind(self, *given, **named)
        values = bound.arguments
        command = values["args"]
        values["args"] = folders.text(command) if _is_one(command) else [folders.text(each) for each in command]
        for name in ("executable", "cwd"):
            if values.get(name) is not None:
                values[name] = folders.path(values[name])
        if values.get("env") is not None:
            values["env"] = {name: folders.text(value) for name, value in values["env"].items()}
        original(*bound.args, **bound.kwargs)

    subprocess.Popen.__init__ = __init__  # type: ignore[method-assign]  # in the process of the workers only


def _is_one(command: Any) -> bool:
    return isinstance(command, str | bytes | os.PathLike)


def _finder(folders: Folders, entry: str) -> Any:
    if (place := folders.path(entry)) == entry:
        raise ImportError  # one for the hooks that follow
    details = [
        (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES),
        (importlib.machinery.SourceFileLoader, importlib.machinery.SOURCE_SUFFIXES),
    ]
    return importlib.machinery.FileFinder(place, *details)


def main(worker: str) -> None:
    """Make the folders of a worker, and let this process use them."""
    temporary = os.path.join(worker, "tmp")  # noqa: PTH118  # pathlib is slow to load, and each cold start would
    os.makedirs(temporary, exist_ok=True)  # noqa: PTH103  # as above
    cloud = os.path.dirname(os.path.dirname(worker))  # noqa: PTH120  # as above
    certificates = [*map(os.environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE"))]
    # The cloud itself may lie under /tmp, and so may the Python that runs it.
    machine = [cloud, sys.prefix, sys.base_prefix, *sys.path, *_folders("PATH"), *_folders("NODE_PATH"), *certificates]
    layers = _folders("_LAMBDA_LAYERS_DIRS")[::-1]  # of two layers the later one wins
    install(Folders(temporary, layers, [folder for folder in machine if folder]))
    os.environ.update(TMPDIR=temporary, HOME=temporary)


def _folders(variable: str) -> list[str]:
    return [folder for folder in os.environ.get(variable, "").split(os.pathsep) if folder]
