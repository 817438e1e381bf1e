"""Makes docs/_static/rehearsal.png anew (`make pictures`): what a rehearsal of app.py writes, as Chromium shows it."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "_static" / "rehearsal.png"
MOST_BYTES = 200_000
FLEET = """
seed: 1
cohorts:
  - {name: street, count: 180, loss: 12%}
  - {name: cellar, count: 20, loss: {kind: beta, mean: 22%, spread: 4%}}
"""
SIZE = "--window-size=1000,880"
HEADLESS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", SIZE)


def main() -> None:
    """Rehearse, take the picture, and see that it is small enough for a README."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        sys.exit("no Chromium on PATH: install one, such as `apt-get install chromium`")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "fleet.yaml").write_text(FLEET, encoding="utf-8")
        page = folder / "rehearsal.html"
        command = [sys.executable, "-m", "fuota_constructs.cli", "rehearse", "--fleet", str(folder / "fleet.yaml")]
        subprocess.run([*command, "--html", str(page)], cwd=ROOT, check=False)  # the cellar fails: a picture, too
        taken = [browser, *HEADLESS, f"--user-data-dir={folder / 'profile'}", f"--screenshot={PICTURE}", page.as_uri()]
        subprocess.run(taken, check=True, capture_output=True)
    if PICTURE.stat().st_size > MOST_BYTES:
        sys.exit(f"{PICTURE} has {PICTURE.stat().st_size:,} bytes, more than {MOST_BYTES:,}")


if __name__ == "__main__":
    main()
