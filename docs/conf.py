"""How `make docs` builds the site: Sphinx, strict. What has its source in the code is read from the code."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "fuota-constructs"
author = "the fuota-constructs authors"
project_copyright = author
release = version = installed_version("fuota-constructs")

extensions = [
    "myst_parser",  # the pages are Markdown
    "sphinx.ext.autodoc",  # the constructs, from their docstrings
    "sphinx_click",  # the commands, from the commands
    "sphinx_copybutton",
    "json_schemas",  # JSON documents, from their schemas
    "parameter_docs",  # our docstrings name a parameter as `name`: text
]
exclude_patterns = ["_build", "_extensions"]
smartquotes = False  # they make a dash of --json
default_role = "code"  # a single backtick in a docstring is code

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_class_signature = "separated"
autodoc_preserve_defaults = True
maximum_signature_line_length = 80

# The CDK, constructs and botocore have no inventory that could be read without a network.
nitpick_ignore_regex = [
    (".*", r"(aws_cdk|cdk|constructs|jsii|iam|s3|sqs|events|cloudwatch|kms|datetime|collections)\..*")
]

html_theme = "furo"
html_title = f"fuota-constructs {release}"
html_show_sphinx = False
html_copy_source = False
copybutton_prompt_text = "$ "
