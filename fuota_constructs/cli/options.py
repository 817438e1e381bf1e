"""The options several commands share."""

import click

from fuota_constructs.local.cloud import DEFAULT_PORT

port = click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    envvar="FUOTA_LOCAL_PORT",
    show_envvar=True,
    help="The port of the cloud on 127.0.0.1.",
)
