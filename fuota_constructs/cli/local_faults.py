"""`fuota local faults`."""

import click


@click.group()
def faults() -> None:
    """Make operations of the local IoT Wireless service fail, to see how a deployment takes it."""
