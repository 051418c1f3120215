"""A distributed run, started by torchrun: writes the parameters that it ends with. Not a test module."""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from small_run import data, model, train

torch.set_num_threads(1)
folder, options = Path(sys.argv[1]), sys.argv[2:]
net = model("conv")
settings = {"accumulate": 2, "batch_size": 8} if "accumulate" in options else {}
if "nan" in options:
    inputs, targets = data()
    inputs[7] = float("nan")
    settings["data"] = (inputs, targets)
fitted = train(
    net, folder / "run", progress="plain", validation=data(21, 8), ema=0.9, checkpoint_every=4,
    epochs=1 if "short" in options else 3, resume="resume" in options, clip_norm=0.5, **settings,
)  # fmt: skip
for _ in range(2 if "again" in options else 0):  # further runs in one script
    net = model("conv")
    train(net, None, epochs=3, validation=data(21, 8), ema=0.9, clip_norm=0.5, **settings)
if int(__import__("os").environ.get("RANK", "0")) == 0:
    save_file(
        {name: value.contiguous() for name, value in net.state_dict().items()}, folder / "end.safetensors"
    )
