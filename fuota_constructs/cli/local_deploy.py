"""`fuota local deploy`."""

import click

from fuota_constructs.cli import options


@click.command(context_settings=options.PASS_THROUGH)
@options.port
@click.argument("cdk_arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def deploy(ctx: click.Context, *, port: int, cdk_arguments: tuple[str, ...]) -> None:
    """Deploy the CDK app of this folder to the local cloud.

    Synthesises it, bootstraps the accounts and Regions it names if they are not yet, and runs the pinned CDK CLI's
    `deploy --require-approval never`. Whatever you add goes to `cdk deploy` as it is.

    \b
    Examples:
      fuota local deploy
      fuota local deploy MyStack --outputs-file out.json
      fuota local deploy --all -c stage=test --port 4600
    """
    from fuota_constructs.local import cloud, deployment

    ctx.exit(deployment.deploy(cloud.running(port), cdk_arguments, lambda text: click.echo(text, err=True)))
