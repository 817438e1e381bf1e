"""`fuota plan --recommend`: parameters that work, as a snippet."""

from pathlib import Path

import pytest

from .plan_command import EU868, content, findings, plan


@pytest.mark.parametrize(
    ("size", "told", "said"),
    [
        (100_000, ("--loss", "10%", "--target", "99.9%"), ()),
        (
            20_000,
            ("--loss", "12%", "--frequency", "868100000", "--device-stack", "zephyr,max_fragments=1000"),
            ("planned_loss_percent=12,", "downlink_frequency_hz=868100000", 'device_stack="zephyr@'),
        ),
    ],
)
def test_recommends_a_snippet_that_synthesises_without_a_finding(
    size: int, told: tuple[str, ...], said: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import aws_cdk as cdk

    import fuota_constructs

    answer = content(str(size), *EU868, "--recommend", *told)
    snippet = answer["recommendation"]["snippet"]
    assert all(each in snippet for each in said)
    shown = plan(str(size), *EU868, "--recommend", *told)
    assert shown.exit_code == 0
    assert all(line in shown.stdout for line in snippet.splitlines())
    assert "recommended" in shown.stdout

    monkeypatch.chdir(tmp_path)
    Path("firmware.bin").write_bytes(bytes(size))
    app = cdk.App(outdir=str(tmp_path / "cdk.out"))
    names = {name: getattr(fuota_constructs, name) for name in fuota_constructs.__all__}
    exec(snippet, names | {"cdk": cdk, "stack": cdk.Stack(app, "Stack")})  # noqa: S102  # a snippet of ours
    app.synth()
    [task] = [each for each in app.node.find_all() if isinstance(each, fuota_constructs.FuotaTask)]
    assert task.findings == ()


def test_recommends_next_to_parameters_that_cannot_be_sent() -> None:
    bad = ("1MB", "--region", "US915", "--fragment-size", "30", "--recommend")
    done, answer = plan(*bad), content(*bad)
    assert done.exit_code == 3
    assert answer["plan"] is None
    better = answer["recommendation"]["plan"]
    given = ("--data-rate", "--fragment-size", "--interval", "--redundancy")
    keys = ("data_rate", "fragment_size_bytes", "fragment_interval_seconds", "redundancy_percent")
    numbers = [part for name, key in zip(given, keys, strict=True) for part in (name, str(better[key]))]
    assert plan("1MB", "--region", "US915", *numbers).exit_code == 0
    assert set(findings("1MB", "--region", "US915", *numbers)) == {
        "fragment-count-2040",
        "image-size",
    }  # of the image itself


def test_says_when_nothing_fits() -> None:
    done = plan("1MiB", "--region", "EU868", "--frequency", "868800000", "--recommend")
    assert done.exit_code == 3
    assert "Nothing fits" in done.stdout
    assert "add --recommend" not in done.stdout  # it is there
    assert "try a smaller (delta) image" in done.stdout
    named = plan("1MB", *EU868, "--data-rate", "0", "--recommend")
    assert named.exit_code == 3
    assert "That data rate does not fit" in named.stdout
    assert plan("0", *EU868, "--recommend").exit_code == 3
