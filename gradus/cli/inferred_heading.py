"""What stands above every answer of infer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradus.cli.terminal import Terminal
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.inference.network import Network


def head(network: Network, evidence: dict[str, str], said: Text | None, out: Terminal) -> None:
    """The notes of the network's file, where the evidence is from, and what it is."""
    for note in (*network.notes, *([said] if said else [])):
        out.say(note, style="dim")
    if evidence:
        several = ", ".join(f"{v}={s}" for v, s in list(evidence.items())[:20]) + (
            ", …" if len(evidence) > 20 else ""
        )
        out.say(out.t(f"given {several}", f"已知 {several}"), style="dim")
