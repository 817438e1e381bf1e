"""`fuota local down`."""

import click

from fuota_constructs.cli import options


@click.command()
@options.port
def down(*, port: int) -> None:
    """Stop the local cloud, with all its Lambda functions. Nothing it held is kept.

    It is no error when none runs.
    """
    from fuota_constructs.local import cloud as clouds

    cloud = clouds.find(port)
    if cloud is None:
        click.echo(f"no local cloud runs on port {port}")
        return
    clouds.stop(cloud)
    click.echo(f"the local cloud on port {port} is stopped")
