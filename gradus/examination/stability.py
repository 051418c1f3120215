"""The optimiser's step beside the largest that is stable, on a parabola with this curvature."""

from __future__ import annotations

import torch
from torch import Tensor

from gradus.errors import GradusError, words_of
from gradus.examination.curvature_checks import hessian
from gradus.examination.curvature_plan import plan
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Unchecked
from gradus.theory import top_eigenpairs
from gradus.theory.sharpness import Preconditioned
from gradus.theory.update_laws import UpdateLaw, update_law

STRANGE = 1e3  # times its step that an adaptive optimiser would move by the gradient of now: its √v is of another function


def law_of(subject: Subject) -> UpdateLaw:
    """The law of the subject's optimiser, as `gradus.theory.largest_stable_step` has it.

    Raises:
        Unchecked: there is none, or the optimiser has no state yet.
    """
    parameters = [p for p in subject.model.parameters() if p.requires_grad]
    try:
        return update_law(parameters, subject.optimizer)
    except GradusError as error:
        words = words_of(error)
        raise Unchecked(words.en, words.zh) from None


def stable_ratio(subject: Subject, section: Section, law: UpdateLaw) -> float:
    """The step over the largest stable one."""
    with subject.evaluating():
        H = hessian(subject)
        scale, left = _seen(subject, law)
        if left:
            section.say(
                f"{left} parameters are left out, whose gradients the optimiser has seen as nearly 0 (as those of biases before a batch "
                "norm in training)",
                f"略去 {left} 个参数：优化器所见的梯度几乎为 0（如训练模式下批归一化之前的偏置）",
            )
        operator = Preconditioned(H, law._replace(scale=scale))
        found = top_eigenpairs(
            operator, 1, max_products=plan(subject).products, tolerance=1e-2, seed=subject.seed
        )
    rate = 1.0 if law.learning_rate is None else law.learning_rate
    return rate * float(found.values[0]) / law.threshold()


def _seen(subject: Subject, law: UpdateLaw) -> tuple[Tensor, int]:
    """The scale with 0 where the optimiser's own mean square is of another function, and for how many parameters."""
    parameters = [p for p in subject.model.parameters() if p.requires_grad]
    value = subject.value(*subject.part(min(64, subject.train.samples)))
    gradients = torch.autograd.grad(value, parameters, allow_unused=True)
    pieces, left = list(law.scale.split([p.numel() for p in parameters])), 0
    for k, g in enumerate(gradients):
        if g is not None and float((pieces[k].square() * g.reshape(-1).to(pieces[k])).abs().mean()) > STRANGE:
            pieces[k], left = torch.zeros_like(pieces[k]), left + 1
    return torch.cat(pieces), left
