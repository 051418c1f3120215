"""Right calls of the networks of a DCGAN."""

from __future__ import annotations

import torch
from example_calls import Example, Fresh, model_of, new, of, tensors

from gradus import generative


def calls_of_dcgan() -> dict[str, Example]:
    """Of every public function and method, by its full name."""
    name = "gradus.generative."
    shape = {"channels": 1, "size": 8, "width": 2, "kernel": 3, "classes": 3}
    classes = Fresh(lambda: torch.tensor([0, 2, 1]))
    generator = model_of(generative.DCGenerator)(latent=4, **shape).double().eval()
    discriminator = model_of(generative.DCDiscriminator)(**shape).double().eval()
    return {
        name + "DCGenerator": of(model_of(generative.DCGenerator), latent=4, **shape),
        name + "DCGenerator.forward": of(generator.forward, z=new(tensors, 0, 3, 4), condition=classes),
        name + "DCDiscriminator": of(model_of(generative.DCDiscriminator), **shape, norm="layer"),
        name + "DCDiscriminator.forward": of(
            discriminator.forward, x=new(tensors, 1, 3, 1, 8, 8), condition=classes
        ),
        name + "spherical_interpolation": of(
            generative.spherical_interpolation,
            start=new(tensors, 0, 3, 4),
            end=new(tensors, 1, 3, 4),
            weight=0.25,
        ),
    }
