"""`fuota local deploy`."""

import click

from fuota_constructs.cli import options
from fuota_constructs.cli.cdk_arguments import CdkCommand, cdk_arguments, require_known


@click.command(cls=CdkCommand, cdk_command="deploy")
@options.port
@cdk_arguments()
@click.pass_context
def deploy(ctx: click.Context, *, port: int, cdk_arguments: tuple[str, ...]) -> None:
    """Deploy the CDK app of this folder to the local cloud.

    Synthesises it, bootstraps the accounts and Regions it names if they are not yet, and runs the pinned CDK CLI's
    `deploy --require-approval never`. Stacks, and what you write behind --, go to `cdk deploy` as they are. The devices
    that the app gives its groups are made up first, and said.

    \b
    Examples:
      fuota local deploy
      fuota local deploy MyStack -- --outputs-file out.json
      fuota local deploy --port 4600 -- --all -c stage=test
    """
    from fuota_constructs.local import cloud, deployment, stand_ins

    running = cloud.running(port)
    require_known(ctx, cdk_arguments)

    def say(text: str) -> None:
        click.echo(text, err=True)

    ctx.exit(deployment.deploy(running, cdk_arguments, say, before=stand_ins.make_members))
