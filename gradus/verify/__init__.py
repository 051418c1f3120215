"""Adapters between frameworks, the claims that every concept gets, the runner, and how results are shown."""

from gradus.verify.adapters import Adapted, NotApplicable, adapt, adapt_function, detect, resolve
from gradus.verify.free import free_claims
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

__all__ = [
    "Adapted",
    "MutantResult",
    "NotApplicable",
    "Report",
    "Result",
    "adapt",
    "adapt_function",
    "claims_of",
    "counterexample",
    "detect",
    "free_claims",
    "judge",
    "resolve",
    "seed_of",
    "verify",
    "verify_concept",
    "verify_mutants",
]
