"""Functions whose code is in the template: AWS gives them a module to answer CloudFormation with, MiniStack does not.

Documented (AWS CloudFormation User Guide, "cfn-response module"): for ZipFile only, and in Python only with the
statement `import cfnresponse`. Belongs to `ministack_host`, which checks the seam below.
"""

from __future__ import annotations

import importlib
import io
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

SEAMS: tuple[tuple[str, str, tuple[str, ...] | None], ...] = (
    ("ministack.services.cloudformation.provisioners", "_zip_inline", ("source", "handler", "runtime")),
)
_HERE = Path(__file__).parent
# By the runtime: what in the source asks for the module, its file here, and its name in the archive.
_MODULES = {
    "python": (re.compile(r"^\s*import cfnresponse\b", re.MULTILINE), "cfnresponse.py", "cfnresponse.py"),
    "nodejs": (re.compile(r"['\"]cfn-response['\"]"), "cfn-response.js", "node_modules/cfn-response.js"),
}


def install() -> None:
    """Put the module beside the code that asks for it."""
    provisioners: Any = importlib.import_module("ministack.services.cloudformation.provisioners")
    pack_before: Callable[[str | None, str, str], bytes | None] = provisioners._zip_inline

    def pack(source: str | None, handler: str, runtime: str = "python3.12") -> bytes | None:
        packed = pack_before(source, handler, runtime)
        found = next((module for language, module in _MODULES.items() if runtime.startswith(language)), None)
        if source is None or packed is None or found is None or not found[0].search(source):
            return packed
        archive = io.BytesIO(packed)
        with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as opened:
            opened.write(_HERE / found[1], found[2])
        return archive.getvalue()

    provisioners._zip_inline = pack
