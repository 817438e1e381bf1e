"""Prints the page of rules, docs/reference/rules.md, as Markdown."""

import sys

from fuota_constructs.rules import markdown_page

sys.stdout.write(markdown_page())
