"""Prints the table of rules as Markdown."""

import sys

from fuota_constructs.rules import markdown_table

sys.stdout.write(markdown_table())
