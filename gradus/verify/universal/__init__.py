"""The universal claims: what every concept with a definition is held to."""

from gradus.verify.universal.claims import compare, universal_claims

__all__ = ["compare", "universal_claims"]
