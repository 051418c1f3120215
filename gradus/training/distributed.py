"""Data-parallel training under torchrun, by PyTorch's own engine (DDP).

Each global batch is split over the ranks; the gradients that DDP averages are weighted by the sizes of the shares, so
that the update is that of one process on the joined batch, up to rounding.
"""

import contextlib
import gc
import os
from collections.abc import Iterator

import torch
import torch.distributed as dist
from torch import nn

from gradus.errors import GradusError
from gradus.text import Text


class Group:
    """The processes of a run; for a single process all is trivial."""

    rank = 0
    world = 1

    def wrap(self, model: nn.Module, device: torch.device) -> nn.Module:
        """The model as it is called in training."""
        return model

    def share(self, indices: torch.Tensor) -> tuple[torch.Tensor, float]:
        """This rank's part of a batch, and the weight of its mean loss in DDP's average."""
        return indices, 1.0

    def sum(self, values: list[float]) -> list[float]:
        """The element-wise sums over the ranks."""
        return values

    def sync_buffers(self, model: nn.Module) -> None:
        """Let every rank have the first rank's buffers (running statistics)."""

    def broadcast(self, number: int) -> int:
        """The first rank's number."""
        return number

    def abandon(self, number: int) -> None:
        """Let the ranks that wait for the first one's number have `number`, after it failed to begin."""


class Distributed(Group):
    """The processes that torchrun started."""

    def __init__(self) -> None:
        self.rank, self.world = dist.get_rank(), dist.get_world_size()
        self._agreed = False

    def wrap(self, model: nn.Module, device: torch.device) -> nn.Module:
        """Wrap in DDP, which also gives every rank the first rank's parameters."""
        from torch.nn.parallel import DistributedDataParallel

        ids = [device] if device.type == "cuda" else None
        return DistributedDataParallel(model, device_ids=ids)

    def share(self, indices: torch.Tensor) -> tuple[torch.Tensor, float]:
        """Every `world`-th index; a rank left without one computes on the first with weight 0."""
        share = indices[self.rank :: self.world]
        if len(share) == 0:
            return indices[:1], 0.0
        return share, self.world * len(share) / len(indices)

    def sum(self, values: list[float]) -> list[float]:
        """All-reduce in float64."""
        total = torch.tensor(values, dtype=torch.float64, device=self._device())
        dist.all_reduce(total)
        return total.tolist()

    def sync_buffers(self, model: nn.Module) -> None:
        """Broadcast each buffer from the first rank."""
        for buffer in model.buffers():
            dist.broadcast(buffer.detach(), 0)

    def broadcast(self, number: int) -> int:
        """Broadcast one whole number."""
        value = torch.tensor([number], dtype=torch.int64, device=self._device())
        dist.broadcast(value, 0)
        self._agreed = True
        return int(value.item())

    def abandon(self, number: int) -> None:
        """Send the number, unless the ranks already got theirs."""
        if not self._agreed:
            self.broadcast(number)

    def _device(self) -> str:
        return f"cuda:{torch.cuda.current_device()}" if dist.get_backend() == "nccl" else "cpu"


class _Meeting:
    """Where the processes of torchrun meet: its store, kept as long as this process lives, and how often they met.

    Each group has names of its own in the store: those of an earlier one would be taken for the new one's.
    """

    def __init__(self) -> None:
        self.store: dist.Store | None = None
        self.rank = self.world = self.count = 0

    def join(self) -> None:
        """Make a new group of the processes."""
        if self.store is None:
            self.store, self.rank, self.world = next(dist.rendezvous("env://"))
        self.count += 1
        dist.init_process_group(
            "nccl" if torch.cuda.is_available() else "gloo",
            store=dist.PrefixStore(f"gradus-{self.count}", self.store), rank=self.rank, world_size=self.world,
        )  # fmt: skip


_meeting = _Meeting()


@contextlib.contextmanager
def process_group() -> Iterator[Group]:
    """Join the processes that torchrun started; alone, a trivial group. A group that was already set up is left up."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2 and not (dist.is_available() and dist.is_initialized()):
        yield Group()
        return
    starts_it = not dist.is_initialized()
    if starts_it:
        try:
            _meeting.join()
        except (RuntimeError, ValueError) as error:
            raise GradusError(
                Text(
                    f"cannot join the processes of torchrun: {str(error).splitlines()[0]}",
                    f"无法加入 torchrun 的进程组：{str(error).splitlines()[0]}",
                )
            ) from None
    try:
        yield Distributed()
        if starts_it:
            dist.barrier()
    finally:
        if starts_it:
            gc.collect()  # what still holds the group would end its threads too late, and abort the process
            dist.destroy_process_group()
