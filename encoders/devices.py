"""Where and how exactly the model computes: devices and precisions.

device = resolve_device("auto")
reason = bf16_missing(device)      # None: bf16 is there
"""

from __future__ import annotations

import ctypes
import re
import sys

import torch

from utils import UserError, did_you_mean

DEVICES = ("auto", "cpu", "cuda", "cuda:N", "mps")
PRECISIONS = ("fp32", "tf32", "bf16")


def resolve_device(name: str) -> torch.device:
    """The device that `name` means: "auto" is the first CUDA GPU, else Apple's, else the CPU. UserError: not there."""
    mps = torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda:0" if torch.cuda.is_available() else "mps" if mps else "cpu")
    match = re.fullmatch(r"(cpu|mps|cuda)(?::(\d+))?", name)
    if match is None or (match[2] and match[1] != "cuda"):
        raise UserError(f"device {name!r} is not known: {', '.join(DEVICES)}{did_you_mean(name, DEVICES)}")
    if match[1] == "mps" and not mps:
        raise UserError("device mps: this machine has no Apple GPU that PyTorch can use; take --device cpu")
    if match[1] == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if int(match[2] or 0) >= count:
            present = f"it has cuda:0 to cuda:{count - 1}" if count else "PyTorch sees no CUDA GPU here"
            raise UserError(f"device {name}: {present}; take --device cpu, or auto")
        return torch.device(f"cuda:{match[2] or 0}")
    return torch.device(name)


def bf16_missing(device: torch.device) -> str | None:
    """Why bf16 is not to be had on `device`; None where it is, or where nobody can tell."""
    if device.type == "cuda":
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return None
        return f"{torch.cuda.get_device_name(device)} does not compute in bf16"
    if device.type == "cpu":
        able = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
        # Only x86 names its parts here; on others (Apple, ARM servers) bf16 runs, if perhaps no faster.
        x86 = able.get("architecture") == "x86_64"
        if x86 and not (able.get("avx512_bf16") or able.get("amx_bf16") or able.get("avx_ne_convert")):
            return "this processor does not compute in bf16 (no AVX512_BF16, no AMX): it would be slower than fp32"
    return None


def check_precision(precision: str, device: torch.device) -> None:
    """UserError where `precision` is none, or not to be had on `device`."""
    if precision not in PRECISIONS:
        valid = ", ".join(PRECISIONS)
        raise UserError(f"precision {precision!r} is not known: {valid}{did_you_mean(precision, PRECISIONS)}")
    if precision == "bf16" and (reason := bf16_missing(device)):
        raise UserError(f"--precision bf16: {reason}; take fp32")
    if precision == "tf32" and device.type != "cuda":
        raise UserError(f"--precision tf32 is for NVIDIA cards, and this computes on {device.type}; take fp32")


def exact_fp32() -> None:
    """fp32 means fp32: GPUs may otherwise round the factors of products to 10 bits (TF32). For the whole process."""
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False


def allow_tf32() -> None:
    """From now on NVIDIA cards round those factors, and are faster by half."""
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True


def keep_memory() -> None:
    """Linux with glibc: freed memory stays with the process instead of going back to the system. Elsewhere: nothing.

    A training step of a convolutional tower frees and takes the same gigabyte again and again; given back, each part of
    it must be cleared and mapped anew. Training EfficientNet-Lite0 on two cores spent half its time in the system: with
    this a step took 66 to 104 ms a page instead of 133 to 190. (mallopt(3): M_TRIM_THRESHOLD -1, M_TOP_PAD -2,
    M_MMAP_MAX -4, M_ARENA_MAX -8.)
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # musl has none
        return
    for parameter, value in ((-1, 2**31 - 1), (-2, 2**28), (-4, 0), (-8, 1)):
        mallopt(parameter, value)
