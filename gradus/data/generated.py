"""Tasks whose examples a recipe draws from its seed: nothing is read, so that nothing can be absent or damaged."""

from __future__ import annotations

from dataclasses import dataclass

from gradus.data.summary import DataSummary
from gradus.text import Text


@dataclass(frozen=True)
class Generated:
    """A task by its name, which a recipe knows how to draw; how much of it is drawn, the recipe says.

    Attributes:
        name: what `--data` calls it.
        title: its name in English and Chinese.

    Example:
        >>> GENERATED["long-lag"].title.en
        'One bit over a long lag'
    """

    name: str
    title: Text

    def summary(
        self,
        split: Text = Text("", ""),
        shape: tuple[int, ...] = (),
        classes: tuple[str, ...] = (),
        **sizes: int,
    ) -> DataSummary:
        """What a report says of it."""
        return DataSummary(self.title, "", "", shape, classes, sizes, split)


GENERATED: dict[str, Generated] = {
    name: Generated(name, title)
    for name, title in (
        ("long-lag", Text("One bit over a long lag", "跨越长时滞的一个比特")),
        ("spike-intervals", Text("Intervals between spikes", "脉冲间隔")),
        ("sorting", Text("Sorting symbols", "符号排序")),
        ("delayed-copy", Text("Copying from some places back", "延迟复制")),
        ("spin-lattices", Text("Spins on square lattices", "方格上的自旋")),
        ("alike-graphs", Text("Graphs that look alike", "看似相同的图")),
        ("two-sensors", Text("Tracks seen by two sensors", "两个传感器观测的航迹")),
    )
}
