"""Steps in closed form for plain sequences of layers: what a graph costs small networks on a processor is left out."""

from gradus.training.closed_form.own_gradients import OwnGradients, own_gradients
from gradus.training.closed_form.recognition import layer_sequence
from gradus.training.closed_form.sequence import LayerSequence
from gradus.training.closed_form.update import ClosedFormUpdate

__all__ = ["ClosedFormUpdate", "LayerSequence", "OwnGradients", "layer_sequence", "own_gradients"]
