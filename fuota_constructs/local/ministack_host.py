"""Runs MiniStack in this process with our IoT Wireless service in it.

This module and those of SEAMS below (`ministack_image`, ...) are the only ones that know MiniStack's insides.

Started by `cloud.start` as `python -m fuota_constructs.local.ministack_host`, one process a cloud. Besides the admin
routes of the service it answers

    GET    /_fuota/host   who serves: {"pid": ..., "port": ..., "iam": ..., "places": [{"account": ..., "region": ...}]}
    GET    /_fuota/iam    with --iam, what callers other than root asked for: {"decisions": [{"principal": ...,
                          "action": ..., "resource": ..., "allowed": ...}]}
    DELETE /_fuota/iam    forget them
"""

import argparse
import importlib
import inspect
import json
import os
import shutil
import signal
import sys
import threading
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fuota_constructs.local import (
    bucket_deletion,
    bucket_tags,
    clients,
    embedded_metrics,
    failed_resources,
    ministack_encryption,
    ministack_iam,
    ministack_image,
    ministack_signatures,
    nested_stacks,
    stack_deletions,
    stack_events,
    stack_records,
    stack_refusals,
    state_machine_waits,
)
from fuota_constructs.local.certificates import certificates_in
from fuota_constructs.local.cloud_secret import read_secret
from fuota_constructs.local.cloudformation_types import TYPES, ResourceHandlers
from fuota_constructs.local.errors import LocalCloudError
from fuota_constructs.local.functions import custom_resources, inline_code, workers
from fuota_constructs.local.guard import SERVICE, Guard
from fuota_constructs.local.host_environment import set_environment
from fuota_constructs.local.own_names import OwnNames
from fuota_constructs.local.version_tables import VersionTables

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

TESTED_MINISTACK = "1.5.33"
ADMIN_PREFIX = "/_fuota/"

Answer = tuple[int, dict[str, str], bytes]

# Module, attribute and parameters of everything we call, replace or add to.
SEAMS: tuple[tuple[str, str, tuple[str, ...] | None], ...] = (
    ("ministack.app", "SERVICE_HANDLERS", None),
    ("ministack.app", "AUTH", None),
    ("ministack.app", "app", ("scope", "receive", "send")),
    ("ministack.app", "main", ()),
    ("ministack.app", "_port_is_bindable", ("host", "port")),
    (
        "ministack.app",
        "_handle_post_body_shortcuts",
        ("method", "path", "headers", "body", "query_params", "request_id"),
    ),
    ("ministack.core.responses", "get_account_id", ()),
    ("ministack.core.responses", "get_region", ()),
    ("ministack.core.lambda_runtime", "reset", ()),
    ("ministack.services.stepfunctions", "_state_machines", None),
    ("ministack.services.cloudformation.stacks", "_runs_on_worker_thread", ("resource_type",)),
    ("ministack.services.cloudformation.provisioners", "_RESOURCE_HANDLERS", None),
    ("ministack.services.cloudformation.provisioners", "_REPLACING_PROPERTIES", None),
    ("ministack.services.cloudformation.provisioners", "_STACK_TAG_PROPERTY", None),
    *ministack_iam.SEAMS,
    *ministack_image.SEAMS,
    *ministack_encryption.SEAMS,
    *ministack_signatures.SEAMS,
    *embedded_metrics.SEAMS,
    *workers.SEAMS,
    *custom_resources.SEAMS,
    *stack_events.SEAMS,
    *failed_resources.SEAMS,
    *nested_stacks.SEAMS,
    *stack_deletions.SEAMS,
    *inline_code.SEAMS,
    *bucket_deletion.SEAMS,
    *bucket_tags.SEAMS,
    *stack_records.SEAMS,
    *stack_refusals.SEAMS,
    *state_machine_waits.SEAMS,
)


def _module(name: str) -> Any:
    return importlib.import_module(name)


