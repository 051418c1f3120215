"""The frames of a figure as a script beside the pages: what a page that is opened from disk may load."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping

from gradus.page import Concept
from gradus.site.figures import Frame, drawings, tracks
from gradus.site.plan import LANGUAGES


def frames_scripts(concept: Concept) -> dict[str, str]:
    """By language a script that hands over the frames of each slider, compressed: `gradus.frames("attention", "eJz…")`."""
    moved = tracks(concept, "en")
    drawn = {}
    if moved:
        with drawings(concept) as figure:
            drawn = {track.name: list(figure.moved(track)) for track in moved}
    return {lang: _script(concept.key, lang, drawn) for lang in LANGUAGES}


def _script(key: str, lang: str, drawn: Mapping[str, list[dict[str, Frame] | None]]) -> str:
    """The frames of one language; none where a slider stands at its start, whose drawing is the page's own."""
    frames = {name: [frame and list(frame[lang]) for frame in row] for name, row in drawn.items()}
    packed = zlib.compress(json.dumps(frames, ensure_ascii=False).encode(), 9)
    return f'gradus.frames({json.dumps(key)}, "{base64.b64encode(packed).decode()}");\n'
