"""What a command leaves: its exit status, its files, its marks, and what a terminal shows."""

import json
import os
import pty
import re
import subprocess
import sys

import pytest

from gradus.cli import main

COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|9[0-7])[;m]")


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("GRADUS_LANG", raising=False)
    return tmp_path


def test_without_a_command_the_help_is_shown(capsys):
    assert main([]) == 2
    assert "gradus" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (KeyboardInterrupt(), 130, ""),
        (
            OSError(28, "No space left on device", "page.html"),
            2,
            "gradus: cannot use page.html: No space left on device\n",
        ),
    ],
)
def test_what_stops_a_command_is_one_line(capsys, monkeypatch, error, status, line):
    def stop(*_):
        raise error

    monkeypatch.setattr("gradus.cli.roadmap.search", stop)
    assert main(["search", "attention"]) == status
    assert capsys.readouterr().err == line


@pytest.mark.parametrize(("lang", "tag"), [("en", "en"), ("zh", "zh-Hans")])
def test_show_writes_one_page(capsys, own_folder, lang, tag):
    assert main(["show", "norm", "--html", "norm.html", "--lang", lang]) == 0
    assert "norm.html" in capsys.readouterr().out
    page = (own_folder / "norm.html").read_text(encoding="utf-8")
    assert f'<html lang="{tag}">' in page
    assert not re.findall(r'src="https?://|<link', page), (
        "a page loads nothing; its references may be followed"
    )


def test_a_page_that_cannot_be_written_is_named(capsys, own_folder):
    (own_folder / "file").write_text("", encoding="utf-8")
    assert main(["show", "norm", "--html", "file/norm.html"]) == 2
    assert re.fullmatch(r"gradus: .*file.*\n", capsys.readouterr().err)


def test_data_says_where_it_keeps_what(capsys, own_folder):
    assert main(["data", "path"]) == 0
    assert capsys.readouterr().out.strip() == str(own_folder / "data")
    assert main(["data", "list"]) == 0
    assert {"digits", "mnist"} <= set(capsys.readouterr().out.split())
    assert main(["data", "get", "digits"]) == 0
    assert "complete and verified" in capsys.readouterr().out
    assert main(["data", "get"]) == 2
    assert "gradus data get mnist" in capsys.readouterr().err


def test_runs_of_an_empty_folder_say_how_to_begin(capsys):
    assert main(["runs"]) == 0
    assert "gradus run lenet" in capsys.readouterr().out


def test_a_claim_that_failed_here_is_marked_on_the_map(capsys, own_folder):
    assert main(["verify", "norm"]) == 0
    assert re.search(r"●\s+norm\s", _map(capsys))
    (file,) = own_folder.rglob("norm.jsonl")
    summary, whole = file.read_text(encoding="utf-8").splitlines()
    file.write_text(f"{json.dumps({**json.loads(summary), 'failed': 1})}\n{whole}\n", encoding="utf-8")
    assert re.search(r"✗\s+norm\s.*1 failed", _map(capsys))


def _map(capsys):
    capsys.readouterr()
    assert main(["map", "foundations"]) == 0
    return capsys.readouterr().out


def test_a_file_that_is_no_python_is_refused(capsys, own_folder):
    (own_folder / "notes.txt").write_text("attention", encoding="utf-8")
    assert main(["verify", "attention", "--implementation", "notes.txt:attention"]) == 2
    assert re.fullmatch(r"gradus: .*notes\.txt.*\n", capsys.readouterr().err)


def at_a_terminal(*arguments: str) -> str:
    """What a command writes where its output is a terminal."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    env.pop("NO_COLOR", None)
    with subprocess.Popen(
        [sys.executable, "-m", "gradus", *arguments], stdout=theirs, stderr=theirs, env=env
    ) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                block = os.read(ours, 65536)
            except OSError:  # Linux says so that the other end is closed
                break
            if not block:
                break
            written += block
    os.close(ours)
    assert process.returncode == 0, written.decode(errors="replace")
    return written.decode()


def test_a_terminal_shows_colours_and_a_file_none(capsys):
    shown = at_a_terminal("show", "norm")
    assert "def " in re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert COLOUR.search(shown)
    assert not COLOUR.search(at_a_terminal("show", "norm", "--no-color")), "bold and dim are no colours"
    main(["show", "norm"])
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.slow
def test_a_terminal_shows_how_far_the_verification_is():
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", at_a_terminal("verify", "optimization"))
    assert re.search(r"\b\d+/\d+\b", shown)
    assert re.search(r"\d+ concepts?: \d+ claims hold", shown)
