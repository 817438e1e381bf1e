"""Starts, finds and stops local clouds: one process a port, each noted in a folder of its own."""

import contextlib
import json
import os
import random
import shutil
import socket
import ssl
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fuota_constructs import extras
from fuota_constructs.local import clients, cloud_process
from fuota_constructs.local.certificates import certificates_in
from fuota_constructs.local.cloud_secret import HEADER, make_secret, read_secret
from fuota_constructs.local.errors import LocalCloudError
from fuota_constructs.local.folders import STATE_VARIABLE, state_folder, unwritable
from fuota_constructs.local.region_names import is_region

DEFAULT_PORT = 4566
DEFAULT_REGION = "eu-west-1"
DEFAULT_ACCOUNT = "000000000000"
READY_SECONDS = 180.0  # it takes three, and on a machine that is busy ten times as long
REHEARSED_REQUESTS_PER_SECOND = 1000.0
"""What the service of a rehearsal takes of each operation: on AWS a group of 1,000 devices fills in 100 s."""
ADMIN_SECONDS = 60.0
LOG_LINES_SHOWN = 15
LOGS_KEPT = 10
"""Of clouds that are over."""
HIGHEST_PORT = 65535
_ADDRESS = "127.0.0.1"
# Linux and macOS give no connection and no server that asks for any port one of these: it is free still when the cloud,
# seconds later, begins to listen.
_PORTS = range(20_000, 32_768)
_NOTED = {"pid": int, "port": int, "region": str, "account": str, "iam": bool}


@dataclass(frozen=True)
class LocalCloud:
    """A cloud that runs, or is noted to run, on a port of this machine."""

    pid: int
    port: int
    region: str
    account: str
    iam: bool
    secret: str = field(default="", repr=False, compare=False)
    """The secret access key of its accounts, and what its admin routes want."""

    folder: Path = field(init=False, repr=False, compare=False)
    """Its log, certificates and note."""

    def __post_init__(self) -> None:
        """Keep the folder, wherever FUOTA_STATE_DIR leads later."""
        object.__setattr__(self, "folder", _folder(self.port))

    @property
    def log(self) -> Path:
        """What MiniStack and the Lambda functions said."""
        return self.folder / "cloud.log"

    @property
    def url(self) -> str:
        """The endpoint of every service."""
        return f"{'https' if self.iam else 'http'}://{_ADDRESS}:{self.port}"

    @property
    def ca_bundle(self) -> Path | None:
        """The authorities to trust, ours among them; None when the cloud does not speak TLS."""
        return certificates_in(self.folder / "tls").bundle if self.iam else None

    @property
    def authority(self) -> Path | None:
        """Ours alone, for who talks to this cloud only: it is read for each connection, and the bundle takes 20 ms."""
        return certificates_in(self.folder / "tls").authority if self.iam else None

    def environment(self, *, account: str | None = None, region: str | None = None) -> dict[str, str]:
        """The variables with which any AWS SDK talks to this cloud, in a process that has none that lead elsewhere.

        MiniStack takes a 12-digit access key id for the account. Raises LocalCloudError for the name of no Region.
        """
        _check_region(region or self.region)
        files = certificates_in(self.folder / "tls")
        tls = {"AWS_CA_BUNDLE": str(files.bundle), "NODE_EXTRA_CA_CERTS": str(files.authority)} if self.iam else {}
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": account or self.account,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_REGION": region or self.region,
            "AWS_DEFAULT_REGION": region or self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,  # no profile and no setting of ~/.aws, whatever is in there
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            **tls,
        }

    def client(self, service: str, *, account: str | None = None, region: str | None = None) -> Any:
        """A boto3 client of this cloud."""
        from botocore.config import Config

        # The IoT Wireless service throttles at 10 requests a second per operation, as AWS does (a rehearsal's at more).
        config = Config(retries={"mode": "standard", "total_max_attempts": 10}, proxies=clients.NO_PROXIES)
        verify = str(self.authority) if self.authority else None
        session = self.session(account=account, region=region)
        return session.client(service, endpoint_url=self.url, verify=verify, config=config)

    def session(self, *, account: str | None = None, region: str | None = None) -> Any:
        """A boto3 session with keys of this cloud, which heeds nothing of the environment."""
        return clients.session(access_key=account or self.account, secret_key=self.secret, region=region or self.region)

    def admin(
        self, route: str, *, method: str = "GET", content: object = None, timeout_seconds: float = ADMIN_SECONDS
    ) -> Any:
        """Call one of the cloud's own routes, `/_fuota/<route>`, and answer its JSON."""
        body = None if content is None else json.dumps(content).encode()
        headers = {"Content-Type": "application/json", HEADER: self.secret}
        request = urllib.request.Request(  # noqa: S310  # our own http or https address
            f"{self.url}/_fuota/{route}", data=body, method=method, headers=headers
        )
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if self.authority:
            handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=self.authority)))
        try:
            with urllib.request.build_opener(*handlers).open(request, timeout=timeout_seconds) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                answer_text = error.read().decode(errors="replace")
            raise LocalCloudError(f"/_fuota/{route} was refused ({error.code}): {_said(answer_text)}") from error
        except OSError as error:
            raise self.gone(error) from error
        return json.loads(text) if text else None

    def gone(self, error: Exception) -> LocalCloudError:
        """What to say when it does not answer any more."""
        return LocalCloudError(
            f"the local cloud on port {self.port} does not answer ({error}): start it again with"
            f" `fuota local up --detach --port {self.port}`; its log is {self.log}"
        )

    def is_alive(self) -> bool:
        """Whether its process still runs."""
        return cloud_process.is_of_cloud(self.pid, self.port)

    def answers(self) -> bool:
        """Whether this very cloud serves its port now."""
        try:
            return bool(self.admin("host", timeout_seconds=2.0)["pid"] == self.pid)
        except (OSError, ValueError, KeyError, TypeError, LocalCloudError):
            return False