def broken_seams() -> list[str]:
    """What MiniStack has changed under us: one line a seam, empty when all is as tested."""
    broken = []
    if (installed := version("ministack")) != TESTED_MINISTACK:
        broken.append(f"ministack {installed} is installed, {TESTED_MINISTACK} is tested")
    for module, name, parameters in SEAMS:
        found = getattr(_module(module), name, None)
        if found is None:
            broken.append(f"{module}.{name} is gone")
        elif parameters is not None and tuple(inspect.signature(found).parameters) != parameters:
            broken.append(f"{module}.{name}{inspect.signature(found)}: expected the parameters {', '.join(parameters)}")
    return broken


class Host:
    """Our IoT Wireless service inside MiniStack."""

    def __init__(
        self, *, folder: Path, port: int, iam: bool, secret: str, requests_per_second: float | None = None
    ) -> None:
        from fuota_constructs.local.iotwireless import IotWirelessService
        from fuota_constructs.local.iotwireless.throttle import REQUESTS_PER_SECOND

        self.port = port
        self.scheme = "https" if iam else "http"
        self.url = f"{self.scheme}://127.0.0.1:{port}"
        self.folder = folder
        self.secret = secret
        self.iam = iam
        self.ministack = _module("ministack.app")
        # A Lambda function under IAM has session keys: MiniStack knows whose they are.
        self.service = IotWirelessService(
            account_of=lambda _: str(_module("ministack.core.responses").get_account_id()),
            image_source=ministack_image.read_image,
            requests_per_second=requests_per_second or REQUESTS_PER_SECOND,
        )
        self.service.version_writer = VersionTables(self._dynamodb_of)
        self.requests_per_second = requests_per_second
        self.decisions: list[dict[str, Any]] = []

    def install(self) -> None:
        """Put the service, the admin routes, the resource types and the permission checks in place."""
        self.ministack.SERVICE_HANDLERS[SERVICE] = self.service.handle
        self._serve_admin_routes()
        self._register_resource_types()
        embedded_metrics.install()
        ministack_encryption.install()
        ministack_image.install()
        workers.install(clock_file=self._clock_file(), requests_per_second=self.requests_per_second)
        custom_resources.install()
        stack_events.install()
        failed_resources.install()
        nested_stacks.install()
        stack_deletions.install()
        inline_code.install()
        bucket_deletion.install()
        bucket_tags.install()
        stack_records.install()
        stack_refusals.install()
        state_machine_waits.install(self.service.clock)
        self._let_nobody_else_in()
        # MiniStack's TLS mode would also listen on port 443 when it may.
        self.ministack._port_is_bindable = lambda host, port: False  # noqa: ARG005  # the signature of the seam
        if self.iam:
            self.ministack.SERVICE_HANDLERS[SERVICE] = ministack_iam.install(self.service, self.decisions)

    def _clock_file(self) -> Path:
        """A file that says how the clock of the service runs, always whole."""
        file, draft = self.folder / "clock", self.folder / "clock.new"

        def write(how: str) -> None:
            draft.write_text(how)
            draft.replace(file)

        self.service.clock.tell(write)
        return file

    def _let_nobody_else_in(self) -> None:
        names = OwnNames(self.scheme, self.port)
        self.ministack.app = Guard(self.ministack.app, names=names, secret=self.secret)
        ministack_signatures.keep_function_secrets(self.secret)
        ministack_signatures.sign_links(self.secret, self.url)

    def _serve_admin_routes(self) -> None:
        served_before: Callable[..., Awaitable[Answer | None]] = self.ministack._handle_post_body_shortcuts

        # Before routing: an unsigned /_fuota/ path would be taken for an S3 bucket, and refused under AUTH.
        async def with_admin_routes(*arguments: Any) -> Answer | None:
            method, path, headers, body, query_params, _ = arguments
            if not path.startswith(ADMIN_PREFIX):
                return await served_before(*arguments)
            return self._own_admin_route(method, path) or await self.service.handle(
                method, path, headers, body, query_params
            )

        self.ministack._handle_post_body_shortcuts = with_admin_routes

    def _own_admin_route(self, method: str, path: str) -> Answer | None:
        if path == f"{ADMIN_PREFIX}host":
            places = [{"account": account, "region": region} for account, region in self._places()]
            return _json({"pid": os.getpid(), "port": self.port, "iam": self.iam, "places": places})
        if path == f"{ADMIN_PREFIX}iam":
            if method == "DELETE":
                self.decisions.clear()
            return _json({"decisions": self.decisions})
        return None

    def _places(self) -> list[tuple[str, str]]:
        """Where somebody used IoT Wireless, or has a state machine, which may be that of a rollout."""
        machines = list(_module("ministack.services.stepfunctions")._state_machines.to_dict())
        used = [(state.account, state.region) for state in self.service.store.states()]
        return list(dict.fromkeys([*used, *((account, region) for account, region, _ in machines)]))

    def _register_resource_types(self) -> None:
        provisioners = _module("ministack.services.cloudformation.provisioners")
        stacks = _module("ministack.services.cloudformation.stacks")
        for resource_type in TYPES:
            handlers = ResourceHandlers(resource_type, self._client_for_stack)
            provisioners._RESOURCE_HANDLERS[resource_type.name] = {
                "create": handlers.create,
                "update": handlers.update,
                "delete": handlers.delete,
            }
            provisioners._STACK_TAG_PROPERTY[resource_type.name] = ("Tags", "list")
            if resource_type.replacing:
                provisioners._REPLACING_PROPERTIES[resource_type.name] = resource_type.replacing
        ours = {resource_type.name for resource_type in TYPES}
        runs_before = stacks._runs_on_worker_thread
        # Our handlers call back over HTTP: on the event loop's own thread they would wait for themselves.
        stacks._runs_on_worker_thread = lambda name: name in ours or runs_before(name)

    def _client_for_stack(self) -> Any:
        from botocore.config import Config

        responses = _module("ministack.core.responses")
        session = clients.session(
            access_key=responses.get_account_id(), secret_key=self.secret, region=responses.get_region()
        )
        return session.client(
            SERVICE,
            endpoint_url=self.url,
            verify=str(certificates_in(self.folder / "tls").bundle) if self.iam else None,
            config=Config(
                retries={"mode": "standard", "total_max_attempts": 8}, user_agent_extra="local-cloudformation"
            ),
        )

    def _dynamodb_of(self, account: str, region: str) -> Any:
        session = clients.session(access_key=account, secret_key=self.secret, region=region)
        trusted = str(certificates_in(self.folder / "tls").bundle) if self.iam else None
        return session.client("dynamodb", endpoint_url=self.url, verify=trusted)


