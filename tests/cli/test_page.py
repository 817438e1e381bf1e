"""The building blocks of the pages: they say what is left out, and show a command as one."""

from fuota_constructs.cli import page
from fuota_constructs.cli.banner import Banner
from fuota_constructs.cli.figures import Figure
from fuota_constructs.cli.level import Level


def test_a_table_says_how_many_devices_it_leaves_out() -> None:
    rows = [("lamp", ["Successful"])]
    assert "There are 1,800 more; the JSON has them all." in page.device_table(
        ["device", "status"], rows, left_out=1800
    )
    assert "more" not in page.device_table(["device", "status"], rows)


def test_a_banner_says_its_level_why_and_what_to_do() -> None:
    banner = Banner(Level.FAILED, "nobody has it", ("a", "b", "c", "d"), ("`fuota plan` finds it",), ("fuota list",))
    shown = page.opening("<T>", "lead", ["EU868", "DR3"], banner)
    assert '<section id="verdict" class="failed">' in shown
    assert "Failed: nobody has it" in shown
    assert "<li>c</li><li>and 1 more</li>" in shown
    assert "<li><code>fuota plan</code> finds it</li><li><code>fuota list</code></li>" in shown
    assert "<h1>&lt;T&gt;</h1>" in shown
    assert "`" not in shown
    assert Banner(Level.OPEN, "pending").headline == "pending"


def test_the_verdict_is_above_what_it_is_about_and_lines_end_where_nothing_is_torn() -> None:
    banner = Banner(Level.FAILED, "nobody has it", commands=("fuota rollout devices Fleet/Meters --status failed",))
    shown = page.opening("Rollout Fleet/Meters", "", ["EU868"], banner)
    assert shown.index('id="verdict"') < shown.index('id="about"')
    assert "<h1>Rollout Fleet/<wbr>Meters</h1>" in shown
    assert '<span class="whole">--status</span> failed' in shown
    assert '999 (<span class="whole">99.9 %</span>)' in page.tiles([Figure("Delivered", "999 (99.9 %)")])
