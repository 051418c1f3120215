"""The references: every one can be cited."""

import pytest

from gradus.catalogue import citation, references
from gradus.errors import GradusError


def test_citations_are_whole():
    for key in references():
        assert str(references()[key]["year"]) in citation(key)
    with pytest.raises(GradusError, match="nobody1900"):
        citation("nobody1900")
