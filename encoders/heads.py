"""Image classifiers with a plain linear head, as transformers and timm save them: ViT, BeiT and DiT, RegNetY, ...

    model, name = load_head(Path("vit-historical-page"), (224, 224))     # "classifier": the name of the linear layer
    features = head_features(model, pixels)                              # [B, D]: what goes into it

Such a model has no text tower: each category is a row of its head, and a page's logits are W x + b. What is read here
is a folder of `AutoModelForImageClassification` with its image processor, or one of timm's own; once it is a complete
model folder of ours (folder.py), it keeps that form.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from encoders.descriptions import same_label
from encoders.earlier import PAGE_CLASSIFIER
from encoders.towers import cached, lacks, load_partly, load_strictly, one_line, quietly
from output.console import say
from output.files import json_if_whole
from reading.transform import PageTransform
from utils import UserError, listed, printable

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

# The earlier tool saves its models without names: their outputs are these categories, in alphabetical order.
EARLIER = (
    "DRAW", "DRAW_L", "LINE_HW", "LINE_P", "LINE_T", "PHOTO", "PHOTO_L", "TEXT", "TEXT_HW", "TEXT_P", "TEXT_T"
)  # fmt: skip
CONFIG, WEIGHTS = "config.json", "model.safetensors"
TIMM = "timm_model."  # how transformers begins the names of timm's weights, in files that it does not take from timm
PROCESSORS = ("preprocessor_config.json", "processor_config.json")
HUB_ID = re.compile(r"[A-Za-z0-9][\w-]*/[\w.-]+")


def no_words(name: str) -> UserError:
    """What is said of a model with a plain head where a text tower is wanted."""
    return UserError(
        f"{printable(name or 'this model')} has a plain head and no text tower: it sorts into its own categories and "
        "knows no words (-cc, --avg, --zero_shot and search by words are for dual encoders, such as the shipped model)"
    )


# ---- what a folder says of itself ------------------------------------------------------------------------------------


def is_head(folder: Path) -> bool:
    """Whether a folder is an image classifier of transformers or timm, by its config.json; ours are not meant."""
    config = json_if_whole(folder / CONFIG)
    named = config.get("architectures")
    whole = isinstance(named, list) and any(str(name).endswith("ForImageClassification") for name in named)
    timm = "architecture" in config and "model_type" not in config and bool(config.get("num_classes"))
    return (whole or timm) and not (folder / PAGE_CLASSIFIER).is_file()


def plain_folder(source: Path | str) -> Path | None:
    """The folder of a model that learns with a plain head, for it has no text tower; None for any other.

    source: a folder, or a hub id that may be in the cache.
    """
    folder: Path | None = Path(source)
    if not folder.is_dir():
        folder = None if folder.is_absolute() else cached(str(source).replace("\\", "/"))
    if folder is None:
        return None
    if (folder / PAGE_CLASSIFIER).is_file():
        return folder if "head" in json_if_whole(folder / PAGE_CLASSIFIER) else None
    config = json_if_whole(folder / CONFIG)
    image_model = "architecture" in config or ("model_type" in config and "text_config" not in config)
    return folder if image_model else None


def base_of(folder: Path) -> str:
    """What a folder's classifier was made from, by its config.json: a hub id where it names one."""
    config = json_if_whole(folder / CONFIG)
    if HUB_ID.fullmatch(named := str(config.get("_name_or_path", ""))):
        return named
    if "architecture" in config:
        values = config.get("pretrained_cfg")
        tag = values.get("tag") if isinstance(values, dict) else ""
        return f"timm/{config['architecture']}{f'.{tag}' if tag else ''}"
    return str(config.get("model_type") or folder.name)


def written_labels(folder: Path) -> list[str]:
    """What a folder's config.json calls the outputs of its classifier, in their order; [] where it does not."""
    config = json_if_whole(folder / CONFIG)
    labels = config.get("label_names") or config.get("id2label")
    if isinstance(labels, dict):
        labels = [labels[key] for key in sorted(labels, key=lambda key: int(key) if key.isdecimal() else 0)]
    return [str(label) for label in labels] if isinstance(labels, list) else []


def stated_categories(folder: Path) -> list[str]:
    """The categories of a folder's classifier as its config.json alone tells them; [] where it does not."""
    labels = written_labels(folder)
    if not _nameless(labels):
        return [same_label(label) for label in labels]
    return list(EARLIER) if len(labels) == len(EARLIER) else []


def _nameless(labels: Sequence[str]) -> bool:
    return all(re.fullmatch(r"LABEL_\d+", label) for label in labels)


