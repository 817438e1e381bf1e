"""`fuota local env`."""

import os
import shlex

import click

from fuota_constructs.cli import documents, options


@click.command()
@options.port
@click.option("--json", "as_json", is_flag=True, help="As JSON; of `variables`, null is one to unset.")
@click.option(
    "--account", type=options.Account(), metavar="DIGITS", help="Speak as this account instead of the cloud's own."
)
@click.option("--region", help="Speak to this Region instead of the cloud's own.")
def env(*, port: int, as_json: bool, account: str | None, region: str | None) -> None:
    """Print the variables with which boto3, the AWS CLI or any SDK talks to the local cloud, and to nothing on AWS.

    Profiles, endpoints, tokens and what else of AWS your shell has are unset, and ~/.aws is not read.

    \b
    Examples:
      eval "$(fuota local env)"
      aws iotwireless list-fuota-tasks
      eval "$(fuota local env --account 111122223333 --region us-east-1)"
      fuota local env --json
    """
    from fuota_constructs.local import cloud, environment_variables

    own = cloud.running(port).environment(account=account, region=region)
    changes = environment_variables.of_shell(os.environ, own)
    if as_json:
        click.echo(documents.as_text("local-env", {"variables": changes}))
        return
    click.echo(f"unset {' '.join(name for name, value in changes.items() if value is None)}")
    for name, value in changes.items():
        if value is not None:
            click.echo(f"export {name}={shlex.quote(value)}")
