"""`fuota local cdk`."""

import click

from fuota_constructs.cli import options


@click.command(context_settings=options.PASS_THROUGH)
@options.port
@click.argument("cdk_arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def cdk(ctx: click.Context, *, port: int, cdk_arguments: tuple[str, ...]) -> None:
    """Run any command of the pinned CDK CLI against the local cloud.

    \b
    Examples:
      fuota local cdk -- diff
      fuota local cdk -- list --long
    """
    from fuota_constructs.local import cloud, deployment

    ctx.exit(deployment.run_cdk(cloud.running(port), cdk_arguments))
