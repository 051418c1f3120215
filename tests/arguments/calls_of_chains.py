"""Right calls of what is inferred along chains."""

from __future__ import annotations

import numpy as np
import torch
from example_calls import Example, Fresh, of, tensors

from gradus import inference

START, TRANSITION = [0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]]


def model() -> inference.HiddenMarkovModel:
    return inference.HiddenMarkovModel(START, TRANSITION, [[0.8, 0.2], [0.3, 0.7]])


def calls_of_chains() -> dict[str, Example]:
    symbols, lengths = Fresh(lambda: np.array([[0, 1, 1], [1, 0, 0]])), Fresh(lambda: np.array([3, 2]))
    name, made = "gradus.inference.", model()
    crf = inference.LinearChainCRF(2, dtype=torch.float64)
    scores = Fresh(lambda: tensors(0, 2, 3, 2))
    tags, mask = (
        Fresh(lambda: torch.tensor([[0, 1, 1], [1, 0, 0]])),
        Fresh(lambda: torch.tensor([[True, True, True], [False, True, True]])),
    )
    of_one = dict(sequences=symbols, lengths=lengths)
    return {
        name + "GaussianEmission": of(
            inference.GaussianEmission,
            means=Fresh(lambda: np.zeros((2, 1))),
            covariances=Fresh(lambda: np.ones((2, 1))),
        ),
        name + "LinearChainCRF": of(inference.LinearChainCRF, tags=2),
        name + "LinearChainCRF.forward": of(crf.forward, emissions=scores, tags=tags, mask=mask),
        name + "LinearChainCRF.log_likelihood": of(
            crf.log_likelihood, emissions=scores, tags=tags, mask=mask
        ),
        name + "LinearChainCRF.log_partition": of(crf.log_partition, emissions=scores, mask=mask),
        name + "LinearChainCRF.marginals": of(crf.marginals, emissions=scores, mask=mask),
        name + "LinearChainCRF.decode": of(crf.decode, emissions=scores, mask=mask),
        name + "HiddenMarkovModel": of(
            inference.HiddenMarkovModel,
            start=Fresh(lambda: np.array(START)),
            transition=Fresh(lambda: np.array(TRANSITION)),
            emission=Fresh(lambda: np.array([[0.8, 0.2], [0.3, 0.7]])),
            dtype="float64",
        ),
        name + "HiddenMarkovModel.log_likelihood": of(made.log_likelihood, **of_one),
        name + "HiddenMarkovModel.posterior": of(made.posterior, **of_one, transitions=True),
        name + "HiddenMarkovModel.viterbi": of(made.viterbi, **of_one),
        name + "HiddenMarkovModel.sample": of(made.sample, steps=3, count=2, seed=1),
        name + "HiddenMarkovModel.fit": of(
            made.fit, **of_one, starts=2, max_iter=3, tol=1e-6, pseudocount=0.1, seed=1
        ),
    }
