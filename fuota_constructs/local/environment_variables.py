"""Which environment variables reach what runs on this machine in the place of AWS.

A developer's shell holds what leads to AWS (profiles, endpoints, tokens), what keeps a program from 127.0.0.1 (proxies)
and what is nobody's business (secrets of other tools). Three sets come out of it:

- `of_cloud`: an allow-list, for the cloud and its Lambda functions, which have no use for the developer's own settings;
- `of_app`: for the CDK CLI and the app it runs, which needs its own settings to synthesise: all but what configures an
  AWS SDK or the CDK CLI, and proxies that leave this machine out;
- `of_shell`: the same for a shell, as changes to what it has.
"""

from collections.abc import Mapping

LOOPBACK = ("127.0.0.1", "localhost")

# What a program needs to start, to speak the user's language and to trust the machine's certificates.
_CLOUD = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TZDIR", "TMPDIR"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "NODE_USE_SYSTEM_CA"),
        *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"),
        *("PYTHONHOME", "PYTHONPATH"),
        *("FUOTA_CACHE_DIR", "FUOTA_STATE_DIR", "XDG_CACHE_HOME", "XDG_STATE_HOME"),
    }
)
_LANGUAGE_PREFIX = "LC_"

# Of AWS, only what makes no difference to where a call goes or who makes it.
_HARMLESS = frozenset({"AWS_PAGER", "AWS_DEFAULT_OUTPUT", "AWS_CLI_AUTO_PROMPT"})
# The SDKs of AWS read AWS_ and SMITHY_, the CDK CLI AMAZON_ as well, and aws_ca_bundle in lower case.
_SDK_PREFIXES = ("AWS_", "AMAZON_", "SMITHY_")
# The CDK CLI takes any of its options from CDK_<OPTION>; an app may have CDK_ variables of its own (CDK_STAGE).
_CDK_OPTIONS = frozenset(
    f"CDK_{option}"
    for option in (
        *("APP", "BUILD", "OUTPUT", "PROFILE", "REGION", "PROXY", "CA_BUNDLE_PATH", "EC2CREDS", "ROLE_ARN"),
        *("DEFAULT_ACCOUNT", "DEFAULT_REGION", "CONTEXT_JSON", "OUTDIR", "TOOLKIT_STACK_NAME", "ROLE_SESSION_NAME"),
        *("S3_FORCE_PATH_STYLE", "CLI_USERAGENT", "LIVE", "LEGACY_BOOTSTRAP", "TELEMETRY_FILE"),
    )
)
# What to unset in a shell even where this process does not have it: the output may be kept for another one.
_USUAL = (
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_CREDENTIAL_EXPIRATION"),
    *("AWS_ACCOUNT_ID", "AWS_CA_BUNDLE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT"),
    *("AWS_USE_DUALSTACK_ENDPOINT", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    *("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
    *("AWS_ENDPOINT_URL_CLOUDFORMATION", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_IOT_WIRELESS"),
    *("AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SSM", "AWS_ENDPOINT_URL_STS"),
)


def of_cloud(base: Mapping[str, str]) -> dict[str, str]:
    """Of `base`, what the cloud and its Lambda functions may see.

    Text is UTF-8 there, as in AWS's Lambda runtimes: MiniStack writes the programs of its functions in the encoding of
    the machine, and most have no room for all characters of these.
    """
    seen = {name: value for name, value in base.items() if name in _CLOUD or name.startswith(_LANGUAGE_PREFIX)}
    return {**seen, "PYTHONUTF8": "1"}


def of_app(base: Mapping[str, str], cloud: Mapping[str, str]) -> dict[str, str]:
    """`base` for the CDK CLI and the app: `cloud` in the place of what leads to AWS, and no proxy before 127.0.0.1.

    An app's own settings stay, unless their names begin with AWS_: no list of what an SDK reads there would hold.
    """
    kept = {name: value for name, value in base.items() if not _leads_away(name) and name not in _CDK_OPTIONS}
    return {**kept, **_no_proxy(base), **cloud}


def of_shell(base: Mapping[str, str], cloud: Mapping[str, str]) -> dict[str, str | None]:
    """What to change in a shell that has `base`; None is a variable to unset."""
    leaving = [name for name in base if _leads_away(name)]
    unset = [name for name in dict.fromkeys([*_USUAL, *sorted(leaving)]) if name not in cloud]
    return {**cloud, **_no_proxy(base), **dict.fromkeys(unset)}


def _leads_away(name: str) -> bool:
    return name.upper().startswith(_SDK_PREFIXES) and name not in _HARMLESS


def _no_proxy(base: Mapping[str, str]) -> dict[str, str]:
    # Programs differ in which of the two they read. The CDK CLI prefers npm's over both, where there is one.
    before = next((base[name] for name in ("no_proxy", "NO_PROXY") if base.get(name)), "")
    result = dict.fromkeys(("NO_PROXY", "no_proxy"), _with_loopback(before))
    for name, value in base.items():
        if name.lower() in {"npm_config_no_proxy", "npm_config_noproxy"}:
            result[name] = _with_loopback(value)
    return result


def _with_loopback(exceptions: str) -> str:
    named = [part for part in exceptions.split(",") if part]
    return ",".join([*named, *(host for host in LOOPBACK if host not in named)])
