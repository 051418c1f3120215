"""The parser, the language, and what becomes of errors: one line and exit status 2 for a user's mistake."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from gradus import __version__
from gradus.cli.streams import complain, flush, own_the_process
from gradus.cli.terminal import Terminal
from gradus.cli.wording import HEADINGS, clipped, in_chinese, refuse_impossible, refuse_repeated, verb_first
from gradus.errors import GradusError
from gradus.text import Text

VERBS = (
    "map",
    "show",
    "search",
    "path",
    "verify",
    "practice",
    "explain",
    "examine",
    "infer",
    "run",
    "sample",
    "data",
    "runs",
    "site",
    "serve",
    "doctor",
)
MODULES = {
    "map": "roadmap", "search": "roadmap", "path": "roadmap", "show": "read", "explain": "explaining", "examine": "examining", "infer": "inferring", "verify": "check", "practice": "practising",
    "run": "work", "sample": "sampling", "runs": "work", "data": "work", "doctor": "work",
    "site": "publishing", "serve": "publishing",
}  # fmt: skip
LANGUAGES = ("en", "zh")


class Parser(argparse.ArgumentParser):
    """An argument parser whose mistakes are one line, in the reader's language."""

    lang = "en"

    def error(self, message: str) -> NoReturn:
        """One line on standard error, exit status 2."""
        message = in_chinese(message) if self.lang == "zh" else message
        hint = Text(f"see `{self.prog} --help`", f"见 `{self.prog} --help`").get(self.lang)
        complain(f"gradus: {clipped(message)}{Text('; ', '；').get(self.lang)}{hint}")
        raise SystemExit(2)

    def print_help(self, file: Any = None) -> None:
        """The help; argparse's own passes over what cannot be written."""
        stream = file or sys.stdout
        stream.write(self.format_help())
        stream.flush()

    def format_help(self) -> str:
        """The help with its headings in the reader's language."""
        text = super().format_help()
        if self.lang == "zh":
            for en, zh in HEADINGS:
                text = text.replace(en, zh)
        return text


def language(argv: Sequence[str]) -> str:
    """`--lang` on the command line, else GRADUS_LANG, else English.

    Raises:
        GradusError: it is neither en nor zh.
    """
    lang = os.environ.get("GRADUS_LANG") or "en"
    for i, word in enumerate(argv):
        if word == "--lang" and i + 1 < len(argv):
            lang = argv[i + 1]
        elif word.startswith("--lang="):
            lang = word.partition("=")[2]
    lang = {"zh-cn": "zh", "zh_cn": "zh", "zh_cn.utf-8": "zh"}.get(lang.casefold(), lang)
    if lang not in LANGUAGES:
        raise GradusError(
            Text(
                f"no language is called {lang!r}; expected en or zh (--lang, GRADUS_LANG)",
                f"没有名为 {lang!r} 的语言；应为 en 或 zh（--lang、GRADUS_LANG）",
            )
        )
    return lang


def build_parser(lang: str, argv: Sequence[str] = ()) -> Parser:
    """All verbs in one language, with the options of the one that `argv` names, or of all; `run` with those of its recipe."""
    Parser.lang = lang
    about = Text(
        "The mathematics of deep learning, executable and verified.", "深度学习的数学：可执行、可验证。"
    )
    parser = Parser(
        prog="gradus", description=about.get(lang), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"gradus {__version__}")
    common = Parser(add_help=False)
    common.add_argument("--lang", choices=LANGUAGES, default=lang, help=Text("language", "语言").get(lang))
    common.add_argument("--no-color", action="store_true", help=Text("no colours", "不用颜色").get(lang))
    verbs = parser.add_subparsers(
        dest="verb", prog="gradus", metavar=Text("VERB", "命令").get(lang), parser_class=Parser
    )
    from gradus.cli import verbs as tables

    named = next((word for word in argv if not word.startswith("-")), "")
    for verb in VERBS:
        summary = tables.TABLE[verb].summary.get(lang)
        if argv and verb != named:
            verbs.add_parser(verb, add_help=False, help=summary)
            continue
        sub = verbs.add_parser(
            verb,
            parents=[common],
            help=summary,
            description=summary,
            epilog=Text("examples:\n", "示例：\n").get(lang)
            + "\n".join(f"  gradus {e}" for e in tables.TABLE[verb].examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        _add_arguments(sub, verb, lang, argv)
    return parser


def _add_arguments(parser: Parser, verb: str, lang: str, argv: Sequence[str]) -> None:
    from gradus.cli.verbs import TABLE

    arguments = list(TABLE[verb].arguments)
    if verb == "run" and "run" in argv:
        from gradus.cli.work import recipe_arguments, what_is_offered

        arguments += recipe_arguments(argv)
        parser.epilog = f"{what_is_offered(argv, lang)}\n\n{parser.epilog}"
    for names, options, meaning in arguments:
        parser.add_argument(*names, help=meaning.get(lang), **options)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit status: 0 right, 1 a claim failed, 2 wrong use."""
    words, lang = list(sys.argv[1:] if argv is None else argv), "en"
    if argv is None:
        own_the_process()
    try:
        lang = language(words)
        words = verb_first(words, VERBS)
        refuse_repeated(words)
        parser = build_parser(lang, words)
        options = _parsed(parser, words)
        if not options.verb:
            parser.print_help()
            return 2
        return _dispatch(options)
    except GradusError as error:
        return _say(error.text.get(lang))
    except KeyboardInterrupt as error:  # a run says itself where its checkpoint is
        return getattr(error, "code", None) or 130
    except OSError as error:
        return _say(_os_error(error).get(lang))


def _parsed(parser: Parser, words: Sequence[str]) -> argparse.Namespace:
    try:
        return parser.parse_args(words)
    except SystemExit:
        flush()  # the help, too, may meet a full disk
        raise


def _dispatch(options: argparse.Namespace) -> int:
    from gradus.cli.verbs import TABLE

    names = [(names, option) for names, option, _ in TABLE[options.verb].arguments]
    defaults = {
        n[0].lstrip("-").replace("-", "_"): o.get("default") for n, o in names if n[0].startswith("-")
    }
    refuse_impossible(vars(options), defaults)
    module: Any = importlib.import_module(f"gradus.cli.{MODULES[options.verb]}")
    status: int = getattr(module, options.verb)(options, Terminal(options.lang, colour=not options.no_color))
    flush()
    return status


def _say(message: str) -> int:
    if os.environ.get("RANK", "0") == "0":  # under torchrun one process speaks for all
        complain(f"gradus: {' '.join(message.split())}")
    return 2


def _os_error(error: OSError) -> Text:
    where = f" {error.filename}" if error.filename else ""
    reason = error.strerror or error
    return Text(f"cannot use{where}: {reason}", f"无法使用{where}：{reason}")
