"""The frameworks that implementations are written in, one class each: arrays in, arrays out, whichever it is."""

from gradus.frameworks.adapted import Adapted
from gradus.frameworks.base import PRECISIONS, Framework
from gradus.frameworks.detection import detect
from gradus.frameworks.generic import from_host, like, namespace
from gradus.frameworks.implementations import adapt, adapt_function
from gradus.frameworks.object_paths import resolve
from gradus.frameworks.registry import FRAMEWORKS, framework_named, framework_of

__all__ = [
    "FRAMEWORKS",
    "PRECISIONS",
    "Adapted",
    "Framework",
    "adapt",
    "adapt_function",
    "detect",
    "framework_named",
    "framework_of",
    "from_host",
    "like",
    "namespace",
    "resolve",
]