def _json(content: dict[str, Any]) -> Answer:
    return 200, {"Content-Type": "application/json"}, json.dumps(content).encode()


def _stop_with_parent(parent: int) -> None:
    # A cloud that belongs to a command must not outlive it, however that ended.
    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
        os.killpg(os.getpgid(0), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True, name="stop-with-parent").start()


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="fuota-local-cloud")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--account", required=True)
    parser.add_argument("--iam", action="store_true")
    parser.add_argument("--requests-per-second", type=float)
    parser.add_argument("--stop-with-parent", type=int)
    options = parser.parse_args(arguments)
    secret = read_secret(options.folder)
    temporary = set_environment(
        os.environ,
        folder=options.folder,
        port=options.port,
        region=options.region,
        account=options.account,
        iam=options.iam,
        secret=secret,
    )
    if broken := broken_seams():
        raise LocalCloudError("MiniStack is not the one this package was tested with:\n" + "\n".join(broken))
    if options.stop_with_parent:
        _stop_with_parent(options.stop_with_parent)
    host = Host(
        folder=options.folder,
        port=options.port,
        iam=options.iam,
        secret=secret,
        requests_per_second=options.requests_per_second,
    )
    host.install()
    sys.argv = ["ministack"]
    try:
        host.ministack.main()
    finally:
        # MiniStack leaves its Lambda workers to notice for themselves that it is gone.
        _module("ministack.core.lambda_runtime").reset()
        shutil.rmtree(temporary, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
