#!/usr/bin/env bash
# PyTorch 2.13.0, torch.optim.lr_scheduler.ReduceLROnPlateau, and optax 0.2.8, optax.contrib.reduce_on_plateau, with their defaults
# One would guess: the step size is cut once the loss has not improved for `patience` steps, whatever the loss's sign.
# Seen: with a loss below 0 never. A loss counts as better where it is below best · (1 - 1e-4), and for best = -100 that is
#   -99.99: standing still is an improvement at each step, and so is to rise by 0.005 at each; "best" rises with it. A thousand
#   such steps, from -100 to -95, leave the step size at 1, and so do 200 at -100; 200 at +100 cut it below 1e-7. PyTorch's
#   mode="max" does the same to a reward that stands still below 0.
# Why it matters: negative log-likelihoods of densities, evidence bounds, rewards with a sign: the schedule is a constant one.
# What to do: threshold_mode="abs" (optax: rtol=0, atol=...), which is right on both sides of 0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile torch==2.13.0 optax==0.2.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
import optax.contrib
import torch


def by_torch(losses, **settings):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **settings)
    for loss in losses:
        schedule.step(loss)
    return optimizer.param_groups[0]["lr"]


def by_optax(losses, **settings):
    rule = optax.contrib.reduce_on_plateau(**settings)
    state = rule.init(jnp.zeros(1))
    update = jax.jit(lambda state, loss: rule.update(jnp.ones(1), state, value=loss)[1])
    for loss in losses:
        state = update(state, jnp.asarray(loss))
    return float(state.scale)


flat, rising = [-100.0] * 200, [-100 + 0.005 * t for t in range(1000)]
for name, run in (("torch 2.13.0", by_torch), ("optax 0.2.8", by_optax)):
    results = {"flat at -100": run(flat), "rising from -100": run(rising), "flat at 100": run([100.0] * 200)}
    print(name, results)
    assert results["flat at -100"] == results["rising from -100"] == 1.0
    assert results["flat at 100"] < 1e-3 and run([200 + loss for loss in rising]) < 1e-3
assert by_torch(flat, threshold_mode="abs") < 1e-3 and by_torch(rising, threshold_mode="abs") < 1e-3
assert by_optax(flat, rtol=0.0, atol=1e-4) < 1e-3
assert by_torch([100.0] * 200, mode="max") < 1e-3 and by_torch(flat, mode="max") == 1.0
PYTHON
