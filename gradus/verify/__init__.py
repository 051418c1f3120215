"""The claims that every concept gets, the runner of claims and mutants, and how results are shown."""

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
