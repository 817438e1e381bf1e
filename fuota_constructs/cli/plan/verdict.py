"""What a plan comes to, in a sentence and an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fuota_constructs.cli.banner import Banner
from fuota_constructs.cli.exit_codes import NOT_MET, PASSED
from fuota_constructs.cli.figures import loss_words, percent
from fuota_constructs.cli.level import Level
from fuota_constructs.lorawan.unsent_fragments import doubt_of_airtime, longer_session, why_unsent
from fuota_constructs.rules.delta_rules import DELTA_RULES
from fuota_constructs.rules.image_file_rules import IMAGE_FILE_RULES
from fuota_constructs.rules.stack_rules import STACK_RULES

if TYPE_CHECKING:
    from fuota_constructs.cli.plan.inputs import Planned

LEVELS = ("error", "warning")


class Verdict(NamedTuple):
    """Whether the session can work, and the sentence that says so first."""

    works: bool
    summary: str
    causes: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()

    @property
    def level(self) -> Level:
        """The level that says it."""
        return Level.FAILED if not self.works else Level.WARNING if self.causes else Level.PASSED

    @property
    def banner(self) -> Banner:
        """What terminal and page open with."""
        return Banner(
            self.level, f"this session {self.summary}", self.causes, self.remedies, rest="more under Findings"
        )

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "level": self.level,
            "works": self.works,
            "summary": self.summary,
            "causes": list(self.causes),
            "remedies": list(self.remedies),
        }


def verdict_of(result: Planned) -> Verdict:
    """The verdict of a plan; one that its window cuts off, or with an error, works for nobody."""
    works, summary = _works(result)
    against = [(level, f"{rule}: {message}") for rule, level, message in result.findings]
    errors = tuple(said for level, said in against if level == "error")
    causes = errors or tuple(said for _, said in against)
    return Verdict(works, summary, causes, () if works else _remedies(result))


def _works(result: Planned) -> tuple[bool, str]:
    plan, target = result.plan, percent(result.inputs.target)
    warnings = sum(level == "warning" for _, level, _ in result.findings)
    errors = dict.fromkeys(rule for rule, level, _ in result.findings if level == "error")
    if plan is None:
        return (False, "cannot be sent: the findings say why")
    if plan.cut_off:
        return (False, f"reaches nobody: {plan.cut_off}")
    if errors:
        return (False, f"does not work, says {' and '.join(errors)}")
    sent = "patch" if result.inputs.delta and result.inputs.delta.made.patch else "image"
    share = f"{percent(plan.decode_probability)} of the devices have the {sent} at {loss_words(plan)}"
    if plan.decode_probability < result.inputs.target:
        return (False, f"falls short: {share}, the target is {target}")
    if doubt := doubt_of_airtime(plan):
        share += f", unless fragments are dropped: {doubt}"
    return (True, f"works: {share}" + (f"; {_counted(warnings, 'warning')}" if warnings else ""))


def _remedies(result: Planned) -> tuple[str, ...]:
    errors = {rule for rule, level, _ in result.findings if level == "error"}
    if result.inputs.image_bytes < 1:
        return ("give an image that is not empty",)
    if "image-size" in errors:  # no session mends it
        return ("send a smaller image, such as a delta: `fuota delta BASE TARGET -o PATCH` makes one",)
    for ids, remedy in _OF_THE_FILES:
        if errors and errors <= ids:
            return (remedy,)
    slower = _longer_interval(result)
    if result.inputs.recommend:
        return (
            *slower,
            "what --recommend found for these conditions, or why no data rate fits, stands below",
        )
    return (
        *slower,
        "add --recommend: it finds what fits, or says for each data rate why nothing does",
    )


_DELTA, _FILE = ({rule.id for rule in rules} for rules in (DELTA_RULES, IMAGE_FILE_RULES))
_OF_THE_FILES: Final = (
    (_DELTA, "send the whole image, or give other files: the findings say which"),
    (_FILE | _DELTA, "give another file: the findings say which"),
    (
        {rule.id for rule in STACK_RULES},
        "let another session, or another build of the stack, meet it: the findings say what",
    ),
)
"""What to do about errors that are of these rules alone."""


def _longer_interval(result: Planned) -> tuple[str, ...]:
    plan = result.plan
    if plan is None or plan.cut_off or not plan.unsent:
        return ()
    if longer := longer_session(plan):
        return (f"choose larger fragments at a faster data rate: {why_unsent(plan)}; {longer}",)
    return (f"give an --interval of at least {plan.smallest_interval_seconds} s: {why_unsent(plan)}, coded ones too",)


def exit_code(result: Planned, fail_on: str) -> int:
    """Whether a script shall go on: not where the session fails, nor after a finding of that level or worse."""
    levels = LEVELS[: LEVELS.index(fail_on) + 1]
    works, _ = _works(result)
    return PASSED if works and not any(level in levels for _, level, _ in result.findings) else NOT_MET


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
