"""Coordinates of a drawing with as many decimals as a screen can show: half the size, and nothing that is read changes."""

from __future__ import annotations

import re

_ATTRIBUTE = re.compile(r'\s(?:d|x|y|x1|x2|y1|y2|cx|cy|r|width|height|points)="[^"]*"')
_DECIMALS = re.compile(r"(?<=\d\.\d\d)\d+(?!e)")
_TAIL = re.compile(r"(\.\d*?)0+(?=[^\d]|$)")


def fewer_digits(svg: str) -> str:
    """The SVG with two decimals in its coordinates; transforms, words and pictures stay as they are."""
    return _ATTRIBUTE.sub(lambda match: _shorter(match.group()), svg)


def _shorter(attribute: str) -> str:
    cut = _DECIMALS.sub("", attribute)
    return _TAIL.sub(lambda match: match.group(1).rstrip("."), cut)
