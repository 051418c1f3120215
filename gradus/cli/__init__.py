"""The commands: `gradus map`, `show`, `verify`, `run` …"""

from gradus.cli.main import main

__all__ = ["main"]
