"""`fuota plan --recommend`: parameters that work, as a snippet."""

from pathlib import Path

import pytest

from .plan_command import EU868, content, findings, plan


def test_recommends_a_snippet_that_synthesises_without_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import aws_cdk as cdk

    import fuota_constructs

    answer = content("100kB", *EU868, "--recommend", "--loss", "10%", "--target", "99.9%")
    snippet = answer["recommendation"]["snippet"]
    shown = plan("100kB", *EU868, "--recommend", "--loss", "10%", "--target", "99.9%")
    assert shown.exit_code == 0
    assert all(line in shown.stdout for line in snippet.splitlines())
    assert "recommended" in shown.stdout

    monkeypatch.chdir(tmp_path)
    Path("firmware.bin").write_bytes(bytes(100_000))
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
    assert "try a smaller (delta) image" in done.stdout
    named = plan("1MB", *EU868, "--data-rate", "0", "--recommend")
    assert named.exit_code == 3
    assert "That data rate does not fit" in named.stdout
    assert plan("0", *EU868, "--recommend").exit_code == 3
