"""`fuota demo`."""

import click

from fuota_constructs.cli.root import require_local_extra


@click.command()
@click.option("--keep", is_flag=True, help="Leave the cloud running afterwards, to look around in.")
@click.pass_context
def demo(ctx: click.Context, *, keep: bool) -> None:
    """Deploy the CDK app of this folder to a cloud made for it, show what came of it, and clean up.

    Takes a free port, so it never meets a cloud that runs already, and leaves nothing running.
    """
    require_local_extra(ctx)
    from rich.console import Console

    from fuota_constructs.cli.local_status import show
    from fuota_constructs.local import cloud as clouds
    from fuota_constructs.local import deployment
    from fuota_constructs.local.overview import overview

    console = Console(highlight=False)
    console.rule("start a cloud on this machine")
    cloud = clouds.start(clouds.free_port(), outlive_us=keep)
    console.print(f"{cloud.url}: CloudFormation, S3, IAM, Lambda and IoT Wireless; AWS is not contacted")
    try:
        console.rule("cdk deploy")
        if code := deployment.deploy(cloud, [], console.print):
            ctx.exit(code)
        console.rule("read back from the IoT Wireless service")
        show(overview(cloud), console)
    finally:
        if not keep:
            clouds.stop(cloud)
    if keep:
        console.print(f"still running: fuota local status --port {cloud.port}; fuota local down --port {cloud.port}")
    else:
        console.print("the cloud is stopped and nothing of it is kept; yours to use: fuota local up")
