"""boto3 for the local cloud. It heeds neither the environment nor ~/.aws: nothing there leads it away or stops it."""

import os
from functools import cache
from typing import Any

# For botocore's Config: no proxy before 127.0.0.1. Without a value it would take those of the environment.
NO_PROXIES: dict[str, str] = {}


def session(*, access_key: str, secret_key: str, region: str) -> Any:
    """A boto3 session with these keys, and botocore's defaults for all that can be configured."""
    import boto3
    import botocore.session

    # Each variable is (name in the config file, name in the environment, default, conversion).
    variables = {
        name: (None, None, default, conversion)
        for name, (_, _, default, conversion) in botocore.session.Session.SESSION_VARIABLES.items()
    }
    for file in ("config_file", "credentials_file"):
        variables[file] = (None, None, os.devnull, None)
    core = botocore.session.Session(session_vars=variables)
    core.register_component("data_loader", _loader())
    for section in ("s3", "proxies_config"):  # read from the same two places, but not as session variables
        core.get_component("config_store").set_config_variable(section, None)
    core.get_component("event_emitter").register_first("needs-retry", _give_up_on_what_is_gone)
    made: Any = boto3.Session(
        aws_access_key_id=access_key, aws_secret_access_key=secret_key, region_name=region, botocore_session=core
    )
    # Each session of boto3 adds its folder once more.
    _loader().search_paths[:] = dict.fromkeys(_loader().search_paths)
    return made


@cache
def _loader() -> Any:
    """What reads the models of the services, and keeps them: each session would read them anew."""
    import botocore.loaders

    return botocore.loaders.create_loader()


def _give_up_on_what_is_gone(*, caught_exception: BaseException | None = None, **_: Any) -> None:
    from botocore.exceptions import EndpointConnectionError

    # A cloud on this machine that takes no connection was stopped: asking again would only delay saying so.
    if isinstance(caught_exception, EndpointConnectionError):
        raise caught_exception
