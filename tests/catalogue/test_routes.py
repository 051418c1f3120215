"""Routes meet each concept once and in order; the timeline holds every concept in its period."""

import itertools

import pytest

from gradus.catalogue import entries
from gradus.catalogue.routes import PERIODS, ROUTES, route, timeline, walk
from gradus.errors import GradusError


def test_routes_name_concepts_that_exist():
    for name in ROUTES:
        for stage, concepts in walk(route(name)):
            assert set(stage.keys) <= set(entries().concepts)
            assert concepts or all(k for k in stage.keys)
    with pytest.raises(GradusError, match="engineer"):
        route("enginer")


def test_a_route_meets_each_concept_once_and_in_order():
    for name in ROUTES:
        met = [c.key for _, concepts in walk(route(name)) for c in concepts]
        assert len(met) == len(set(met))
        for i, key in enumerate(met):
            assert set(entries().get(key).needs) <= set(met[:i])


def test_timeline_holds_every_concept_in_its_period():
    assert sum(len(found) for _, found in timeline()) == len(entries())
    spans = [(a, b) for a, b, _ in PERIODS]
    assert all(b + 1 == c for (_, b), (c, _) in itertools.pairwise(spans))
    assert all(any(a <= c.year <= b for a, b in spans) for c in entries())
