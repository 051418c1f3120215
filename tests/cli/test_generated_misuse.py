"""Every verb with every kind of wrong word, stream and environment: status 2 and one line, or what was asked for; never a traceback."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gradus.cli import main
from gradus.cli.main import VERBS
from gradus.cli.streams import stand_in
from gradus.cli.verbs import TABLE
from gradus.cli.wording import MESSAGES, in_chinese

RIGHT = {  # the shortest right use of each verb, which writes nothing
    "map": ["map", "vision"], "show": ["show", "norm"], "search": ["search", "norm"], "path": ["path", "norm"],
    "verify": ["verify", "norm"], "practice": ["practice", "norm"], "explain": ["explain", "entropy"], "examine": ["examine", "mine.py:setup"], "infer": ["infer", "net.bif"], "run": ["run", "pca"], "sample": ["sample", "vae"],
    "data": ["data", "list"], "runs": ["runs"], "doctor": ["doctor"], "site": ["site", "build", "/"], "serve": ["serve", "/"],
}  # fmt: skip
NUMBERS = ("--seed", "--seeds", "--epochs", "--port", "--n", "--between")


def options_of(verb):
    return [
        (names[0], "action" not in options)
        for names, options, _ in TABLE[verb].arguments
        if names[0].startswith("--")
    ]


def generated():
    """(words, a part of what is said or "")."""
    for verb in VERBS:
        use = RIGHT[verb]
        yield [verb[:-1] + "z"], "did you mean" if len(verb) > 3 else "no command"
        yield [*use, "--bogus"], "bogus"
        yield [*use, "--bogus=3"], "bogus"
        yield [*use, "--lang", "fr"], "en or zh"
        yield [*use, "--lang", ""], "en or zh"
        yield [*use, "--lang"], "--lang"
        yield [*use, "--no-color", "--no-color"], "twice"
        yield [*use, "--no-color=yes"], "no-color"
        if verb not in ("search", "verify"):
            yield [*use, "one", "too", "many"], "many"
        for option, takes in options_of(verb):
            if takes:
                yield [*use, option], option
                yield [*use, option, ""], "known" if option == "--known" else option
                yield [*use, option, "1", option, "2"], "twice"
            else:
                yield [*use, option, option], "twice"
            if option in NUMBERS:
                for value in (
                    "-1",
                    "1.5",
                    "many",
                    "",
                    "10e9",
                    "9" * 5000,
                    "１" * 30,
                    "0x10",
                    "nan",
                    "-0.0",
                    " ",
                ):
                    yield [*use, option, value], option
        if use[1:] and verb not in ("data", "serve"):  # serve takes a folder, which may have any name
            for key in (
                "",
                "\0",
                "no such",
                "../../etc/passwd",
                "\udcff\udcfe",
                "x" * 10_000,
                "\x1b[2J",
                "-",
                "龘",
            ):
                yield [verb, key], ""
    yield ["run", "pca", "--seeds", "1000000000000"], "10000"
    yield ["run", "lenet", "--epochs", "1000000000000"], "1000000"
    for verb, option in (("show", "--html"), ("explain", "--output")):
        for path in ("\0", "absent/x", ".", "/", "a\0b", "x" * 300, "/dev/full"):
            yield [*RIGHT[verb], option, path], ""
    for option in ("--report", "--directory", "--data-dir", "--data"):
        for path in ("\0", "a\0b", "/dev/full", "x" * 5000):
            if (option, path) not in (("--data-dir", "/dev/full"), ("--data-dir", "x" * 5000)):
                yield ["run", "pca", "--seed", "0", option, path], ""
    for use in (["site", "build"], ["serve"]):
        for path in ("\0", "a\0b", "/", "/dev/full", "/dev/null/x", "x" * 300):
            yield [*use, path], ""
        yield [*use, "new", "--only", "no such"], "no such"
    yield ["run", "pca", "--device", "cpu\0"], "device"
    yield ["runs", "--directory", "\0"], "NUL"
    yield ["data", "get", "\0"], "unknown"
    yield ["data", "list", "--data-dir", "a\0b"], "NUL"


CASES = [c for c in generated() if not (c[0][0] == "path" and c[0][-2:] == ["--known", ""])]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path / "data"))
    return tmp_path


def status_of(words):
    try:
        return main(words)
    except SystemExit as stop:
        return stop.code


def test_there_are_enough():
    assert len(CASES) > 300 and {words[0] for words, _ in CASES} >= set(VERBS)


@pytest.mark.parametrize("verb", [*VERBS, ""])
def test_wrong_words_give_one_line_and_status_2(folder, capsys, verb):
    for words, said in CASES:
        if (words[0] if words[0] in VERBS else "") != verb:
            continue
        status = status_of(words)
        err = capsys.readouterr().err
        assert status == 2, words
        assert err.startswith("gradus: ") and err.count("\n") == 1 and len(err) < 25_000, (words, err[:300])
        assert said in err, (words, err[:300])
        assert err.rstrip("\n").isprintable() or "\udcff" in words[-1], (words, err)
    assert list(folder.iterdir()) == [], "something was written"


@pytest.mark.parametrize("verb", VERBS)
def test_the_parsers_own_words_are_chinese(folder, capsys, verb):
    for words, _ in CASES:
        if words[0] == verb and "--lang" not in words and not any("\0" in w or "\udcff" in w for w in words):
            status_of(["--lang", "zh", *words])
            err = capsys.readouterr().err
            ours = re.sub("（[^）]*）|[：，得到 ]+[^：；]*", "", err.removeprefix("gradus: "))
            assert re.search("[\u4e00-\u9fff]", err), (words, err)
            assert not re.search(r"(argument|required|invalid|expected|unrecognized|choose)", ours), (
                words,
                err,
            )


def test_every_phrase_of_the_parser_is_known():
    import argparse
    import inspect

    source = inspect.getsource(argparse)
    patterns = [re.compile(p, re.DOTALL) for p, _ in MESSAGES]
    raised = ["unrecognized arguments: %s", "the following arguments are required: %s", "one of the arguments %s is required",
              "ambiguous option: %(option)s could match %(matches)s", "expected one argument", "ignored explicit argument %r",
              "not allowed with argument %s", "invalid choice: %(value)r (choose from %(choices)s)"]  # fmt: skip
    for phrase in raised:
        assert phrase in source or sys.version_info >= (3, 12)
        example = re.sub(r"%(\(\w+\))?[sr]", "X", phrase)
        assert any(p.fullmatch(example) for p in patterns), phrase
        assert re.search("[\u4e00-\u9fff]", in_chinese(f"argument --seed: {example}"))


def started(*words, **options):
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        **options.pop("env", {}),
    }
    for name in options.pop("without", ()):
        environment.pop(name, None)
    return subprocess.run(
        options.pop("command", [sys.executable, "-m", "gradus", *words]),
        capture_output=True, check=False, env=environment, timeout=120, **options,
    )  # fmt: skip


ENVIRONMENTS = [
    {"COLUMNS": "0"}, {"COLUMNS": "1"}, {"COLUMNS": "20"}, {"COLUMNS": "-5"}, {"COLUMNS": "²"}, {"COLUMNS": "9" * 30}, {"COLUMNS": "x"},
    {"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}, {"FORCE_COLOR": "1", "COLUMNS": "0"}, {"TERM": "dumb"}, {"TERM": ""}, {"LC_ALL": "C"},
    {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "gbk"}, {"PYTHONIOENCODING": "latin-1"},
    {"GRADUS_LANG": "zh", "PYTHONIOENCODING": "ascii"}, {"GRADUS_LANG": ""}, {"HOME": "/nonexistent"}, {"HOME": ""}, {"GRADUS_DATA": "/dev/null"},
    {"GRADUS_DATA": "/proc"}, {"XDG_CACHE_HOME": "relative"}, {"RANK": "x"},
]  # fmt: skip


@pytest.mark.parametrize(
    "env",
    [pytest.param(env, marks=[pytest.mark.slow] if i % 3 else []) for i, env in enumerate(ENVIRONMENTS)],
    ids=str,
)
def test_strange_environments(env):
    for words in (["map", "vision"], ["show", "norm", "--lang", "zh"], ["nonsense"]):
        done = started(*words, env=env)
        assert done.returncode == (2 if words == ["nonsense"] else 0), done.stderr
        assert b"Traceback" not in done.stderr and b"Traceback" not in done.stdout
        if env.get("COLUMNS") in ("0", "-5", "x") and words == ["map", "vision"] and "FORCE_COLOR" not in env:
            assert len(done.stdout.splitlines()) < 10


@pytest.mark.skipif(os.name == "nt", reason="POSIX shells")
@pytest.mark.parametrize(
    "shell",
    ["map >&-", "map 2>&-", "map <&-", "map >&- 2>&- <&-", "--help >&-", "nonsense 2>&-", "show norm >&-", "map > /dev/full",
     "show norm > /dev/full", "--help > /dev/full", "map | head -1", "show norm | true", "--help | true", "nonsense 2> /dev/full",
     "show norm --html x.html >&-", "explain entropy --output x.svg > /dev/full"],
)  # fmt: skip
def test_closed_full_and_broken_streams(tmp_path, shell):
    done = started(command=["bash", "-c", f"'{sys.executable}' -m gradus {shell}"], cwd=tmp_path)
    assert b"Traceback" not in done.stderr and b"Exception ignored" not in done.stderr
    assert done.returncode in ((2,) if "/dev/full" in shell or "nonsense" in shell else (0,))
    for file in tmp_path.iterdir():
        assert b"gradus:" not in file.read_bytes()[:50]


@pytest.mark.skipif(os.name == "nt", reason="limits are POSIX")
def test_a_limit_of_the_size_of_files_is_said(tmp_path):
    command = f"ulimit -f 1; '{sys.executable}' -m gradus show norm --html x.html"
    done = started(
        command=["bash", "-c", command],
        cwd=tmp_path,
        env={"PYTHONDONTWRITEBYTECODE": "1", "GRADUS_DATA": str(tmp_path)},
    )
    assert done.returncode == 2 and b"file size limit" in done.stderr and b"Traceback" not in done.stderr
    assert not (tmp_path / "x.html").exists()


def test_no_home(tmp_path):
    for words in (["map", "vision"], ["data", "path"], ["verify", "norm"]):
        done = started(
            *words,
            env={"HOME": str(tmp_path / "none")},
            without=["GRADUS_DATA", "XDG_CACHE_HOME"],
            cwd=tmp_path,
        )
        assert done.returncode in (0, 2) and b"Traceback" not in done.stderr


def test_numbers_keep_their_sign_in_every_encoding():
    for encoding in ("gbk", "ascii", "latin-1"):
        done = started("search", "norm", env={"PYTHONIOENCODING": encoding})
        assert done.returncode == 0
    for text, encoding, expected in (
        ("−3.5", "gbk", "-3.5"), ("2·10⁻⁶", "ascii", "2*10^-6"), ("x ≥ −1", "ascii", "x >= -1"), ("汉−1", "gbk", "汉-1"), ("汉", "ascii", "?"),
    ):  # fmt: skip
        import codecs

        codecs.register_error("gradus", stand_in)
        assert text.encode(encoding, "gradus").decode(encoding) == expected


def test_what_every_verb_has_may_stand_before_it(folder, capsys):
    for words in (
        ["--lang", "zh", "map", "vision"],
        ["--lang=zh", "map", "vision"],
        ["--no-color", "--lang", "zh", "map", "vision"],
    ):
        assert main(words) == 0
        assert "视觉" in capsys.readouterr().out


def test_help_of_a_run_says_what_it_takes(capsys):
    for key, parts in {"lenet": ("mnist", "28×28", "folder of images"), "linear-regression": ("diabetes", "CSV"), "from-scratch": ("--model lstm", "alice")}.items():  # fmt: skip
        assert status_of(["run", key, "--help"]) == 0
        shown = " ".join(capsys.readouterr().out.split())
        assert all(part in shown for part in parts)
