"""Right calls of diffusion models."""

from __future__ import annotations

import torch
from example_calls import Example, Fresh, model_of, of, tensors

from gradus import generative


def calls_of_diffusion() -> dict[str, Example]:
    """Of every public function and method, by its full name."""
    name = "gradus.generative."
    schedule = generative.NoiseSchedule(torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64))
    x, noise, z = (Fresh(lambda seed=seed: tensors(seed, 3, 2)) for seed in range(3))
    times = Fresh(lambda: torch.tensor([1, 2, 4]))
    mixture = {
        "weights": Fresh(lambda: torch.tensor([0.5, 0.5], dtype=torch.float64)),
        "means": Fresh(lambda: tensors(4, 2, 2)),
        "deviations": Fresh(lambda: torch.tensor([0.5, 1.0], dtype=torch.float64)),
    }
    model = generative.GaussianMixtureDenoiser(**{k: v.make() for k, v in mixture.items()}, schedule=schedule)
    taken = {"model": model, "schedule": schedule, "prediction": "noise", "shape": (3, 2), "seed": 0}
    return {
        name + "NoiseSchedule": of(generative.NoiseSchedule, betas=Fresh(lambda: torch.tensor([0.1, 0.5]))),
        name + "NoiseSchedule.linear": of(generative.NoiseSchedule.linear, steps=4, first=0.1, last=0.2),
        name + "NoiseSchedule.cosine": of(generative.NoiseSchedule.cosine, steps=4, offset=0.008, most=0.9),
        name + "NoiseSchedule.prior_divergence": of(schedule.prior_divergence, x=x),
        name + "GaussianMixtureDenoiser": of(
            generative.GaussianMixtureDenoiser, **mixture, schedule=schedule, prediction="data"
        ),
        name + "GaussianMixtureDenoiser.sample": of(model.sample, count=3, seed=0),
        name + "DenoisingUNet": of(
            model_of(generative.DenoisingUNet),
            channels=1,
            size=4,
            width=4,
            multipliers=(1, 2),
            blocks=1,
            heads=2,
            classes=3,
            dropout=0.1,
        ),
        name + "DenoisingUNet.forward": of(
            generative.DenoisingUNet(1, 4, width=4, multipliers=(1, 2), heads=2, classes=3).forward,
            x=Fresh(lambda: tensors(5, 3, 1, 4, 4).float()),
            t=times,
            condition=Fresh(lambda: torch.tensor([0, 1, 3])),
        ),
        name + "guided": of(
            lambda **given: generative.guided(**given)(tensors(6, 3, 2), torch.tensor([1, 2, 3])),
            model=lambda x, t, c: 0.1 * x * c[:, None],
            condition=Fresh(lambda: torch.tensor([0, 1, 1])),
            scale=2.0,
            none=2,
            rescale=0.5,
        ),
        name + "classifier_guided": of(
            lambda **given: generative.classifier_guided(**given)(tensors(6, 3, 2), torch.tensor([1, 2, 3])),
            model=lambda x, t: 0.1 * x,
            log_probability=lambda x, t: torch.nn.functional.logsigmoid(x[:, 0]),
            schedule=schedule,
            scale=2.0,
        ),
        name + "add_noise": of(generative.add_noise, x=x, t=times, schedule=schedule, noise=noise),
        name + "convert_prediction": of(
            generative.convert_prediction,
            output=noise,
            x=x,
            t=times,
            schedule=schedule,
            source="noise",
            target="data",
        ),
        name + "denoising_step": of(
            generative.denoising_step,
            output=noise,
            x=x,
            t=times,
            schedule=schedule,
            noise=z,
            prediction="noise",
            variance="beta",
            clip=(-1.0, 1.0),
        ),
        name + "diffusion_loss": of(
            generative.diffusion_loss,
            model=lambda x, t: 0.5 * x,
            x=x,
            schedule=schedule,
            prediction="noise",
            weighting="bound",
            variance="beta",
            t=times,
            noise=noise,
            reduction="none",
        ),
        name + "ddpm_sample": of(generative.ddpm_sample, **taken, variance="beta", trajectory=True),
        name + "ddim_sample": of(
            generative.ddim_sample, **taken, steps=2, eta=0.5, spacing="leading", trajectory=True
        ),
        name + "ddim_invert": of(
            generative.ddim_invert,
            model=model,
            x=x,
            schedule=schedule,
            prediction="noise",
            steps=2,
            spacing="leading",
            iterations=1,
            trajectory=True,
        ),
        name + "diffusion_times": of(
            generative.diffusion_times, schedule=schedule, steps=2, spacing="trailing"
        ),
    }
