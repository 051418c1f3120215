"""SVG made fit to stand in a page: the page's text colour and font, unique names, a text alternative."""

from __future__ import annotations

import re
from html import escape

from gradus.page.figures import COLOURS

GRID = "#cccccc"  # the colour of grid lines, which becomes the page's
_BLACK = re.compile(r"#000000\b|#000\b|(?<=[:\s\"'])black\b")
_NEUTRAL = re.compile(r"#([0-9a-f]{2})\1\1(?![0-9a-f])", re.IGNORECASE)
_FONT = re.compile(r"font:\s*((?:[a-z0-9]+\s+)*?)([\d.]+px)\s+[^;\"]+")
_FAMILY = re.compile(r"font-family:\s*[^;\"]+")
_ID = re.compile(r'\sid="([^"]+)"')


def inline_svg(svg: str, name: str, alt: str) -> str:
    """An SVG file's text as an element of the page, with the picture in words.

    Args:
        svg: text of an SVG file, or an `<svg>` element.
        name: unique in the page.
        alt: the picture in words.
    """
    return described(page_svg(svg, name), alt)


def described(svg: str, alt: str) -> str:
    """An element of the page with the picture in words."""
    label = f'<svg role="img" aria-label="{escape(alt, quote=True)}" fill="currentColor"'
    return svg.replace("<svg", label, 1)


def page_svg(svg: str, name: str) -> str:
    """An SVG file's text as an element of the page, which is yet to be described.

    Black becomes the text colour, the palette becomes the page's, greys shares of the text colour and white the paper, so that
    the figure follows light and dark; fonts become the page's; every `id` is dropped or made unique by `name`; scripts are refused.

    Args:
        svg: text of an SVG file, or an `<svg>` element.
        name: unique in the page.
    """
    start = svg.find("<svg")
    body = svg[start : svg.rfind("</svg>") + len("</svg>")]
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<script.*?</script>", "", body, flags=re.DOTALL)
    body = re.sub(r'\s(?:xmlns(?::\w+)?|version|on\w+)="[^"]*"', "", body)
    body = _own_names(body, name)
    body = _BLACK.sub("currentColor", body)
    body = body.replace(GRID, "var(--hair,#cccccc)")
    for i, colour in enumerate(COLOURS, start=1):
        body = re.sub(colour, f"var(--series-{i},{colour})", body, flags=re.IGNORECASE)
    body = _NEUTRAL.sub(_grey, body)
    body = _FONT.sub(r"font: \1\2 var(--figure-font,sans-serif)", body)
    body = _FAMILY.sub("font-family: var(--figure-font,sans-serif)", body)
    return re.sub(r"\n\s*", "\n", body)


def _grey(match: re.Match[str]) -> str:
    """A grey as a share of the text colour, white as the paper; the default of a variable stays."""
    level = int(match.group(1), 16)
    if match.start() > 0 and match.string[match.start() - 1] == ",":
        return match.group()
    if level == 0xFF:
        return "var(--paper,#ffffff)"
    return f"color-mix(in srgb,currentColor {round(100 * (1 - level / 255))}%,transparent)"


def _own_names(body: str, name: str) -> str:
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", body))

    def rename(match: re.Match[str]) -> str:
        return f' id="{name}-{match.group(1)}"' if match.group(1) in used else ""

    body = _ID.sub(rename, body)
    return re.sub(r"(url\(#|href=\"#)", rf"\g<1>{name}-", body)
