"""`fuota local destroy`."""

import click

from fuota_constructs.cli import options
from fuota_constructs.cli.cdk_arguments import CdkCommand, cdk_arguments, require_known


@click.command(cls=CdkCommand, cdk_command="destroy")
@options.port
@cdk_arguments()
@click.pass_context
def destroy(ctx: click.Context, *, port: int, cdk_arguments: tuple[str, ...]) -> None:
    """Delete the stacks of the CDK app of this folder from the local cloud, without asking.

    Stacks, and what you write behind --, go to `cdk destroy` as they are.

    \b
    Examples:
      fuota local destroy
      fuota local destroy -- --all
    """
    from fuota_constructs.local import cloud, deployment

    running = cloud.running(port)
    require_known(ctx, cdk_arguments)
    ctx.exit(deployment.destroy(running, cdk_arguments, lambda text: click.echo(text, err=True)))
