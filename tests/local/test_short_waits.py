"""The CDK CLI looks at a stack of the local cloud more often than every 5 s; its other timers stay as they are."""

import json
import subprocess
from pathlib import Path

import fuota_constructs.local
from fuota_constructs.local import cdk_cli, node

SHORT_WAITS = Path(fuota_constructs.local.__file__).parent / "short_waits.js"
NOTED = """
const wait = globalThis.setTimeout, asked = [];
globalThis.setTimeout = Object.defineProperties((callback, milliseconds, ...more) => {
  asked.push(milliseconds);
  return wait(callback, 0, ...more);
}, Object.getOwnPropertyDescriptors(wait));
process.on("exit", () => console.log(JSON.stringify(asked)));
"""
TIMERS = """
(async () => {
  await new Promise((cb) => setTimeout(cb, 5000));
  await new Promise((cb) => setTimeout(cb, 200));
  await new Promise((cb) => setTimeout(cb));
  await new Promise((cb) => setTimeout(() => cb(), 5001));
  await new Promise((cb) => setTimeout(function named() { cb(); }, 5002));
  await new Promise((cb) => setTimeout(cb.bind(null), 5003));
  await new Promise((cb) => setTimeout(cb, 5004, "an answer"));
  clearTimeout(setTimeout(() => console.log("cleared"), 5005));
  await require("node:util").promisify(setTimeout)(1);
})();
"""


def test_only_sleeps_are_shortened(tmp_path: Path) -> None:
    (tmp_path / "noted.js").write_text(NOTED, "utf-8")
    (tmp_path / "timers.js").write_text(TIMERS, "utf-8")
    command = [str(node.node()), "--require=./noted.js", f"--require={SHORT_WAITS}", "timers.js"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (json.loads(done.stdout), done.stderr) == ([300, 200, None, 5001, 5002, 5003, 5004, 5005], "")


def test_the_cli_sleeps_so_between_two_looks() -> None:
    text = (cdk_cli.ensure().parent.parent / "lib" / "index.js").read_text("utf-8")
    assert "await new Promise((cb) => setTimeout(cb, timeout))" in text
