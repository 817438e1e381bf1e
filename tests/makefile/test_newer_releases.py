"""A fresh machine, any day: the oldest pip, and an index where everything has a newer release than the locks."""

import hashlib
import io
import os
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from checkouts import DEMO_LOCK, DEVELOPMENT_LOCK, Checkout, versions

# The pip that the first release of a Python brings.
OLDEST_PIP = {(3, 11): "22.3", (3, 12): "23.2.1", (3, 13): "24.2", (3, 14): "25.2"}
NEWER = "9999.0"


class NewerReleases:
    """An index on loopback with a release of every locked package that is newer than all others, and broken."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self.taken: set[str] = set()
        names = versions(DEVELOPMENT_LOCK).keys()
        wheels = {f"{name.replace('-', '_')}-{NEWER}-py3-none-any.whl": _wheel(name) for name in names}
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                last = self.path.rstrip("/").rpartition("/")[2]
                if self.path.startswith("/simple/") and last in names:
                    index.asked.add(last)
                    file = f"{last.replace('-', '_')}-{NEWER}-py3-none-any.whl"
                    digest = hashlib.sha256(wheels[file]).hexdigest()
                    self.answer("text/html", f'<a href="/files/{file}#sha256={digest}">{file}</a>'.encode())
                elif self.path.startswith("/files/") and last in wheels:
                    index.taken.add(last)
                    self.answer("application/octet-stream", wheels[last])
                else:
                    self.send_error(404)

            def answer(self, kind: str, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def environment(self) -> dict[str, str]:
        """What makes pip look here, too."""
        url = f"http://127.0.0.1:{self.server.server_port}/simple/"
        added = {"PIP_EXTRA_INDEX_URL": f" {url}", "NO_PROXY": ",127.0.0.1", "no_proxy": ",127.0.0.1"}
        return {name: os.environ.get(name, "") + value for name, value in added.items()}


def _wheel(name: str) -> bytes:
    module, about = name.replace("-", "_"), f"{name.replace('-', '_')}-{NEWER}.dist-info"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as wheel:
        wheel.writestr(f"{module}/__init__.py", "raise RuntimeError('a newer release was installed')\n")
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {NEWER}\n")
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/RECORD", "")
    return content.getvalue()


@pytest.fixture
def newer_releases() -> Iterator[NewerReleases]:
    index = NewerReleases()
    thread = threading.Thread(target=index.server.serve_forever)
    thread.start()
    yield index
    index.server.shutdown()
    index.server.server_close()
    thread.join()


def python_with(pip: str, folder: Path) -> Path:
    """A python3 whose virtual environments have this pip."""
    program = folder / f"python-with-pip-{pip}"
    program.write_text(
        f"""#!/bin/sh
'{sys.executable}' "$@" || exit
if [ "$1 $2" = '-m venv' ]; then "$3/bin/python" -m pip install --quiet 'pip=={pip}'; fi
""",
        "utf-8",
    )
    program.chmod(0o755)
    return program


@pytest.mark.e2e
def test_the_demo_and_development_with_the_oldest_pip(
    checkout: Callable[..., Checkout], newer_releases: NewerReleases, tmp_path: Path
) -> None:
    oldest = OLDEST_PIP.get(sys.version_info[:2], OLDEST_PIP[3, 14])
    fresh = checkout(python=str(python_with(oldest, tmp_path)))
    fresh.make("demo", **newer_releases.environment)
    assert (fresh.folder / "rehearsal.html").exists()
    assert fresh.installed() == versions(DEMO_LOCK)
    assert fresh.run(fresh.own_python, "-m", "pip", "--version").startswith(f"pip {oldest} ")

    fresh.make("setup", **newer_releases.environment)
    assert fresh.installed() == versions(DEVELOPMENT_LOCK)
    assert "No broken requirements found" in fresh.run(fresh.own_python, "-m", "pip", "check")

    # Two wheels hold this module, and only that of aws-cdk-lib knows its types.
    code = "from importlib.metadata import files; from hashlib import sha256; from base64 import urlsafe_b64encode\n"
    code += "[shared] = [file for file in files('aws-cdk-lib') if file.match('aws_cdk/cloud_assembly_schema/*.py')]\n"
    code += "found = urlsafe_b64encode(sha256(shared.read_binary()).digest()).decode()\n"
    code += "print(found.rstrip('=') == shared.hash.value)"
    assert fresh.run(fresh.own_python, "-c", code) == "True\n"

    assert newer_releases.asked == versions(DEVELOPMENT_LOCK).keys()  # pip has seen them all
    assert newer_releases.taken == set()


@pytest.mark.e2e
def test_the_pip_of_this_python_takes_no_newer_release(
    checkout: Callable[..., Checkout], newer_releases: NewerReleases
) -> None:
    # What is built and asked for beside the wheels is the same for few packages as for all.
    names = (
        "editables",
        "hatch-fancy-pypi-readme",
        "hatchling",
        "packaging",
        "pathspec",
        "platformdirs",
        "pluggy",
        "tomlkit",
        "trove-classifiers",
        "coverage",
    )
    fresh = checkout(only=names)
    fresh.make("setup", **newer_releases.environment)
    assert fresh.installed() == {name: versions(DEVELOPMENT_LOCK)[name] for name in names}
    assert newer_releases.asked == set(names)
    assert newer_releases.taken == set()

    # Who asks without the lock gets the newer one: the index is one that pip believes.
    fresh.run(
        fresh.own_python, "-m", "pip", "install", "--no-deps", "--upgrade", "coverage", **newer_releases.environment
    )
    assert fresh.installed()["coverage"] == NEWER
