"""The words of Python's argument parser in Chinese, and what is said of words that no parser takes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from gradus.errors import GradusError
from gradus.text import Text

HEADINGS = (
    ("usage:", "用法："),
    ("positional arguments:", "参数："),
    ("options:", "选项："),
    ("show this help message and exit", "显示本帮助"),
    ("show program's version number and exit", "显示版本号"),
)
# what argparse says, in the spellings of Python 3.11 to 3.14; \1 … are its own arguments
MESSAGES = (
    (r"the following arguments are required: (.*)", r"缺少必需的参数：\1"),
    (r"unrecognized arguments: (.*)", r"无法识别的参数：\1"),
    (r"ambiguous option: (.*) could match (.*)", r"选项不明确：\1，可能是 \2"),
    (r"argument ([^:]*): (.*)", r"参数 \1：\2"),
    (r"invalid choice: (.*?),? \(?(?:choose from|maybe you meant) (.*?)\)?", r"无效的选择：\1（可选：\2）"),
    (r"invalid int value: (.*)", r"应为整数，得到 \1"),
    (r"invalid float value: (.*)", r"应为数，得到 \1"),
    (r"expected one argument", r"应有一个值"),
    (r"expected at least one argument", r"至少应有一个值"),
    (r"expected at most one argument", r"至多应有一个值"),
    (r"expected (\d+) arguments", r"应有 \1 个值"),
    (r"not allowed with argument (.*)", r"不能与参数 \1 同时使用"),
    (r"one of the arguments (.*) is required", r"参数 \1 中须给出一个"),
    (r"ignored explicit argument (.*)", r"该选项不带值，得到 \1"),
)
LONGEST = 300  # characters of a message: a value of thousands of digits is not repeated
GLOBAL = ("--lang", "--no-color")


def in_chinese(message: str) -> str:
    """What the parser says; a phrase that is not known stays as it is."""
    for pattern, words in MESSAGES:
        if match := re.fullmatch(pattern, message, re.DOTALL):
            inner = match.expand(words)
            rest = match[match.lastindex or 0]
            return inner.replace(rest, in_chinese(rest)) if pattern.startswith("argument") else inner
    return message


def clipped(message: str) -> str:
    """The message on one line, without what a terminal would obey, and not too long."""
    line = "".join(c if c.isprintable() else " " if c.isspace() else f"\\x{ord(c):02x}" for c in message)
    line = " ".join(line.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST // 2]} … {line[-LONGEST // 2 :]}"


def verb_first(words: Sequence[str], verbs: Sequence[str]) -> list[str]:
    """The words with the options that every verb has moved behind the verb, so that `gradus --lang zh map` is understood.

    Raises:
        GradusError: there is no such verb; the nearest is suggested.
    """
    at = 0
    while at < len(words) and words[at].partition("=")[0] in GLOBAL:
        at += 2 if words[at] == "--lang" else 1
    if at > len(words):
        raise GradusError(Text("--lang: expected en or zh, got nothing", "--lang：应为 en 或 zh，没有给出"))
    front, rest = list(words[:at]), list(words[at:])
    if not rest or rest[0].startswith("-"):
        return rest
    if rest[0] not in verbs:
        raise _unknown_verb(rest[0], verbs)
    return [rest[0], *front, *rest[1:]]


def _unknown_verb(word: str, verbs: Sequence[str]) -> GradusError:
    near = difflib.get_close_matches(word.casefold(), verbs, 2, 0.5)
    names = ", ".join(verbs)
    en, zh = (
        (f"did you mean {' or '.join(near)}? ", f"你要找的是 {' 或 '.join(near)} 吗？") if near else ("", "")
    )
    return GradusError(
        Text(
            f"no command is called {word!r}: {en}the commands are {names}; see `gradus --help`",
            f"没有名为 {word!r} 的命令：{zh}命令有 {names}；见 `gradus --help`",
        )
    )


def refuse_repeated(words: Sequence[str]) -> None:
    """Refuses an option that is given twice, of which one would be passed over.

    Raises:
        GradusError: one is.
    """
    before = list(words[: words.index("--")]) if "--" in words else list(words)
    names = [word.partition("=")[0] for word in before if word.startswith("--")]
    for name in names:
        if names.count(name) > 1:
            raise GradusError(Text(f"{name} is given twice; give it once", f"{name} 重复给出；只能给出一次"))


def refuse_impossible(values: dict[str, object], defaults: dict[str, object]) -> None:
    """Refuses an empty value, and a number out of its bounds.

    Raises:
        GradusError: one is.
    """
    for name, value in values.items():
        option = f"--{name.removeprefix('recipe_').replace('_', '-')}" if name in defaults else name.upper()
        if value == "" and defaults.get(name) != "":
            raise GradusError(
                Text(f"{option}: expected a value, got an empty text", f"{option}：应有一个值，得到空文本")
            )
        low, high = BOUNDS.get(name, (None, None))
        if low is not None and high is not None and isinstance(value, int) and not low <= value <= high:
            shown = value if abs(value) < 10**18 else "…"
            raise GradusError(
                Text(
                    f"{option}: expected a whole number from {low} to {high}, got {shown}",
                    f"{option}：应为 {low} 到 {high} 的整数，得到 {shown}",
                )
            )


BOUNDS = {
    "seed": (0, 2**32 - 1),
    "seeds": (1, 10_000),
    "epochs": (1, 1_000_000),
    "port": (0, 65535),
    "n": (1, 100_000),
    "between": (2, 1_000),
}
