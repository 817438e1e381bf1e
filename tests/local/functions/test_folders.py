"""A function has /tmp to itself and its layers under /opt, as on AWS, and the machine's own stay as they are."""

import json
import textwrap
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fuota_constructs.local import cloud as clouds

from .conftest import archive

Make = Callable[..., Any]
HOST_TMP = Path("/tmp")  # noqa: S108  # what functions see


@pytest.fixture
def name() -> str:
    """A name that nothing on the machine has."""
    return f"fuota-test-{uuid.uuid4().hex}"


def python(body: str) -> dict[str, str]:
    return {"index.py": f"def handler(event, context):\n{textwrap.indent(textwrap.dedent(body), '    ')}"}


def node(body: str) -> dict[str, str]:
    return {"index.js": f"exports.handler = async (name) => {{\n{body}\n}};"}


PYTHON_WAYS = {
    "open": "with open(f'/tmp/{event}', 'w') as file: file.write('x')",
    "pathlib": "from pathlib import Path; Path(f'/tmp/{event}').write_text('x')",
    "os": "import os; os.close(os.open(f'/tmp/{event}', os.O_CREAT | os.O_WRONLY))",
    "bytes": "import os; os.mkdir(f'/tmp/{event}'.encode())",
    "makedirs": "import os; os.makedirs(f'/tmp/{event}/a/b', exist_ok=True)",
    "rename": "import os; os.mkdir('/tmp/a'); os.rename('/tmp/a', dst=f'/tmp/{event}')",
    "shutil": "import shutil; shutil.copy(__file__, f'/tmp/{event}')",
    "tempfile": "import tempfile; open(tempfile.gettempdir() + f'/{event}', 'w').close()",
    "shell": "import subprocess; subprocess.run(f'echo x > /tmp/{event}', shell=True, check=True)",
    "command": "import subprocess; subprocess.check_call(['touch', f'/tmp/{event}'])",
    "folder": "import subprocess; subprocess.check_call(['touch', event], cwd='/tmp')",
    "variable": "import os; os.environ['OUT'] = f'/tmp/{event}'; os.system('touch $OUT')",
    "putenv": "import os; os.putenv('OUT', f'/tmp/{event}'); os.system('touch $OUT')",
    "its variables": "import subprocess; variables = {'OUT': f'/tmp/{event}', 'PATH': '/bin:/usr/bin'}\n"
    "subprocess.check_call('touch $OUT', shell=True, env=variables)",
    "home": "import subprocess; subprocess.check_call(f'touch ~/{event}', shell=True)",
    "import": "open(f'/tmp/lib.py', 'w').write('value = 1')\nimport sys; sys.path.insert(0, '/tmp')\n"
    "import lib; assert lib.value == 1; open(f'/tmp/{event}', 'w').close()",
}


@pytest.mark.parametrize("way", PYTHON_WAYS)
def test_what_python_writes_to_tmp_stays_with_the_function(way: str, function: Make, name: str) -> None:
    body = f"{PYTHON_WAYS[way]}\nimport os\nreturn [os.path.exists(f'/tmp/{{event}}'), event in os.listdir('/tmp')]"
    assert function(python(body))(name) == [True, True]
    assert not (HOST_TMP / name).exists()


