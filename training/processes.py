"""The processes of one training: one, or one a GPU where `torchrun` started it; the first of them writes and speaks.

    torchrun --nproc_per_node 4 run.py --train -d LABEL_FOLDERS

`torchrun` gives each process its number in the environment; without it there is one process, and nothing here waits.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from utils import UserError

if TYPE_CHECKING:
    import torch


def process_count() -> int:
    """How many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def process_number() -> int:
    """Which of them this is, from 0."""
    return int(os.environ.get("RANK", "0"))


def is_main() -> bool:
    """Whether this process writes: the only one, or the first."""
    return process_number() == 0


def meet() -> None:
    """Wait until all processes are here; nothing where there is one."""
    if process_count() > 1:
        import torch

        if not torch.distributed.is_initialized():
            if torch.cuda.is_available():
                torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
            torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        torch.distributed.barrier()


def from_main(value: Any) -> Any:
    """What the main process gave, in all of them."""
    if process_count() < 2:
        return value
    import torch

    meet()
    values = [value]
    torch.distributed.broadcast_object_list(values, src=0)
    return values[0]


def gathered(tensor: torch.Tensor) -> torch.Tensor:
    """The tensors [N, ...] of all processes, of one shape, behind each other: [processes x N, ...]."""
    if process_count() < 2:
        return tensor
    import torch

    tensors = [torch.empty_like(tensor) for _ in range(process_count())]
    torch.distributed.all_gather(tensors, tensor.contiguous())
    return torch.cat(tensors)


def own_device(name: str) -> str:
    """The device that this process trains on; of several processes each has its own GPU. UserError: it is not there."""
    from encoders.devices import resolve_device

    device = resolve_device(name)
    if device.type != "cuda" or process_count() < 2:
        return str(device)
    if name.startswith("cuda:"):
        raise UserError(f"--device {name}: torchrun gives each process a GPU of its own; leave --device out")
    return str(resolve_device(f"cuda:{os.environ.get('LOCAL_RANK', '0')}"))
