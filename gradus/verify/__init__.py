"""The claims that every concept gets, the runner of claims and mutants, the user's code in its own process, and how results are shown."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.verify.runner import (
        MutantResult,
        Report,
        Result,
        claims_of,
        counterexample,
        judge,
        seed_of,
        verify,
        verify_concept,
        verify_mutants,
    )
    from gradus.verify.universal import universal_claims

__all__ = [
    "MutantResult",
    "Report",
    "Result",
    "claims_of",
    "counterexample",
    "judge",
    "seed_of",
    "universal_claims",
    "verify",
    "verify_concept",
    "verify_mutants",
]

export(
    __name__,
    {
        "runner": [name for name in __all__ if name != "universal_claims"],
        "universal": ["universal_claims"],
    },
)
