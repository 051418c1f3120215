"""The table of samples and features that the figures of these pages show before and after a norm."""

import numpy as np

from gradus.page.figures import canvas


def batch(sample_scale, channel_scale, n=6, c=6, places=4):
    """Samples of channels of places; the first sample and the last channel are on another scale and shifted."""
    x = np.random.default_rng(3).standard_normal((n, c, places))
    x[0] = sample_scale * (x[0] + 1)
    x[:, -1] = channel_scale * (x[:, -1] + 1)
    return x


def before_and_after(x, y, title):
    """Both tables, a sample a row, the places of a channel side by side; values beyond ±3 at the end of the scale."""
    fig, axes = canvas(columns=2, width=6.8, height=2.9)
    rows, every = len(x), x[0, 0].size
    for ax, table, name in zip(axes, (x, y), ("inputs", title), strict=True):
        shown = ax.imshow(table.reshape(rows, -1), vmin=-3, vmax=3, cmap="RdBu_r", aspect="auto")
        for k in range(every, table[0].size, every):
            ax.axvline(k - 0.5, color="#7F7F7F", lw=0.5)
        channels = np.arange(len(x[0]))
        ax.set(title=name, xlabel="channel", ylabel="sample", yticks=range(rows))
        ax.set_xticks(channels * every + (every - 1) / 2, [str(k + 1) for k in channels])
        ax.set_yticks(range(rows), [str(k + 1) for k in range(rows)])
    fig.colorbar(shown, ax=list(axes), shrink=0.8)
    return fig