def find(port: int = DEFAULT_PORT) -> LocalCloud | None:
    """The cloud that runs on `port`; the note of one that is gone is cleared away."""
    try:
        noted = json.loads((_folder(port) / "cloud.json").read_text("utf-8"))
        known = {name: noted[name] for name in _NOTED}  # another release may note more
        cloud = LocalCloud(**known, secret=read_secret(_folder(port)))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    if any(not isinstance(known[name], kind) for name, kind in _NOTED.items()):
        return None
    if cloud.is_alive() or cloud.answers():
        return cloud
    _forget(cloud)
    return None


def running(port: int = DEFAULT_PORT) -> LocalCloud:
    """The cloud that runs on `port`; fails with what to type when there is none."""
    cloud = find(port)
    if cloud is None:
        option = "" if port == DEFAULT_PORT else f" --port {port}"
        raise LocalCloudError(f"no local cloud runs on port {port}: start one with `fuota local up --detach{option}`")
    return cloud


def start(
    port: int = DEFAULT_PORT,
    *,
    region: str = DEFAULT_REGION,
    account: str = DEFAULT_ACCOUNT,
    iam: bool = False,
    outlive_us: bool = False,
    requests_per_second: float | None = None,
) -> LocalCloud:
    """Start a cloud on 127.0.0.1 and wait until it answers.

    Its IoT Wireless service takes 10 requests a second for each operation, as on AWS, unless `requests_per_second`.

    Unless `outlive_us`, it stops by itself when this process ends, in whatever way. Fails when the port is taken, when
    its folder cannot be written or its process cannot be started, and with the last lines of its log when it does not
    come up within 180 s.
    """
    extras.require("the local cloud", "local")
    if not 1 <= port <= HIGHEST_PORT:
        raise LocalCloudError(f"port {port} does not exist: choose one from 1 to {HIGHEST_PORT} with --port")
    _check_region(region)
    _check_port(port)
    _clear_away_the_dead()
    _clear_away_old_logs()
    folder = _folder(port)
    command = [sys.executable, "-P", "-m", "fuota_constructs.local.ministack_host", "--folder", str(folder)]
    command += ["--port", str(port), "--region", region, "--account", account]
    command += ["--iam"] if iam else []
    command += ["--requests-per-second", str(requests_per_second)] if requests_per_second else []
    command += [] if outlive_us else ["--stop-with-parent", str(os.getpid())]
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        secret = make_secret(folder)
        cloud = LocalCloud(cloud_process.begin(command, folder), port, region, account, iam, secret)
        _wait_for(cloud)
    except OSError as error:
        raise unwritable(folder, STATE_VARIABLE, error) from error
    return cloud


