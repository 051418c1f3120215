"""Convolution and pooling on ONNX's own operator cases: PyTorch and our other routes, beside the pages' definitions."""

import pytest

from gradus.concepts.networks.conv_layer import CONV_LAYER
from gradus.concepts.networks.pooling import POOLING
from gradus.frameworks import adapt
from tests.networks.onnx_cases import compare, taken
from tests.networks.onnx_convolution import CONVOLUTIONS, POOLINGS

CONV_ROUTES = {i.path: adapt(CONV_LAYER, i) for i in CONV_LAYER.implementations}
POOL_ROUTES = {i.path: adapt(POOLING, i) for i in POOLING.implementations}


@pytest.mark.parametrize("route", CONV_ROUTES)
@pytest.mark.parametrize("op", CONVOLUTIONS)
def test_convolutions_agree(op, route, oracles):
    for case in taken(oracles, op):
        compare(CONVOLUTIONS[op](case, CONV_ROUTES[route]), case)


@pytest.mark.parametrize("route", POOL_ROUTES)
@pytest.mark.parametrize("op", POOLINGS)
def test_poolings_agree(op, route, oracles):
    for case in taken(oracles, op):
        compare(POOLINGS[op](case, POOL_ROUTES[route])[:1], case)
