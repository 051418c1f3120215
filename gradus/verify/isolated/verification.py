"""A user's code verified in a process of its own: from the request to the report.

What the report needs is imported while the other process starts; so nothing that costs time stands among the imports.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from gradus.errors import GradusError
from gradus.verify.isolated.limits import DEATHS
from gradus.verify.isolated.progress import Progress
from gradus.verify.isolated.supervisor import Request, follow, no_report

if TYPE_CHECKING:
    from gradus.verify.runner import Report


def verify_user_code(request: Request, progress: bool = True) -> Report:
    """The claims of one concept, measured on a user's code.

    Args:
        request: the concept's key, the code as FILE.py:name or module:name, and how it is judged.
        progress: whether to show on standard error how far it is, once it takes longer than two seconds.

    Returns:
        A report that says of every claim what became of it, whatever the code did to its process.

    Raises:
        GradusError: the file or the name is not there, the framework is unknown, or the judging process itself failed.
    """
    with Progress(request.key, progress) as told:
        records = follow(request, told, DEATHS, lambda: import_module("gradus.verify.isolated.reporting"))
    from gradus.verify.isolated.reporting import report_of
    from gradus.verify.isolated.wire import text_of

    for usage in records.of("usage"):
        raise GradusError(text_of(usage["text"]))
    if not records.claims:
        raise no_report(records)
    return report_of(request, records)
