"""The verbs that show the pages in a browser: site, serve."""

from __future__ import annotations

from argparse import Namespace

from gradus.cli.terminal import Terminal
from gradus.numbers import duration


def site(options: Namespace, out: Terminal) -> int:
    """Builds the site, or what has changed of it."""
    from gradus.site import build_site

    built = build_site(options.directory, _keys(options.only), measure=not options.no_verify)
    n, took = len(built.made), duration(built.seconds, out.lang)
    index = built.directory / out.lang / "index.html"
    if n or built.removed:
        out.say(
            out.t(
                f"{n} part{'' if n == 1 else 's'} made, {built.kept} unchanged, in {took}",
                f"生成 {n} 部分，{built.kept} 部分未变，用时 {took}",
            )
        )
    else:
        out.say(out.t("nothing had changed", "没有改动"))
    out.say(out.t("open ", "打开 ") + str(index))
    return 0


def serve(options: Namespace, out: Terminal) -> int:
    """Shows the site until Ctrl-C."""
    from gradus.site import serve_site

    def ready(address: str) -> None:
        end = out.t("  (Ctrl-C ends it)", "  （按 Ctrl-C 结束）")
        print(f"{address}{out.lang}/index.html{end}", flush=True)

    serve_site(options.directory, options.port, _keys(options.only), ready)
    return 0


def _keys(words: str | None) -> list[str] | None:
    """The keys of `--only`; none where it is not given."""
    return None if words is None else [key.strip() for key in words.split(",")]
