"""`fuota local cdk`."""

import click

from fuota_constructs.cli import options
from fuota_constructs.cli.cdk_arguments import CdkCommand, cdk_arguments, require_known


@click.command(cls=CdkCommand)
@options.port
@cdk_arguments("COMMAND [-- CDK ARGUMENTS]")
@click.pass_context
def cdk(ctx: click.Context, *, port: int, cdk_arguments: tuple[str, ...]) -> None:
    """Run any command of the pinned CDK CLI against the local cloud.

    \b
    Examples:
      fuota local cdk -- diff
      fuota local cdk -- list --long
    """
    from fuota_constructs.local import cloud, deployment

    running = cloud.running(port)
    require_known(ctx, cdk_arguments)
    ctx.exit(deployment.run_cdk(running, cdk_arguments))
