"""Right calls of what measures dropout and batch normalisation."""

from __future__ import annotations

from example_calls import Example, Fresh, model_of, new, of, shares, tensors
from torch import nn

from gradus import theory


def calls_of_dropout_and_norms() -> dict[str, Example]:
    return {
        "gradus.theory.dropout_predictions": of(
            theory.dropout_predictions,
            model=Fresh(
                lambda: nn.Sequential(
                    nn.Dropout(0.5), model_of(nn.Linear)(in_features=3, out_features=1).double()
                )
            ),
            inputs=new(tensors, 0, 2, 3),
            samples=2,
            seed=0,
        ),
        "gradus.theory.loss_smoothness": of(
            theory.loss_smoothness,
            model=Fresh(lambda: model_of(nn.Linear)(in_features=3, out_features=1).double()),
            loss=nn.functional.mse_loss,
            data=Fresh(lambda: [tensors(0, 6, 3), 3 + tensors(1, 6, 1)]),
            steps=[0.1, 0.5],
            seed=0,
        ),
        "gradus.theory.class_averages": of(
            theory.class_averages, outputs=new(tensors, 0, 4, 2, 3), weights=new(shares, 1, 4)
        ),
    }
