"""The frames of a figure as a script beside the pages: what a page that is opened from disk may load."""

from __future__ import annotations

import base64
import json
import zlib

from gradus.page import Concept
from gradus.site.figures import Figure, tracks
from gradus.site.parsed_once import parsed_once


def frames_script(concept: Concept, lang: str) -> str:
    """A script that hands over the frames of each slider, compressed: `gradus.frames("attention", "eJz…")`."""
    with parsed_once():
        frames = _frames(concept, lang)
    packed = zlib.compress(json.dumps(frames, ensure_ascii=False).encode(), 9)
    return f'gradus.frames({json.dumps(concept.key)}, "{base64.b64encode(packed).decode()}");\n'


def _frames(concept: Concept, lang: str) -> dict[str, list[list[str] | None]]:
    """The drawings of each slider with their words, by its name; none where it stands at its start."""
    moved = tracks(concept, lang)
    figure = Figure(concept, lang) if moved else None
    return {
        track.name: [frame and [frame.markup, frame.words] for frame in figure.moved(track)]
        for track in moved
        if figure is not None
    }
