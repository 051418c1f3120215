"""Which way a run's steps are computed: in closed form, compiled, or eagerly, which serves every model."""

from collections.abc import Callable, Sequence

from torch import nn
from torch.optim import Optimizer

from gradus.optimization.flat_update import FlatUpdate
from gradus.optimization.fused import obstacle as flat_obstacle
from gradus.training.attachments import is_attached, is_observed
from gradus.training.callbacks import Callback
from gradus.training.closed_form import ClosedFormUpdate, LayerSequence, layer_sequence, own_gradients
from gradus.training.closures import needs_graph
from gradus.training.compiled import CompiledUpdate, obstacle
from gradus.training.data import InMemory
from gradus.training.distributed import Group
from gradus.training.eager import EagerUpdate
from gradus.training.objective import Objective
from gradus.training.run import Run
from gradus.training.settings import PRECISIONS, Loss, Settings
from gradus.training.update import Update


def closed_form_layers(
    model: nn.Module, *, loss: Loss, data: InMemory, settings: Settings, group: Group
) -> LayerSequence | None:
    """The model's layers, where the settings allow steps in closed form and the model is a sequence of layers.

    It is asked first of all, since the memory layout of images depends on it.
    """
    if (
        is_observed()
        or not settings.closed_form
        or settings.compile
        or settings.accumulate > 1
        or group.world > 1
    ):
        return None
    example = data.inputs[: settings.batch_size]
    precision = PRECISIONS[settings.precision]
    return layer_sequence(model, loss=loss, example=example, precision=precision) or own_gradients(
        model, loss=loss, example=example, precision=precision
    )


def flat_update(optimizer: Optimizer, objective: Objective) -> FlatUpdate | None:
    """The update of all parameters in one call; None where it cannot be had, or another way would not be quicker.

    It is asked before anything looks at where the parameters lie.
    """
    if objective.settings.compile or objective.group.world > 1 or objective.device.type != "cpu":
        return None
    updated = [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
    if set(map(id, updated)) != set(map(id, objective.parameters)) or flat_obstacle(optimizer):
        return None
    return FlatUpdate(optimizer)


def choose_update(
    *,
    objective: Objective,
    run: Run,
    callbacks: Sequence[Callback],
    layers: LayerSequence | None,
    flat: FlatUpdate | None,
    say: Callable[[str], None],
) -> Update:
    """The update of a run, chosen once everything is in place for its first step.

    Args:
        objective: whose loss falls.
        run: its model and optimiser are updated.
        callbacks: those among them that look at gradients.
        layers: what `closed_form_layers` found.
        flat: what `flat_update` made of the optimiser.
        say: is told why a step that was to be compiled is not.
    """
    eager = EagerUpdate(objective=objective, run=run, callbacks=callbacks, flat=flat)
    if needs_graph(run.optimizer) or any(callback.every_call for callback in callbacks):
        return eager
    if layers is not None and not is_attached(objective.model):
        return ClosedFormUpdate(layers=layers, eager=eager)
    if not objective.settings.compile:
        return eager
    if reason := obstacle(objective, run.optimizer):
        say(f"the step is not compiled: {reason}")
        return eager
    return CompiledUpdate(eager=eager, say=say)
