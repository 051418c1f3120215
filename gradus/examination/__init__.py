"""The examination of anybody's network: what theory says of this model on this data, in one call and one report."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.examination.examination import Examination
    from gradus.examination.examine import examine
    from gradus.examination.verdicts import NotChecked, Section, Verdict

__all__ = ["Examination", "NotChecked", "Section", "Verdict", "examine"]

export(
    __name__,
    {
        "examination": ["Examination"],
        "examine": ["examine"],
        "verdicts": ["NotChecked", "Section", "Verdict"],
    },
)