def categories_of_head(model: PreTrainedModel, given: Mapping[str, Any] | None, folder: Path) -> list[str]:
    """The categories of a classifier that was loaded from a folder, in the order of its outputs.

    given: the categories of `-cc`, which name outputs that have no names (LABEL_0 ...), in alphabetical order.

    Raises UserError: no names for them, other names for some that have their own, not as many.
    """
    shown, labels = printable(str(folder)), _labels(model)
    if not _nameless(labels):
        if given is not None:
            raise no_words(str(folder))
        return [same_label(label) for label in labels]
    if given is None and len(labels) != len(EARLIER):
        raise UserError(
            f"{shown}: its {len(labels)} outputs have no names ({listed(labels, 2)}): name its categories with -cc "
            "FILE; they are taken in alphabetical order, as those who train such models do"
        )
    if given is None:
        say(f"note: {shown} does not name its {len(labels)} outputs: taken for the categories of the earlier tool")
    names = list(EARLIER) if given is None else sorted(map(same_label, given))
    if len(names) != len(labels):
        raise UserError(
            f"{shown} has {len(labels)} outputs without names, -cc names {len(names)} categories: they do not belong "
            "together"
        )
    return names


def head_transform(folder: Path) -> PageTransform:
    """How its pages are made: as its image processor says, else as timm says.

    A timm folder of the earlier tool has no processor, and its pages were stretched (bilinear) to its size, whatever
    timm says of cropping: such a folder is known by outputs without names.

    Raises UserError where neither is known here.
    """
    values, labels = json_if_whole(folder / CONFIG).get("pretrained_cfg"), written_labels(folder)
    nameless = bool(labels) and _nameless(labels)
    if isinstance(values, dict) and nameless and not any((folder / name).is_file() for name in PROCESSORS):
        try:
            side = int(values["input_size"][-1])
            mean, std = tuple(values["mean"]), tuple(values["std"])
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise UserError(f"{folder / CONFIG}: not a timm setting that is known here ({one_line(error)})") from error
        return PageTransform((side, side), "squash", mean, std, "bilinear")
    return PageTransform.from_processor(folder)


