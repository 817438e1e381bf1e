"""`fuota local up`."""

import contextlib

import click

from fuota_constructs.cli import interruption, options
from fuota_constructs.local.cloud import DEFAULT_ACCOUNT, DEFAULT_PORT, DEFAULT_REGION, LocalCloud


@click.command()
@options.port
@click.option("--detach", is_flag=True, help="Leave it running and give the prompt back; `fuota local down` stops it.")
@click.option("--region", default=DEFAULT_REGION, show_default=True, help="The Region of apps that name none.")
@click.option(
    "--account",
    type=options.Account(),
    default=DEFAULT_ACCOUNT,
    show_default=True,
    metavar="DIGITS",
    help="The 12-digit account of apps that name none. Apps that name theirs need nothing set.",
)
@click.option(
    "--iam",
    is_flag=True,
    help="Enforce IAM policies, over TLS: a missing permission fails here as it would on AWS. Slower.",
)
def up(*, port: int, detach: bool, region: str, account: str, iam: bool) -> None:
    """Start a local cloud and wait until it answers.

    Without --detach it runs until Ctrl-C. It listens on 127.0.0.1 only and forgets everything when it stops.

    \b
    Examples:
      fuota local up --detach
      fuota local up --port 4600 --region us-east-1
      fuota local up --iam --detach
    """
    from fuota_constructs.local import cloud as clouds

    cloud = clouds.start(port, region=region, account=account, iam=iam, outlive_us=detach)
    click.echo(f"local cloud ready: {cloud.url} ({region}, account {account}{', IAM enforced' if iam else ''})")
    option = "" if port == DEFAULT_PORT else f" --port {port}"
    click.echo(f"next: fuota local deploy{option}   then: fuota local status{option}")
    if detach:
        click.echo(f"stop it with: fuota local down{option}")
        return
    try:
        _wait_for_the_end(cloud)
    finally:
        with contextlib.suppress(KeyboardInterrupt), interruption.later():  # a second one wants the same
            clouds.stop(cloud)


def _wait_for_the_end(cloud: LocalCloud) -> None:
    import time

    from fuota_constructs.local.errors import LocalCloudError

    with contextlib.suppress(KeyboardInterrupt):
        click.echo("Ctrl-C stops it")
        while cloud.is_alive():
            time.sleep(0.2)
        if (cloud.folder / "cloud.json").exists():
            raise LocalCloudError(f"the local cloud on port {cloud.port} ended by itself: see {cloud.log}")
