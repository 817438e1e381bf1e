"""The page of `fuota plan --html`: one file, no network, pictures with their numbers beside them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from fuota_constructs.cli import page
from fuota_constructs.cli.about import made
from fuota_constructs.cli.figures import count, duration, energy, percent
from fuota_constructs.cli.plan import charts as plan_charts
from fuota_constructs.cli.plan.delta import HEADINGS, TITLE, remarks_of, rows_of, snippet_of
from fuota_constructs.cli.plan.figures import figures_of, image_name, inputs_of, session_words
from fuota_constructs.cli.plan.series import SETUP_SECONDS, loss_curves, loss_rows, size_curves
from fuota_constructs.cli.plan.verdict import verdict_of
from fuota_constructs.lorawan.unsent_fragments import why_unsent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fuota_constructs.cli.plan.inputs import Planned
    from fuota_constructs.cli.repeatable import Typed
    from fuota_constructs.lorawan.recommendation import Option, Recommendation
    from fuota_constructs.lorawan.session_plan import SessionPlan


def page_of(
    result: Planned,
    typed: Typed,
    best: Recommendation | None,
    choices: Sequence[Option],
    *,
    whole: Planned | None = None,
) -> str:
    """The whole page, as HTML."""
    plan = result.plan
    image = image_name(result.inputs) if result.inputs.image_name else f"{count(result.inputs.image_bytes)} bytes"
    title = f"FUOTA session: {image} in {result.inputs.conditions.region.name}"
    about = [*session_words(result), *made(typed.at)]
    parts = [page.opening(title, _lead(result), about, verdict_of(result).banner)]
    if plan:
        parts += [page.tiles(figures_of(result, plan))]
    if whole:
        parts += [_beside(result, whole)]
    parts += [page.findings(result.findings)]
    if plan:
        parts += [_timeline(plan)]
        if not (plan.cut_off or result.refused):  # curves of success would be read as if the session could be sent
            parts += [_loss(plan, result.inputs.target)]
        parts += [_sizes(plan, result)]
    parts += [_options(choices, best)]
    if best:
        parts += [_recommended(result, best)]
    parts += [page.inputs("inputs", "Worked out from", inputs_of(result)), page.again(typed.command)]
    return page.document(title, parts)


def _beside(result: Planned, whole: Planned) -> str:
    shown = [place for place, heading in enumerate(HEADINGS) if heading != "airtime"]  # a phone is narrow
    headings = [HEADINGS[place] for place in shown]
    rows = [(row.name, [row.cells[place - 1] for place in shown[1:]], row.sent) for row in rows_of(result, whole)]
    lead = page.text(" ".join(remarks_of(result, whole)))
    return f'<section id="beside"><h2>{TITLE}</h2><p class="lead">{lead}</p>{page.table(headings, rows)}</section>'


def _lead(result: Planned) -> str:
    plan = result.plan
    if plan is None:
        return ""
    return (
        f"{count(plan.fragments)} fragments at {plan.data_rate_text}, one every {plan.interval_seconds} s,"
        f" take {duration(plan.duration_seconds)}."
    )


def _timeline(plan: SessionPlan) -> str:
    data = plan.data_fragments * plan.interval_seconds
    device = plan.device_window_seconds
    caption = (
        f"Set-up: at least {duration(SETUP_SECONDS)} before the first fragment. Data fragments:"
        f" {count(plan.data_fragments)} in {duration(data)}. Coded fragments: {count(plan.coded_fragments)} in"
        f" {duration(plan.duration_seconds - data)}. Done after {duration(plan.duration_seconds)}. The session ends for"
        + (f" a class C device that follows TS005-1.0.0 after {duration(device)} and" if device else "")
        + f" the service after {duration(plan.service_window_seconds)}, finished or not."
    )
    return page.figure("timeline", "The session from start to end", plan_charts.timeline_chart(plan), caption)


def _loss(plan: SessionPlan, target: float) -> str:
    losses, rows = loss_rows(plan)
    caption = (
        "Each line is a redundancy: coded fragments in per cent of the data fragments."
        f" With the planned redundancy of {plan.redundancy_percent} % (thick line) and a loss of {percent(plan.loss)}"
        f" (dashed), {percent(plan.decode_probability)} of the devices put the image together; the target is"
        f" {percent(target)} (dotted). Coded fragments get lost like any other, so redundancy must exceed the loss."
        " Each step up the scale leaves a tenth of the failures." + _unsent(plan)
    )
    table = page.table(
        ["redundancy", *(f"{percent(loss)} loss" for loss in losses)],
        [
            (f"{redundancy} %", [percent(chance) for chance in chances], redundancy == plan.redundancy_percent)
            for redundancy, chances in rows
        ],
    )
    pictures = plan_charts.loss_chart(loss_curves(plan), plan, target)
    return page.figure("loss", "How many devices succeed, if fragments get lost", pictures, caption, table)


def _unsent(plan: SessionPlan) -> str:
    return f" On top of the loss shown, {why_unsent(plan)}, in every line." if plan.unsent else ""


def _sizes(plan: SessionPlan, result: Planned) -> str:
    curves = size_curves(plan, result.inputs.conditions)
    caption = (
        f"Smallest lawful interval and {plan.redundancy_percent} % redundancy throughout. The dot is the plan:"
        f" {plan.fragment_bytes} bytes at DR{plan.data_rate}, {duration(plan.duration_seconds)}, {energy(plan)}"
        " a device for listening. Lines end at the largest fragment of their data rate; dashed are the longest sessions"
        " allowed. Steps come from the interval, which the service rounds to whole seconds."
    )
    table = page.table(
        ["rate", "bytes", "lasts", "energy"],
        [
            (
                f"DR{curve.data_rate.index}",
                [str(size), duration(seconds), f"{charge:.3g} mAh"],
                curve.data_rate.index == plan.data_rate,
            )
            for curve in curves
            for size, seconds, charge in curve.points[-1:]
        ],
    )
    heading = "What fragment size and data rate cost"
    return page.figure("size", heading, plan_charts.size_chart(curves, plan), caption, table)


def _options(choices: Sequence[Option], best: Recommendation | None) -> str:
    rows = []
    for option in choices:
        plan, chosen = option.plan, best is not None and best.plan.data_rate == option.data_rate.index
        cells = ["-"] * 5
        if plan:
            cells = [
                str(plan.fragment_bytes),
                f"{plan.interval_seconds} s",
                f"{plan.redundancy_percent} %",
                duration(plan.duration_seconds),
                energy(plan),
            ]
        word = "best" if chosen else "no" if option.obstacle else "yes"
        rows.append((f"DR{option.data_rate.index}", [*cells, word], chosen))
    headings = ["rate", "bytes", "every", "redund.", "lasts", "energy", "fits"]
    obstacles = [
        f"<li>DR{option.data_rate.index}: {escape(option.obstacle)}</li>" for option in choices if option.obstacle
    ]
    listed = f'<ul class="why">{"".join(obstacles)}</ul>' if obstacles else ""
    return (
        '<section id="options"><h2>The best of each data rate</h2><p class="lead">The largest fragment that also passes'
        " a repeater, the smallest lawful interval, the smallest redundancy for the target.</p>"
        f"{page.table(headings, rows)}{listed}</section>"
        if rows
        else ""
    )


def _recommended(result: Planned, best: Recommendation) -> str:
    why = "".join(f"<li>{escape(reason)}</li>" for reason in best.why)
    return (
        f'<section id="recommended"><h2>Recommended</h2><ul class="why">{why}</ul>'
        f"<pre>{escape(snippet_of(result, best))}</pre></section>"
    )
