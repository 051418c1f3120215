"""How long, and with how much memory, a user's code may run before it is stopped."""

from __future__ import annotations

from dataclasses import dataclass

from gradus.errors import GradusError
from gradus.text import Text

MEGABYTE = 2**20
DEATHS = 3  # ends of the process, after which what is left is not tried any more


@dataclass(frozen=True)
class Limits:
    """The limits of one verification.

    Attributes:
        call: seconds that one call of the implementation may take; its import may take twice that, and 30 at least.
        claim: seconds that one claim may take.
        memory: megabytes that the implementation may take beside what is there once its file is imported.
        output: bytes that it may print during one claim.
    """

    call: float = 15.0
    claim: float = 60.0
    memory: float = 2048.0
    output: int = 4 * MEGABYTE

    @property
    def for_import(self) -> float:
        """Seconds that importing the user's file may take: frameworks are slow to load, whatever a call may take."""
        return max(30.0, 2 * self.call)

    def __post_init__(self) -> None:
        for name, value in (
            ("call-limit", self.call),
            ("claim-limit", self.claim),
            ("memory-limit", self.memory),
        ):
            if not 0 < value < float("inf"):
                raise GradusError(
                    Text(
                        f"expected --{name} to be a positive number, got {value}",
                        f"--{name} 应为正数，得到 {value}",
                    )
                )
