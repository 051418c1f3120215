"""Training of generative models beside the usual tutorial loop: samples per second, one thread, in turn.

    python -m benchmarks.generation [--quick] [--rounds 3]

A variational autoencoder (64-128-16 with batches of 64, and 784-500-20 with batches of 100) and a small U-Net of a diffusion model. The peer's
loop is PyTorch's example: DataLoader, Adam, `loss.item()`. Both draw pixels anew at each step; of each run the median epoch after the first
counts, over the rounds the median. The losses of both after the same epochs are printed.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.table import Row
from gradus.generative import DenoisingUNet, NoiseSchedule
from gradus.systems.generative.diffusion.net import NoisePrediction
from gradus.systems.generative.vae.net import NegativeBound, network
from gradus.training import fit
from gradus.training.known_losses import mean_of_outputs

Measured = tuple[float, float]  # samples a second, the last epoch's mean loss


class TutorialVAE(nn.Module):
    """As PyTorch's example writes it, with tanh."""

    def __init__(self, pixels: int, units: int, latents: int) -> None:
        super().__init__()
        self.fc1, self.fc3, self.fc4 = (
            nn.Linear(pixels, units),
            nn.Linear(latents, units),
            nn.Linear(units, pixels),
        )
        self.fc21, self.fc22 = nn.Linear(units, latents), nn.Linear(units, latents)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        h = torch.tanh(self.fc1(x))
        mu, logvar = self.fc21(h), self.fc22(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return torch.sigmoid(self.fc4(torch.tanh(self.fc3(z)))), mu, logvar


def loop(
    model: nn.Module, loss: Callable[..., Tensor], data: TensorDataset, batch: int, epochs: int
) -> Measured:
    """The tutorial's loop."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loader, speeds, total = DataLoader(data, batch_size=batch, shuffle=True), [], 0.0
    for _ in range(epochs):
        begun, total = time.perf_counter(), 0.0
        for rows in loader:
            optimizer.zero_grad()
            value = loss(*rows)
            value.backward()
            total += value.item() * len(rows[0])
            optimizer.step()
        speeds.append(len(data) / (time.perf_counter() - begun))
    return statistics.median(speeds[1:] or speeds), total / len(data)


def ours(model: nn.Module, data: tuple[Tensor, Tensor], batch: int, epochs: int) -> Measured:
    found = fit(
        model, mean_of_outputs, data, epochs=epochs, batch_size=batch, optimizer="adam", learning_rate=1e-3, progress="silent"
    )  # fmt: skip
    return len(data[0]) / statistics.median(found.epoch_seconds[1:] or found.epoch_seconds), found.history[
        -1
    ]["loss"]


def compare(what: str, one: Callable[[], Measured], other: Callable[[], Measured], rounds: int) -> Row:
    found = [(one(), other()) for _ in range(rounds)]
    speeds = [statistics.median(pair[i][0] for pair in found) for i in range(2)]
    losses = [found[-1][i][1] for i in range(2)]
    row = Row(what, speeds[0], "tutorial loop", speeds[1], "samples/s")
    print(
        f"{what}: {speeds[0]:.0f} and {speeds[1]:.0f} samples/s, losses {losses[0]:.2f} and {losses[1]:.2f}",
        flush=True,
    )
    return row


def autoencoder(pixels: int, units: int, latents: int, batch: int, count: int, rounds: int) -> Row:
    generator, side = torch.Generator().manual_seed(0), int(pixels**0.5)
    images = torch.rand(count, 1, side, side, generator=generator) ** 3
    settings = {"shape": [1, side, side], "units": units, "latents": latents}

    def theirs() -> Measured:
        model = TutorialVAE(pixels, units, latents)

        def loss(x: Tensor) -> Tensor:
            x = torch.bernoulli(x.view(-1, pixels))
            y, mu, logvar = model(x)
            fit = nn.functional.binary_cross_entropy(y, x, reduction="sum")
            return (fit - 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())) / len(x)

        return loop(model, loss, TensorDataset(images), batch, 5)

    def mine() -> Measured:
        return ours(NegativeBound(network(settings)), (images, torch.zeros(count)), batch, 5)

    return compare(f"VAE {pixels}-{units}-{latents}", mine, theirs, rounds)


def denoiser(count: int, rounds: int) -> Row:
    generator = torch.Generator().manual_seed(0)
    images = 2 * torch.rand(count, 1, 8, 8, generator=generator) - 1
    classes = torch.randint(0, 10, (count,), generator=generator)
    schedule = NoiseSchedule.cosine(1000)
    bars = schedule.alpha_bars.float()
    with_class = torch.cat((images, classes[:, None, None, None].float().expand(-1, 1, 8, 8)), 1)

    def net() -> DenoisingUNet:
        return DenoisingUNet(1, 8, width=32, multipliers=(1, 2), classes=10)

    def theirs() -> Measured:
        model = net()

        def loss(x: Tensor, c: Tensor) -> Tensor:
            t, noise = torch.randint(1, 1001, (len(x),)), torch.randn_like(x)
            a = bars[t][:, None, None, None]
            guess = model(a.sqrt() * x + (1 - a).sqrt() * noise, t, c)
            return nn.functional.mse_loss(guess, a.sqrt() * noise - (1 - a).sqrt() * x)

        return loop(model, loss, TensorDataset(images, classes), 64, 3)

    def mine() -> Measured:
        return ours(NoisePrediction(net(), schedule, 0.0), (with_class, torch.zeros(count)), 64, 3)

    return compare("U-Net of diffusion, 8×8", mine, theirs, rounds)


def main() -> list[Row]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few samples, one round")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rounds, share = (1, 10) if options.quick else (options.rounds, 1)
    return [
        autoencoder(64, 128, 16, 64, 12_800 // share, rounds),
        autoencoder(784, 500, 20, 100, 10_000 // share, rounds),
        denoiser(1280 // share, rounds),
    ]


if __name__ == "__main__":
    main()
