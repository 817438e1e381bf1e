"""`fuota local env`."""

import json
import shlex

import click

from fuota_constructs.cli import options


@click.command()
@options.port
@click.option("--json", "as_json", is_flag=True, help="As a JSON object; null is a variable to unset.")
@click.option("--account", metavar="DIGITS", help="Speak as this account instead of the cloud's own.")
@click.option("--region", help="Speak to this Region instead of the cloud's own.")
def env(*, port: int, as_json: bool, account: str | None, region: str | None) -> None:
    """Print the variables with which boto3, the AWS CLI or any SDK talks to the local cloud.

    \b
    Examples:
      eval "$(fuota local env)"
      aws iotwireless list-fuota-tasks
      fuota local env --json
    """
    from fuota_constructs.local import cloud

    variables = cloud.running(port).environment(account=account, region=region)
    if as_json:
        click.echo(json.dumps(variables, indent=2))
        return
    for name, value in variables.items():
        click.echo(f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}")
