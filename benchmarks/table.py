"""One row for each comparison, and the table that `python -m benchmarks` ends with."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """Ours beside a peer, measured in one run.

    Attributes:
        what: what was done.
        ours, theirs: the two measurements, in `unit`.
        peer: whom ours is compared with.
        unit: such as "ms", where less is better, or "samples/s", where more is.
    """

    what: str
    ours: float
    peer: str
    theirs: float
    unit: str

    @property
    def times_faster(self) -> float:
        """How many times faster ours is; below 1 the peer is faster."""
        more_is_better = self.unit.endswith("/s")
        return self.ours / self.theirs if more_is_better else self.theirs / self.ours


def table(rows: Iterable[Row]) -> str:
    """All rows under one heading."""
    lines = [f"{'':44} {'gradus':>10} {'peer':>10} {'':9} {'faster':>7}"]
    lines += [
        f"{r.what:44} {_figure(r.ours)} {_figure(r.theirs)} {r.unit:9} {r.times_faster:6.2f}x  {r.peer}"
        for r in rows
    ]
    return "\n".join(lines)


def _figure(value: float) -> str:
    """Three significant digits, thousands without decimals."""
    return f"{value:10,.0f}" if value >= 100 else f"{value:10.3g}"
