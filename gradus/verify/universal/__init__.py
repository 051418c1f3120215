"""The universal claims: what every concept with a definition is held to."""

from gradus.verify.universal.claims import universal_claims
from gradus.verify.universal.values import compare

__all__ = ["compare", "universal_claims"]
