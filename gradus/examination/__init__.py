"""The examination of anybody's network and training loop: what theory says of this model on this data, and what goes wrong."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.examination.examination import Examination
    from gradus.examination.examine import examine
    from gradus.examination.verdicts import NotChecked, Section, Verdict
    from gradus.examination.watch import Sighting, Watch, watch
    from gradus.examination.watch_training import WatchTraining

__all__ = [
    "Examination",
    "NotChecked",
    "Section",
    "Sighting",
    "Verdict",
    "Watch",
    "WatchTraining",
    "examine",
    "watch",
]

export(
    __name__,
    {
        "examination": ["Examination"],
        "examine": ["examine"],
        "verdicts": ["NotChecked", "Section", "Verdict"],
        "watch": ["Sighting", "Watch", "watch"],
        "watch_training": ["WatchTraining"],
    },
)
