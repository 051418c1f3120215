"""The commands: `gradus map`, `show`, `verify`, `run` and the others."""

from gradus.cli.main import main

__all__ = ["main"]
