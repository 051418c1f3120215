"""Keep the C library from returning memory to the system after every step, only to ask for it again."""

import torch

# The largest block from which glibc still learns (its DEFAULT_MMAP_THRESHOLD_MAX, 32 MiB on 64-bit machines).
_LARGEST_LESSON = 32 * 2**20


def warm_heap() -> None:
    """Allocate one large block and free it.

    glibc serves large requests by mmap and gives the top of its heap back, so activations of a megabyte cost hundreds of
    page faults each, every step. It raises both of its thresholds when it sees a large block freed, up to 32 MiB: one
    such block is enough, and leaves the allocator as any program leaves it that has handled one. The block is
    never touched, so it takes no memory. Other allocators are not affected.
    """
    torch.empty(_LARGEST_LESSON - 2**16, dtype=torch.uint8)