def test_tmp_needs_no_quotes_wherever_the_cloud_keeps_its_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on AWS; the usual state folder of a Mac has a blank in its name."""
    monkeypatch.setenv("FUOTA_STATE_DIR", str(tmp_path / "Application Support (☃)"))
    running = clouds.start(clouds.free_port())
    shell = "import os; os.environ['OUT'] = '/tmp/out'; os.system('echo $OUT > $OUT; cp $OUT /tmp/copy')"
    try:
        client = running.client("lambda")
        client.create_function(
            FunctionName="shell",
            Runtime="python3.13",
            Handler="index.handler",
            Timeout=60,
            Role=f"arn:aws:iam::{running.account}:role/any",
            Code={"ZipFile": archive(python(f"{shell}\nreturn open('/tmp/copy').read().strip()"))},
        )
        said = json.loads(client.invoke(FunctionName="shell")["Payload"].read())
        [temporary] = [each for each in Path(said).parents if each.name.startswith("fuota-cloud-")]
        assert temporary.is_dir()
    finally:
        clouds.stop(running)
    assert not temporary.exists()


NODE_WAYS = {
    "writeFileSync": "require('fs').writeFileSync(`/tmp/${name}`, 'x');",
    "callback": "await new Promise((done) => require('fs').mkdir(`/tmp/${name}`, done));",
    "promises": "await require('fs/promises').writeFile(`/tmp/${name}`, 'x');",
    "stream": "await new Promise((done) => require('fs').createWriteStream(`/tmp/${name}`).end('x', done));",
    "url": "require('fs').writeFileSync(new URL(`file:///tmp/${name}`), 'x');",
    "descriptor": "const fs = require('fs'); fs.writeFileSync(fs.openSync(`/tmp/${name}`, 'w'), '/tmp/text');",
    "rename": "const fs = require('fs'); fs.mkdirSync('/tmp/a'); fs.renameSync('/tmp/a', `/tmp/${name}`);",
    "named import": "(await import('node:fs')).writeFileSync(`/tmp/${name}`, 'x');",
    "tmpdir": "require('fs').writeFileSync(require('os').tmpdir() + '/' + name, 'x');",
    "execSync": "require('child_process').execSync(`HOME=/tmp touch /tmp/${name}`);",
    "spawnSync": "require('child_process').spawnSync('touch', [`/tmp/${name}`]);",
    "execFileSync": "require('child_process').execFileSync('touch', [name], { cwd: '/tmp' });",
    "exec": "await require('util').promisify(require('child_process').exec)(`touch /tmp/${name}`);",
    "variable": "process.env.OUT = `/tmp/${name}`; require('child_process').execSync('touch $OUT');",
    "home": "require('child_process').execSync(`touch ~/${name}`);",
    "require": "const fs = require('fs'); fs.mkdirSync('/tmp/node_modules/a', { recursive: true });"
    "fs.writeFileSync('/tmp/node_modules/a/index.js', 'exports.value = 1');"
    "if (require('/tmp/node_modules/a').value !== 1) throw new Error('no'); fs.writeFileSync(`/tmp/${name}`, 'x');",
    "import": "const fs = require('fs'); fs.writeFileSync('/tmp/a.mjs', 'export const value = 1');"
    "if ((await import('/tmp/a.mjs')).value !== 1) throw new Error('no'); fs.writeFileSync(`/tmp/${name}`, 'x');",
}


@pytest.mark.parametrize("way", NODE_WAYS)
def test_what_node_writes_to_tmp_stays_with_the_function(way: str, function: Make, name: str) -> None:
    body = f"{NODE_WAYS[way]} const f = require('fs');"
    body += "return [f.existsSync(`/tmp/${name}`), f.readdirSync('/tmp').includes(name)];"
    assert function(node(body))(name) == [True, True]
    assert not (HOST_TMP / name).exists()


def test_two_functions_do_not_share_tmp(function: Make) -> None:
    writing = "open('/tmp/mark', 'a').write('x'); return open('/tmp/mark').read()"
    first, second = (
        function(python(writing)),
        function(node("return require('fs').readdirSync('/tmp').includes('mark');")),
    )
    assert (first(), first()) == ("x", "xx")  # a warm environment keeps it
    assert second() is False


LAYER = {
    "data.json": json.dumps({"layer": 1}),
    "bin/tool": "#!/bin/sh\necho tool $1\n",
    "bin/of-aws": "#!/var/lang/bin/python\nprint('python of the runtime')\n",
    "nodejs/node_modules/a/index.js": "exports.value = 'a module';",
    "python/of_layer.py": "value = 'a module'",
}
TOOLS = "tool x\npython of the runtime\n"


def test_layers_lie_under_opt_for_python(function: Make) -> None:
    body = """
        import json, os, subprocess, of_layer
        os.environ['PATH'] = '/opt/bin:' + os.environ['PATH']
        said = subprocess.check_output(['/opt/bin/tool', 'x'], text=True)
        said += subprocess.check_output(['of-aws'], text=True)
        return [json.load(open('/opt/data.json')), said, of_layer.value, sorted(os.listdir('/opt/bin'))]
    """
    expected = [{"layer": 1}, TOOLS, "a module", ["of-aws", "tool"]]
    assert function(python(body), layers=(LAYER,))() == expected


def test_layers_lie_under_opt_for_node(function: Make) -> None:
    body = """
        const { execSync, execFileSync } = require('child_process');
        process.env.PATH = '/opt/bin:' + process.env.PATH;
        const said = execFileSync('/opt/bin/tool', ['x']) + execSync('of-aws');
        return [require('/opt/data.json'), said, require('a').value, require('fs').readdirSync('/opt/bin').sort()];
    """
    expected = [{"layer": 1}, TOOLS, "a module", ["of-aws", "tool"]]
    assert function(node(body), layers=(LAYER,))() == expected


def test_of_two_layers_the_later_one_wins(function: Make) -> None:
    layers = ({"a": "first", "only": "first"}, {"a": "second"})
    assert function(python("return open('/opt/a').read() + open('/opt/only').read()"), layers=layers)() == "secondfirst"
    body = "const f = require('fs'); return f.readFileSync('/opt/a') + f.readFileSync('/opt/only');"
    assert function(node(body), layers=layers)() == "secondfirst"


@pytest.mark.parametrize("make", [python, node])
def test_programs_in_the_code_keep_their_mode(make: Callable[[str], dict[str, str]], function: Make) -> None:
    body = {
        python: "import subprocess; return subprocess.check_output(['./tool'], text=True)",
        node: "return String(require('child_process').execFileSync('./tool'));",
    }[make]
    assert function({**make(body), "tool": "#!/bin/sh\necho ran\n"})() == "ran\n"


@pytest.mark.parametrize("make", [python, node])
def test_what_is_not_there_is_missing_as_usual(make: Callable[[str], dict[str, str]], function: Make) -> None:
    body = {
        python: "import os; return [os.path.exists(path) for path in ('/opt/none', '/tmp/none', '/bin/sh')]",
        node: "return ['/opt/none', '/tmp/none', '/bin/sh'].map((path) => require('fs').existsSync(path));",
    }[make]
    assert function(make(body))() == [False, False, True]
