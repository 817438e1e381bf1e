"""`fuota local destroy`."""

import click

from fuota_constructs.cli import options


@click.command(context_settings=options.PASS_THROUGH)
@options.port
@click.argument("cdk_arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def destroy(ctx: click.Context, *, port: int, cdk_arguments: tuple[str, ...]) -> None:
    """Delete the stacks of the CDK app of this folder from the local cloud, without asking.

    Whatever you add goes to `cdk destroy` as it is.

    \b
    Examples:
      fuota local destroy
      fuota local destroy --all
    """
    from fuota_constructs.local import cloud, deployment

    ctx.exit(deployment.destroy(cloud.running(port), cdk_arguments))
