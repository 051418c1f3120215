"""What the READMEs show is what happens: their commands are run and their output compared; `…` stands for anything."""

import ast
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh.md")
TRAINING = ("make demo", "make test", "gradus run lenet", "gradus data get ")  # tried by their own tests
LONG = "gradus run from-scratch"  # in one of the two, the slow one


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def examples(name: str) -> list[tuple[str, list[str]]]:
    """Each command of the console blocks, with the lines printed below it."""
    found: list[tuple[str, list[str]]] = []
    for block in blocks((ROOT / name).read_text(encoding="utf-8"), "console"):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:].partition("  #")[0].strip(), []))
            else:
                found[-1][1].append(line.rstrip())
    return found


def matches(expected: list[str], got: str) -> bool:
    pattern = r"\s*".join(
        ".*?".join(map(re.escape, line.strip().split("…"))) for line in expected if line.strip()
    )
    return re.fullmatch(r"\s*" + pattern + r"\s*", got, re.DOTALL) is not None


@pytest.mark.parametrize("name", [READMES[0], pytest.param(READMES[1], marks=pytest.mark.slow)])
def test_commands_print_what_is_shown(name, tmp_path):
    for block in blocks((ROOT / name).read_text(encoding="utf-8"), "python"):
        title = re.match(r"# (\S+\.py)", block)
        if title:
            (tmp_path / title[1]).write_text(block, encoding="utf-8")
    (tmp_path / "docs").symlink_to(ROOT / "docs")  # as in the folder of a clone
    ran = 0
    for command, expected in examples(name):
        if command.startswith(TRAINING) or (name == READMES[0] and command.startswith(LONG)):
            continue
        words = shlex.split(command)
        assert words[0] == "gradus", command
        env = {**os.environ, "GRADUS_DATA": str(tmp_path / "data"), "OMP_NUM_THREADS": "1", "COLUMNS": "110"}
        done = subprocess.run(
            [sys.executable, "-m", "gradus", *words[1:]],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            encoding="utf-8",
        )
        assert "Traceback" not in done.stderr
        # progress goes to standard error, and may be left out
        assert matches(expected, done.stdout + done.stderr) or matches(expected, done.stdout), (
            f"$ {command}\n--- shown\n{chr(10).join(expected)}\n--- printed\n{done.stdout}{done.stderr}"
        )
        ran += 1
    assert ran >= 3


EACH = """
import json, os, sys
import numpy, torch
from gradus import examination, training
for number, block in enumerate(json.load(sys.stdin)):
    if (child := os.fork()) == 0:
        sys.stdout = open(f"{number}.out", "w", encoding="utf-8")
        exec(compile(block, f"block {number}", "exec"), {"__name__": "__main__"})
        sys.exit()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, number
"""


def test_python_examples_run(tmp_path):
    """Blocks that are no file of their own run as they stand, each by itself, and print what their `# →` comments say."""
    shown = blocks((ROOT / READMES[0]).read_text(encoding="utf-8"), "python")
    shown = [block for block in shown if not re.match(r"# (\S+\.py)", block)]
    done = subprocess.run(
        [sys.executable, "-c", EACH],
        input=json.dumps(shown),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for number, block in enumerate(shown):
        printed = (tmp_path / f"{number}.out").read_text(encoding="utf-8")
        assert matches(re.findall(r"# → (.*)", block), printed), printed


def test_both_readmes_show_the_same():
    english, chinese = (examples(n) for n in READMES)
    assert [c.replace(" --lang zh", "") for c, _ in chinese] == [c for c, _ in english]
    texts = ((ROOT / name).read_text(encoding="utf-8") for name in READMES)
    ours, theirs = ([ast.unparse(ast.parse(b)) for b in blocks(text, "python")] for text in texts)
    assert ours == theirs, "code differs beyond its comments"


@pytest.mark.parametrize("name", READMES)
def test_links_and_pictures_exist(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if not target.startswith(("http://", "https://")):
            assert (ROOT / target).exists(), target
