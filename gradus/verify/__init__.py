"""Adapters between frameworks, the claims that every concept gets, the runner, and how results are shown."""

from gradus.frameworks.adapters import Adapted, adapt, adapt_function, detect, resolve
from gradus.page.evidence import NotApplicable
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
    "judge",
    "resolve",
    "seed_of",
    "universal_claims",
    "verify",
    "verify_concept",
    "verify_mutants",
]