def head_rows(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Weights float32 [C, D] and bias [C] of the layer `name`, from a folder's weights, without PyTorch.

    Raises UserError where the weights cannot be read, or have no such layer.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(folder / WEIGHTS, "np") as file:
            there = set(file.keys())
            name = name if f"{name}.weight" in there else name.removeprefix(TIMM)
            if f"{name}.weight" not in there:
                raise UserError(f"{folder}: {WEIGHTS} has no layer {name}, its head; copy or pull the folder again")
            rows = file.get_tensor(f"{name}.weight").astype(np.float32)
            bias = file.get_tensor(f"{name}.bias").astype(np.float32) if f"{name}.bias" in there else None
    except (OSError, SafetensorError, TypeError) as error:
        raise UserError(f"{folder}: {WEIGHTS} cannot be read ({one_line(error)}); copy or pull it again") from error
    return rows, np.zeros(len(rows), np.float32) if bias is None else bias


# ---- with PyTorch ----------------------------------------------------------------------------------------------------

_wanted = threading.local()  # .features: whether this thread asks a model for what goes into its head


def load_head(
    folder: Path, size: tuple[int, int], name: str = "", *, to_train: bool = False
) -> tuple[PreTrainedModel, str]:
    """A classifier in float32 and eval mode, and the name of its linear head. size: (height, width) of its pages.

    name: of the head, where it is known; another one is an error. to_train: as an untuned base.

    Raises UserError: no such model, tensors that are missing, superfluous or of other shapes, no plain linear head, a
    size that it does not take.
    """
    from transformers import AutoModelForImageClassification

    model = load_strictly(AutoModelForImageClassification, folder, **_loading(folder, to_train=to_train))
    found = _find(model, size, folder)
    if name and name != found:
        raise UserError(f"{folder}: its head is {found}, {PAGE_CLASSIFIER} names {name}; copy or pull the folder again")
    return model, found


def load_to_train(folder: Path, labels: Sequence[str], size: tuple[int, int], seed: int) -> tuple[PreTrainedModel, str]:
    """A model with a head for these categories: rows that it has for some of them, all others random from `seed`.

    folder: a classifier, or an image model of a kind that can have a head. UserError as `load_head` has it.
    """
    import torch
    from transformers import AutoModelForImageClassification

    before: list[str] = []
    if is_head(folder) or (folder / PAGE_CLASSIFIER).is_file():
        model, name = load_head(folder, size, to_train=True)
        before = [same_label(label) for label in _labels(model)]
        if _nameless(before):
            before = stated_categories(folder)
    else:
        model, missing = load_partly(
            AutoModelForImageClassification, folder, **_loading(folder, len(labels), to_train=True)
        )
        name = _find(model, size, folder)
        if other := [tensor for tensor in missing if not tensor.startswith(f"{name}.") and "pooler" not in tensor]:
            raise UserError(lacks(folder, model, other))
    old = model.get_submodule(name)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        new = torch.nn.Linear(old.in_features, len(labels))
        torch.nn.init.trunc_normal_(new.weight, std=0.02)
        torch.nn.init.zeros_(new.bias)
        for number, label in enumerate(labels):
            if label in before:
                new.weight[number] = old.weight[before.index(label)]
                new.bias[number] = 0 if old.bias is None else old.bias[before.index(label)]
    model.set_submodule(name, new.eval())
    _hook(new)
    name_categories(model, labels)
    return model, name


def name_categories(model: PreTrainedModel, labels: Sequence[str]) -> None:
    """Let a model's own config say what its outputs mean."""
    model.config.id2label = dict(enumerate(labels))
    model.config.label2id = {label: number for number, label in enumerate(labels)}
    if hasattr(model.config, "label_names"):  # what timm has instead
        model.config.label_names = list(labels)
    model.num_labels = len(labels)


def _labels(model: PreTrainedModel) -> list[str]:
    return [str(label) for _, label in sorted(model.config.id2label.items())]


def head_features(model: PreTrainedModel, pixels: torch.Tensor) -> torch.Tensor:
    """What goes into the head [B, D] float32 of normalised float pixels [B, 3, H, W]; carries gradients."""
    _wanted.features = True
    try:
        return model(pixel_values=pixels).logits.float()
    finally:
        _wanted.features = False


def _loading(folder: Path, labels: int = 0, *, to_train: bool = False) -> dict[str, Any]:
    """What `from_pretrained` is given. labels: outputs of a model that has no head yet; to_train: it may be a pickle of
    tensors, where there is no other file, as with published bases.
    """
    import torch
    from transformers import AutoConfig

    number = {"num_labels": labels} if labels else {}
    config = quietly(AutoConfig, folder, folder, local_files_only=True, trust_remote_code=False, **number)
    if getattr(config, "model_args", None):  # timm writes what transformers gives it anyway
        config.model_args = {name: value for name, value in config.model_args.items() if name != "num_classes"}
    safe = any(folder.glob("model*.safetensors"))
    if not safe and not (to_train and (folder / "pytorch_model.bin").is_file()):
        raise UserError(f"{folder}: model.safetensors is missing; a pickle is read of an untuned base only")
    return {
        "config": config,
        "dtype": torch.float32,
        "local_files_only": True,
        "trust_remote_code": False,
        "use_safetensors": safe,
        "weights_only": True,
    }


def _find(model: PreTrainedModel, size: tuple[int, int], folder: Path) -> str:
    """The name of the linear layer whose output is the logits, seen at work on an empty page; its features can be asked
    for from now on. UserError: there is none, or the model does not take pages of that size.
    """
    import torch

    seen: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def watch(name: str) -> Any:
        def note(_: Any, inputs: Any, output: torch.Tensor) -> None:
            seen[name] = inputs[0], output

        return note

    linear = {
        name: layer
        for name, layer in model.named_modules()
        if isinstance(layer, torch.nn.Linear) and layer.out_features == model.config.num_labels
    }
    watched = [layer.register_forward_hook(watch(name)) for name, layer in linear.items()]
    try:
        with torch.no_grad():
            logits = model(pixel_values=torch.zeros(1, 3, *size)).logits
    except (ValueError, RuntimeError, TypeError, AssertionError, AttributeError) as error:
        raise UserError(
            f"{folder}: {type(model).__name__} does not take pages of {size[0]} x {size[1]} pixels, which its image "
            f"processor makes ({one_line(error)})"
        ) from error
    finally:
        for handle in watched:
            handle.remove()
    heads = [
        name for name, (x, y) in seen.items() if x.dim() == 2 and y.shape == logits.shape and torch.equal(y, logits)
    ]
    if len(heads) != 1:
        raise UserError(f"{folder}: {type(model).__name__} has no plain linear head, so it cannot be used here")
    _hook(linear[heads[0]])
    return heads[0]


def head_of(model: PreTrainedModel) -> str:
    """The name of the head of a model that was loaded here; "" of any other model."""
    hooked = (name for name, layer in model.named_modules() if _features_instead in layer._forward_hooks.values())
    return next(hooked, "")


def _hook(head: torch.nn.Linear) -> None:
    head.register_forward_pre_hook(_as_the_head)
    head.register_forward_hook(_features_instead)


def _as_the_head(head: torch.nn.Linear, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    return (inputs[0].to(head.weight.dtype),)  # of a tower in half precision: the head stays in float32


def _features_instead(_: torch.nn.Linear, inputs: tuple[torch.Tensor, ...], __: torch.Tensor) -> torch.Tensor | None:
    return inputs[0] if getattr(_wanted, "features", False) else None
