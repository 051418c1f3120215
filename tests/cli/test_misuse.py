"""A user's mistake gives one clear line on standard error and exit status 2; never a traceback."""

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gradus.cli import main

FILES = {
    "good.py": "import numpy as np\ndef attention(q, k, v): return q\nNUMBER = 3\n",
    "syntax.py": "def attention(q, k, v) return q\n",
    "raises.py": "import numpy as np\nx = 1 / 0\n",
    "imports.py": "import no_such_module_at_all\n",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path / "data"))
    return tmp_path


MISUSE = [
    (["show", "atention"], "did you mean attention"),
    (["show"], "KEY"),
    *(([verb, "seq2seq"], "Sequence to sequence: no page yet; nearest: lstm") for verb in ("show", "path", "verify", "practice", "run")),
    (["nonsense"], "nonsense"),
    (["map", "nowhere"], "areas"),
    (["search", "zzzzqqqq"], "nothing found"),
    (["path"], "expected a concept"),
    (["path", "atention"], "attention"),
    (["path", "attention", "--known", "derivativ"], "derivative"),
    (["path", "--route", "engineers"], "engineer"),
    (["verify"], "expected a concept"),
    (["verify", "atention"], "attention"),
    (["verify", "attention", "--all"], "not both"),
    (["verify", "norm", "atention"], "attention"),
    (["verify", "norm", "attention", "--implementation", "good.py:attention"], "one concept"),
    (["verify", "attention", "--framework", "torch"], "--implementation"),
    (["verify", "networks", "--implementation", "good.py:attention"], "one concept"),
    (["verify", "attention", "--implementation", "good.py"], "FILE.py:function"),
    (["verify", "attention", "--implementation", "absent.py:f"], "no file absent.py"),
    (["verify", "attention", "--implementation", "good.py:attenton"], "it has attention"),
    (["verify", "attention", "--implementation", "good.py:NUMBER"], "not callable"),
    (["verify", "attention", "--implementation", "syntax.py:attention"], "line 1"),
    (["verify", "attention", "--implementation", "no_such_module_at_all:f"], "cannot import"),
    (["verify", "attention", "--implementation", "math:no_such_function"], "has no"),
    (["verify", "attention", "--implementation", "good.py:attention", "--framework", "tensorflow"], "tensorflow"),
    (["verify", "attention", "--seed", "many"], "--seed"),
    (["practice", "atention"], "attention"),
    (["practice", "attention", "--output", "good.py"], "exists"),
    (["practice", "attention", "--output", "absent/mine.py"], "cannot write"),
    (["run", "lent"], "lenet"),
    (["run", "multi-head"], "recipe"),
    (["run", "lenet", "--data", "minst"], "mnist"),
    (["run", "lenet", "--seed", "1", "--seeds", "2"], "not both"),
    (["run", "lenet", "--seeds", "0"], "seed"),
    (["run", "lenet", "--epochs", "0"], "epochs"),
    (["run", "lenet", "--device", "cuda:7"], "cuda"),
    (["run", "lenet", "--device", "tpu-nine"], "tpu-nine"),
    (["run", "lenet", "--data", "mnist", "--data-dir", "nowhere"], "mnist"),
    (["run", "lenet", "--directory", "good.py"], "good.py"),
    (["data", "get"], "name of a data set"),
    (["data", "get", "minst"], "mnist"),
    (["data", "steal"], "steal"),
    (["map", "--lang", "fr"], "en or zh"),
    (["doctor", "--frobnicate"], "frobnicate"),
]  # fmt: skip


@pytest.mark.parametrize(("argv", "said"), MISUSE, ids=lambda x: " ".join(x) if isinstance(x, list) else "")
def test_one_clear_line_and_status_2(folder, capsys, argv, said):
    before = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}
    try:
        status = main(argv)
    except SystemExit as stop:
        status = stop.code
    err = capsys.readouterr().err
    assert status == 2
    assert err.startswith("gradus: ")
    assert err.count("\n") == 1, err
    assert said in err
    assert "Traceback" not in err
    assert {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()} == before, (
        "something was written"
    )


@pytest.mark.parametrize(
    ("file", "words"), [("raises.py", "line 2"), ("imports.py", "no_such_module_at_all")]
)
def test_a_file_that_raises_when_imported_is_judged_to_do_so(folder, capsys, file, words):
    argv = ["verify", "attention", "--implementation", f"{file}:attention", "--junit", "claims.xml"]
    assert main(argv) == 1
    assert words in capsys.readouterr().out
    assert words in (folder / "claims.xml").read_text("utf-8")


BY_ARGPARSE = re.compile(r"required|invalid (choice|int)|unrecognized")  # Python's own words


@pytest.mark.parametrize("argv", [argv for argv, _ in MISUSE if "--lang" not in argv], ids=" ".join)
def test_the_line_is_in_the_readers_language(folder, capsys, argv):
    with contextlib.suppress(SystemExit):
        main([*argv, "--lang", "zh"])
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert re.search("[\u4e00-\u9fff]", err)
    # No English phrase of ours: four words in a row are another program's, quoted after a Chinese colon.
    ours = re.sub("：[^：；]*", "", err.removeprefix("gradus: ").strip())
    assert BY_ARGPARSE.search(err) or not re.search(r"(?<![\w`-])([a-z]+ ){3}[a-z]+", ours), err


def test_no_permission_to_write(folder, capsys):
    locked = folder / "locked"
    locked.mkdir()
    locked.chmod(0o500)
    if os.access(locked, os.W_OK):  # the superuser may write everywhere: a file in the way does the same
        locked = folder / "good.py"
    assert main(["practice", "attention", "--output", str(locked / "mine.py")]) == 2
    assert "cannot write" in capsys.readouterr().err
    assert main(["verify", "norm", "--junit", str(locked / "claims.xml")]) == 2
    assert "cannot write" in capsys.readouterr().err


def test_language_of_the_environment(folder, capsys, monkeypatch):
    monkeypatch.setenv("GRADUS_LANG", "klingon")
    assert main(["map"]) == 2
    assert "en or zh" in capsys.readouterr().err


def run_cli(*argv, **env):
    return subprocess.run(
        [sys.executable, "-m", "gradus", *argv],
        capture_output=True,
        text=True,
        env={**os.environ, **env},
        check=False,
        encoding="utf-8",
    )


def test_no_command_shows_the_help():
    done = run_cli()
    assert done.returncode == 2
    assert "verify" in done.stdout


def test_broken_pipe_is_quiet():
    command = f"{sys.executable} -m gradus map | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.strip()


def test_narrow_terminal_and_ascii_locale():
    assert run_cli("map", COLUMNS="20").returncode == 0
    done = run_cli("show", "attention", "--lang", "zh", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("flags", [["-O"], ["-W", "error"], ["-X", "dev"]], ids=" ".join)
def test_python_flags(flags):
    done = subprocess.run(
        [sys.executable, *flags, "-m", "gradus", "map"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_too_old_python_is_one_line(tmp_path):
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    root = Path(__file__).resolve().parents[2]
    for name in ("tools/setup.sh", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((root / name).read_bytes())
    done = subprocess.run(
        ["sh", "tools/setup.sh"],
        cwd=tmp_path,
        env={**os.environ, "PYTHON": str(old)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "needs Python 3.11" in done.stderr
    assert "3.9.2" in done.stderr