def _wait_for(cloud: LocalCloud) -> None:
    """Note it, and wait until it answers; else stop it."""
    deadline = time.monotonic() + READY_SECONDS
    try:
        note = cloud.folder / "cloud.json.new"
        note.write_text(json.dumps({name: getattr(cloud, name) for name in _NOTED}), "utf-8")
        note.rename(cloud.folder / "cloud.json")
        while not cloud.answers():
            if (code := cloud_process.exit_code(cloud.pid)) is not None:
                raise _did_not_start(cloud, f"it ended with exit code {code}")
            if time.monotonic() > deadline:
                raise _did_not_start(cloud, f"it did not answer within {READY_SECONDS:.0f} s")
            time.sleep(0.05)
    except BaseException as error:
        stop(cloud)
        if isinstance(error, KeyboardInterrupt):
            shutil.rmtree(cloud.folder, ignore_errors=True)  # its log says nothing that somebody would ask
        raise


def stop(cloud: LocalCloud) -> None:
    """Stop a cloud and everything it started; what is gone already is left alone."""
    if cloud.is_alive() or cloud.answers():
        cloud_process.end(cloud.pid)
    _forget(cloud)


def free_port() -> int:
    """A port nobody listens on at the moment.

    Raises LocalCloudError where there is none.
    """
    # Not by the random numbers of the process: tests often seed them, and side by side would all come to one port.
    for port in random.SystemRandom().sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((_ADDRESS, port))
            return port
    raise LocalCloudError(f"no port from {_PORTS.start} to {_PORTS.stop - 1} is free: end what listens there")


def _said(answer: str) -> str:
    try:
        said = json.loads(answer)
        return str(said.get("error") or said["message"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return answer


def _folder(port: int) -> Path:
    return state_folder() / "clouds" / str(port)


def _forget(cloud: LocalCloud) -> None:
    # The log stays, to be read; the next start on this port removes it.
    cloud_process.forget(cloud.pid)
    (cloud.folder / "cloud.json").unlink(missing_ok=True)
    for path in cloud.folder.glob("*"):
        if path.is_dir():
            shutil.rmtree(path.resolve(), ignore_errors=True)  # it may be a link, see `host_environment`
        if path.is_symlink() or (not path.is_dir() and path != cloud.log):
            path.unlink(missing_ok=True)


def _clear_away_the_dead() -> None:
    """Take away what clouds left that were killed, on whichever port: their functions' files among it."""
    for note in (state_folder() / "clouds").glob("*/cloud.json"):
        if note.parent.name.isdecimal():
            find(int(note.parent.name))


def _clear_away_old_logs() -> None:
    """Keep the latest logs of clouds that are over: each failed rehearsal leaves one, on a port of its own."""
    left: list[tuple[float, Path]] = []
    for log in (state_folder() / "clouds").glob("*/cloud.log"):
        with contextlib.suppress(FileNotFoundError):  # of another process that clears away
            if log.parent.name.isdecimal() and not (log.parent / "cloud.json").exists():
                left.append((log.stat().st_mtime, log.parent))
    for _, folder in sorted(left, reverse=True)[LOGS_KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)


def _check_region(region: str) -> None:
    if not is_region(region):  # requests signed for it are refused, as on AWS
        raise LocalCloudError(
            f"{region!r} is no name of an AWS Region: choose one such as {DEFAULT_REGION} with --region"
        )


def _check_port(port: int) -> None:
    if cloud := find(port):
        raise LocalCloudError(
            f"a local cloud runs on port {port} already (process {cloud.pid}): use it, stop it with "
            f"`fuota local down --port {port}`, or start another with --port"
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_ADDRESS, port))
        except PermissionError as error:
            raise LocalCloudError(f"port {port} needs more rights than you have: choose one from 1024 up") from error
        except OSError as error:
            raise LocalCloudError(
                f"port {port} is taken by another program: choose another with --port, for example --port {free_port()}"
            ) from error


def _did_not_start(cloud: LocalCloud, reason: str) -> LocalCloudError:
    lines = cloud.log.read_text("utf-8", errors="replace").splitlines()[-LOG_LINES_SHOWN:]
    return LocalCloudError(
        "\n".join([f"the local cloud did not start on port {cloud.port}: {reason}; the end of {cloud.log}:", *lines])
    )
