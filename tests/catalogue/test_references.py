"""The references: every one can be cited."""

import itertools

import pytest

from gradus.catalogue import citation, load, references
from gradus.catalogue.search import one_edit_apart
from gradus.errors import GradusError


def test_citations_are_whole():
    for key in references():
        assert str(references()[key]["year"]) in citation(key)
    with pytest.raises(GradusError, match="nobody1900"):
        citation("nobody1900")


def test_a_person_is_spelled_one_way_on_all_pages():
    by_family: dict[str, set[str]] = {}
    for person in {name for concept in load() for name in concept.people}:
        by_family.setdefault(person.split()[-1], set()).add(person)
    for people in by_family.values():
        for one, other in itertools.combinations(sorted(people), 2):
            first, second = one.split()[0], other.split()[0]
            assert first != second and not one_edit_apart(first, second), (one, other)
