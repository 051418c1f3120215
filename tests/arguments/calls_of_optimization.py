"""Right calls of optimization."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from example_calls import LABELS, Example, Fresh, array, gradient_at, model_of, new, of, rows, tensors
from sklearn.linear_model import SGDClassifier
from torch import nn

from gradus import optimization


def calls_of_optimization() -> dict[str, Example]:
    sgd = lambda parameters: torch.optim.SGD(parameters, lr=0.1)
    return {
        "gradus.optimization.minimize_composite": of(
            optimization.minimize_composite,
            f=lambda x: (x - 1).square().sum(),
            prox=Fresh(lambda: optimization.L1Norm(0.1)),
            x0=Fresh(lambda: tensors(0, 3)),
            args=(),
            batched=False,
            accelerated=True,
            restart=True,
            step_size=0.4,
            tolerance=1e-6,
            max_iterations=20,
            max_evaluations=40,
            keep_points=False,
        ),
        "gradus.optimization.L1Norm": of(optimization.L1Norm, weight=0.5),
        "gradus.optimization.L2Norm": of(optimization.L2Norm, weight=0.5),
        "gradus.optimization.NuclearNorm": of(optimization.NuclearNorm, weight=0.5),
        "gradus.optimization.Box": of(optimization.Box, lower=-1.0, upper=2.0),
        "gradus.optimization.L1Norm.value": of(
            optimization.L1Norm(0.5).value, x=Fresh(lambda: tensors(0, 3))
        ),
        "gradus.optimization.L1Norm.prox": of(
            optimization.L1Norm(0.5).prox,
            v=Fresh(lambda: tensors(0, 3)),
            step=0.5,
        ),
        "gradus.optimization.L2Norm.value": of(
            optimization.L2Norm(0.5).value, x=Fresh(lambda: tensors(0, 3))
        ),
        "gradus.optimization.L2Norm.prox": of(
            optimization.L2Norm(0.5).prox,
            v=Fresh(lambda: tensors(0, 3)),
            step=0.5,
        ),
        "gradus.optimization.NuclearNorm.value": of(
            optimization.NuclearNorm(0.5).value, x=Fresh(lambda: tensors(0, 3, 2))
        ),
        "gradus.optimization.NuclearNorm.prox": of(
            optimization.NuclearNorm(0.5).prox,
            v=Fresh(lambda: tensors(0, 3, 2)),
            step=0.5,
        ),
        "gradus.optimization.Box.value": of(
            optimization.Box(-1.0, 1.0).value, x=Fresh(lambda: tensors(0, 3))
        ),
        "gradus.optimization.Box.prox": of(
            optimization.Box(-1.0, 1.0).prox,
            v=Fresh(lambda: tensors(0, 3)),
            step=0.5,
        ),
        "gradus.optimization.certified_fits": of(optimization.certified_fits),
        "gradus.optimization.least_squares": of(
            optimization.least_squares,
            residual=lambda x: x - 1,
            x0=Fresh(lambda: tensors(0, 3)),
            method="levenberg-marquardt",
            args=(),
            batched=False,
            jacobian="reverse",
            tolerance=1e-6,
            max_iterations=20,
            max_evaluations=40,
            keep_points=False,
        ),
        "gradus.optimization.gradient_noise_scale": of(
            optimization.gradient_noise_scale, gradients=new(tensors, 0, 6, 3), batch_size=2
        ),
        "gradus.optimization.measure_noise_scale": of(
            optimization.measure_noise_scale,
            model=Fresh(lambda: seeded(nn.Linear, 3, 1)),
            loss=nn.functional.mse_loss,
            data=Fresh(lambda: [tensors(0, 24, 3), 3 + tensors(1, 24, 1)]),
            batch_size=2,
            batches=4,
            seed=0,
        ),
        "gradus.optimization.step_at_batch_size": of(
            optimization.step_at_batch_size, step=0.1, batch_size=32.0, new_batch_size=64.0, noise_scale=10.0
        ),
        "gradus.optimization.read_range_curve": of(
            optimization.read_range_curve,
            step_sizes=Fresh(lambda: np.geomspace(1e-3, 1, 30)),
            losses=Fresh(lambda: np.r_[np.linspace(4, 1, 25), 2.0, 3, 4, 5, 6]),
            smoothing=0.5,
        ),
        "gradus.optimization.largest_stable_step": of(
            optimization.largest_stable_step, curvature=2.0, optimizer="momentum"
        ),
        "gradus.optimization.search_step_size": of(
            optimization.search_step_size,
            model=Fresh(lambda: seeded(nn.Linear, 3, 1)),
            loss=nn.functional.mse_loss,
            data=Fresh(lambda: [tensors(0, 240, 3), 3 * tensors(0, 240, 3)[:, :1] + tensors(1, 240, 1)]),
            way="range",
            optimizer="sgd",
            batch_size=2,
            low=1e-3,
            high=10.0,
            seed=0,
        ),
        "gradus.optimization.cross_validated_step": of(
            optimization.cross_validated_step,
            estimator=Fresh(
                lambda: SGDClassifier(learning_rate="constant", max_iter=3, tol=None, random_state=0)
            ),
            X=new(rows, 0, 12, 3),
            y=Fresh(lambda: LABELS),
            step_sizes=array(1e-3, 1e-1),
            parameter="eta0",
            folds=2,
        ),
        "gradus.optimization.bfgs_update": of(
            optimization.bfgs_update,
            H=Fresh(lambda: torch.eye(3, dtype=torch.float64)),
            s=new(tensors, 0, 3),
            y=new(tensors, 1, 3),
        ),
        "gradus.optimization.lbfgs_product": of(
            optimization.lbfgs_product,
            S=new(tensors, 0, 2, 3),
            Y=new(tensors, 1, 2, 3),
            g=new(tensors, 2, 3),
            gamma=0.5,
        ),
        "gradus.optimization.LogisticLoss": of(
            lambda X, y, penalty: optimization.LogisticLoss(X, y, penalty)(torch.ones(3, dtype=X.dtype)),
            X=new(tensors, 0, 5, 3),
            y=Fresh(lambda: torch.tensor([0.0, 1, 1, 0, 1], dtype=torch.float64)),
            penalty=0.1,
        ),
        "gradus.optimization.LogisticLoss.value_and_gradient": of(
            lambda w: _logistic_loss().value_and_gradient(w), w=new(tensors, 0, 3)
        ),
        "gradus.optimization.MGHProblem.solved": of(
            optimization.mgh_problem(1).solved, value=0.5, tolerance=1e-5, absolute=1e-10
        ),
        "gradus.optimization.MGHProblem.start": of(optimization.mgh_problem(1).start, factor=10.0),
        "gradus.optimization.mgh_problem": of(optimization.mgh_problem, number=21, n=4),
        "gradus.optimization.kronecker_step": of(
            optimization.kronecker_step,
            a=new(tensors, 0, 5, 3),
            g=new(tensors, 1, 5, 2),
            gradient=new(tensors, 2, 2, 3),
            damping=0.1,
        ),
        "gradus.optimization.KFAC": of(
            optimization.KFAC,
            model=Fresh(lambda: seeded(nn.Linear, 3, 2)),
            lr=0.1,
            damping=0.1,
            likelihood="categorical",
            loss_scale=1.0,
            fisher="sampled",
            decay=0.9,
            factor_every=2,
            inverse_every=3,
            momentum=0.5,
            weight_decay=0.1,
            rescaling="kl",
            kl=0.1,
            largest=100,
            seed=1,
            sharing="reduce",
        ),
        "gradus.optimization.NaturalGradient": of(
            optimization.NaturalGradient,
            model=Fresh(lambda: seeded(nn.Linear, 3, 2)),
            lr=0.1,
            damping=0.1,
            likelihood="categorical",
            loss_scale=1.0,
            fisher="sampled",
            weight_decay=0.1,
            seed=1,
        ),
        "gradus.optimization.chord_curvature": of(
            optimization.chord_curvature,
            function=lambda points: points.square().sum(1),
            points=new(tensors, 0, 4, 2),
        ),
        "gradus.optimization.conjugate": of(
            optimization.conjugate,
            points=new(tensors, 0, 4, 2),
            values=new(tensors, 1, 4),
            slopes=new(tensors, 2, 3, 2),
        ),
        "gradus.optimization.Nesterov": of(
            optimization.Nesterov, parameters=Fresh(lambda: [tensors(0, 3)]), lr=0.1, momentum=0.9
        ),
        "gradus.optimization.expected_best": of(
            optimization.expected_best, losses=np.array([0.4, 0.1, 0.3]), budget=2
        ),
        "gradus.optimization.clip_by_global_norm": of(
            optimization.clip_by_global_norm,
            gradients=Fresh(lambda: [tensors(0, 3), tensors(1, 2, 2)]),
            max_norm=1.0,
            epsilon=1e-6,
        ),
        "gradus.optimization.FlatUpdate": of(
            optimization.FlatUpdate,
            optimizer=Fresh(lambda: torch.optim.SGD(torch.nn.Linear(2, 1).parameters(), lr=0.1, fused=True)),
        ),
        "gradus.optimization.minimize": of(
            optimization.minimize,
            f=lambda x: (x - 1).square().sum(),
            x0=Fresh(lambda: tensors(0, 3)),
            method="lbfgs",
            args=(),
            batched=False,
            tolerance=1e-6,
            max_iterations=20,
            max_evaluations=40,
            keep_points=False,
        ),
        "gradus.optimization.online_descent": of(
            optimization.online_descent,
            gradient=lambda theta, t: theta,
            theta0=Fresh(lambda: tensors(0, 3) / 10),
            steps=2,
            step_sizes=array(0.1, 0.2),
            radius=1.0,
            simplex=False,
        ),
        "gradus.optimization.quadratic": of(
            gradient_at(optimization.quadratic, np.ones(3)),
            hessian=Fresh(lambda: np.diag([1.0, 2, 3])),
            minimiser=new(rows, 0, 3),
        ),
        "gradus.optimization.solve_qp": of(
            optimization.solve_qp,
            P=Fresh(lambda: torch.eye(3)),
            q=new(tensors, 0, 3),
            A=Fresh(lambda: torch.eye(3)[:2]),
            b=Fresh(lambda: torch.ones(2)),
            G=new(tensors, 1, 2, 3),
            h=Fresh(lambda: torch.full((2,), 9.0)),
            g=Fresh(lambda: torch.full((2,), -9.0)),
            lower=Fresh(lambda: torch.full((3,), -9.0)),
            upper=Fresh(lambda: torch.full((3,), 9.0)),
            tolerance=1e-8,
            max_iterations=50,
        ),
        "gradus.optimization.scripted": of(
            gradient_at(optimization.scripted, np.ones(3)), gradients=new(rows, 0, 2, 3)
        ),
        "gradus.optimization.trajectory": of(
            optimization.trajectory,
            make_optimizer=sgd,
            gradient=lambda theta: theta,
            theta0=new(rows, 0, 3),
            steps=2,
            step_sizes=array(0.1, 0.2),
            function=lambda theta: theta.square().sum(),
        ),
    }


def seeded(maker: Any, *sizes: int) -> Any:
    """A module in double precision, with the generator left as it was."""
    return model_of(maker)(in_features=sizes[0], out_features=sizes[1]).double()


def _logistic_loss() -> optimization.LogisticLoss:
    labels = torch.tensor([0.0, 1, 1, 0, 1], dtype=torch.float64)
    return optimization.LogisticLoss(tensors(1, 5, 3), labels)
