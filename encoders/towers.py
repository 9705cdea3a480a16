"""Dual encoders and tokenizers on disk -> transformers objects: strictly, quietly, offline, and running nobody's code.

    model = load_dual_encoder(Path("models/mine"))
    tokenizer = find_tokenizer(Path("models/mine"), None, model.config.text_config.vocab_size)

`trust_remote_code` is never set, nothing but the local disk is asked, and a tensor that is missing or superfluous is an
error instead of a report that nobody reads.
"""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

TOKENIZER_FILES = ("tokenizer.json", "vocab.json", "vocab.txt", "spiece.model", "tokenizer.model")
STANDARD_VOCABULARY = 49408  # token ids of every CLIP that OpenAI published
STANDARD_TOKENIZERS = tuple(
    f"openai/clip-vit-{name}" for name in ("base-patch32", "base-patch16", "large-patch14", "large-patch14-336")
)


def read_json(file: Path) -> dict[str, Any]:
    """The object in a JSON file; UserError where it is absent, broken or no object."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(
            f"{file.parent}: {file.name} is missing; the folder is incomplete, copy or pull it again"
        ) from error
    except (OSError, ValueError) as error:
        raise UserError(f"{file}: cannot be read ({one_line(error)})") from error
    if not isinstance(value, dict):
        raise UserError(f"{file}: not a JSON object")
    return value


def one_line(error: BaseException) -> str:
    """The first line of an error's text, at most 200 characters."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:200]


def load_dual_encoder(folder: Path, *, allow_pickle: bool = False) -> PreTrainedModel:
    """The dual encoder of a Hugging Face folder in float32 (halves are widened), in eval mode.

    Weights are safetensors; with `allow_pickle` also `pytorch_model.bin` where there is nothing else
    (`weights_only=True`: some published bases have no other file).

    Raises UserError: not a dual encoder, files missing or broken, tensors missing, superfluous or of other shapes.
    """
    import torch
    from transformers import AutoModel

    read_json(folder / "config.json")
    has_safetensors = any(folder.glob("model*.safetensors"))
    if not has_safetensors and not (allow_pickle and (folder / "pytorch_model.bin").is_file()):
        pickled = "; a pickle is not read here" if (folder / "pytorch_model.bin").is_file() else ""
        raise UserError(f"{folder}: model.safetensors is missing{pickled}")
    model = load_strictly(
        AutoModel,
        folder,
        dtype=torch.float32,
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=has_safetensors,
        weights_only=True,
    )
    features, configs = ("get_image_features", "get_text_features"), ("vision_config", "text_config")
    if not (all(hasattr(model, name) for name in features) and all(hasattr(model.config, name) for name in configs)):
        raise UserError(
            f"{folder}: {type(model).__name__} is no dual encoder (one image and one text tower in one space)"
        )
    return model


def load_strictly(auto: Any, source: Path | None, **kwargs: Any) -> PreTrainedModel:
    """`from_pretrained` that is quiet and strict."""
    where = source or kwargs.pop("where")
    model, info = quietly(auto, source, where, output_loading_info=True, **kwargs)
    for part, kind in (
        ("missing_keys", "lacks"),
        ("unexpected_keys", "has superfluous"),
        ("mismatched_keys", "has misfit"),
    ):
        if names := sorted(str(name) for name in info.get(part) or ()):
            raise UserError(
                f"{where}: the weights file {kind} {len(names)} tensors (e.g. {names[0]}): it does not belong to this "
                "model; copy or pull the folder again"
            )
    return _unmapped(model)


def load_headless(folder: Path) -> tuple[PreTrainedModel, bool]:
    """Any model of transformers without its head, in float32 and eval mode, and whether its file holds its pooler.

    Superfluous tensors are a head's, and left out; a pooler may be missing (it is random then). UserError: no model of
    a known kind, or other tensors missing.
    """
    import torch
    from transformers import AutoModel

    model, missing = load_partly(
        AutoModel,
        folder,
        dtype=torch.float32,
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=any(folder.glob("*.safetensors")),
        weights_only=True,
    )
    if names := [name for name in missing if "pooler" not in name]:
        raise UserError(lacks(folder, model, names))
    return model, not missing


def load_partly(auto: Any, folder: Path, **kwargs: Any) -> tuple[PreTrainedModel, list[str]]:
    """A model of which the file may hold more or less than that, and the names of the tensors that it lacks.

    UserError: no model of a known kind, or tensors of other shapes.
    """
    model, info = quietly(auto, folder, folder, output_loading_info=True, **kwargs)
    if misfit := sorted(str(name) for name in info.get("mismatched_keys") or ()):
        raise UserError(lacks(folder, model, misfit))
    return _unmapped(model), sorted(str(name) for name in info.get("missing_keys") or ())


def lacks(folder: Path, model: PreTrainedModel, names: Sequence[str]) -> str:
    """The line for a weights file without these tensors."""
    return (
        f"{folder}: the weights file lacks {len(names)} tensors of {type(model).__name__} (e.g. {names[0]}): copy or "
        "pull the folder again"
    )


def _unmapped(model: PreTrainedModel) -> PreTrainedModel:
    # Tensors mapped from the file lie at odd addresses, where some kernels round otherwise than they do for the model
    # that was saved; a mapped file also cannot be replaced on Windows.
    for tensor in [*model.parameters(), *model.buffers()]:
        tensor.data = tensor.data.clone()
    return model.eval()


def quietly(auto: Any, source: Path | None, where: Path, **kwargs: Any) -> Any:
    """`auto.from_pretrained` without its reports and bars; whatever it finds wrong is one line."""
    from huggingface_hub.errors import StrictDataclassError
    from safetensors import SafetensorError
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        return auto.from_pretrained(source if source is None else str(source), **kwargs)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, ImportError, EOFError) as error:
        raise UserError(f"{where}: cannot be loaded: {one_line(error)}") from error
    except (SafetensorError, StrictDataclassError, pickle.UnpicklingError) as error:
        raise UserError(f"{where}: cannot be loaded: {one_line(error)}") from error


def cached(repo: str) -> Path | None:
    """The folder of a hub repository in the local cache, None where it is not there. UserError: not a valid hub id."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repo, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    except HFValidationError as error:
        raise UserError(f"{repo}: neither a folder nor a hub id (owner/name)") from error


def find_tokenizer(folder: Path | None, given: Path | None, vocabulary: int) -> PreTrainedTokenizerBase:
    """The tokenizer that belongs to a model: the given folder's, else its own folder's, else CLIP's in the hub cache.

    vocabulary: rows of the model's token embedding; only a CLIP of the standard 49,408 may take the one of the cache.

    Raises UserError with what to do where none is found.
    """
    if given is not None:
        if not has_tokenizer(given):
            raise UserError(f"--tokenizer {given}: no tokenizer there (wanted: {' or '.join(TOKENIZER_FILES[:3])})")
        return load_tokenizer(given)
    if folder is not None and has_tokenizer(folder):
        return load_tokenizer(folder)
    if vocabulary != STANDARD_VOCABULARY:
        raise UserError(
            f"{folder or 'the checkpoint'}: no tokenizer, and its {vocabulary} token ids are not CLIP's "
            f"{STANDARD_VOCABULARY}: give its own with --tokenizer DIR"
        )
    for repo in STANDARD_TOKENIZERS:
        if (snapshot := cached(repo)) is not None and has_tokenizer(snapshot):
            return load_tokenizer(snapshot)
    raise UserError(
        f"{folder or 'the checkpoint'}: no tokenizer; give one with --tokenizer DIR. CLIP's comes with a base, where "
        "there is internet: python run.py --hf --zero_shot -m ViT-B/32, then --tokenizer models/ViT-B32_rev_untuned"
    )


def has_tokenizer(folder: Path) -> bool:
    """Whether a folder holds the files of a tokenizer."""
    return any((folder / name).is_file() for name in TOKENIZER_FILES)


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer in `folder`; UserError where it cannot be loaded."""
    from transformers import AutoTokenizer

    return quietly(AutoTokenizer, folder, folder, local_files_only=True, trust_remote_code=False)


def learned_scale(model: PreTrainedModel) -> float:
    """The factor of the cosine that a dual encoder has learned."""
    return math.exp(model.logit_scale.item())


def check_tokenizer(tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel, where: Path | str) -> None:
    """UserError where the tokenizer's ids are not those of the text tower.

    CLIP pools its text feature at the end token, which it finds by `eos_token_id` of its text config (2 means: at the
    highest id). With another tokenizer it would silently pool position 0, the same for every text.
    """
    rows = model.config.text_config.vocab_size
    if len(tokenizer) > rows:
        raise UserError(
            f"{where}: the tokenizer has {len(tokenizer)} ids, the text tower {rows}: it belongs to another model"
        )
    if tokenizer.pad_token_id is None:
        raise UserError(f"{where}: the tokenizer has no padding token (pad_token in tokenizer_config.json)")
    ends = [module.eos_token_id for module in model.modules() if isinstance(getattr(module, "eos_token_id", None), int)]
    if not ends:  # pooled elsewhere: first token (BERT), last position (SigLIP)
        return
    ids = tokenizer("a")["input_ids"]
    at_end = (max(ids) if ends[0] == 2 else ends[0]) == ids[-1] and ids.index(ids[-1]) == len(ids) - 1
    if not at_end:
        raise UserError(
            f"{where}: the text tower pools at token {ends[0]} (eos_token_id), the tokenizer ends with {ids[-1]}: "
            "they do not belong together"
        )


def check_size(model: PreTrainedModel, size: tuple[int, int], where: Path | str) -> None:
    """UserError where pages of `size` (height, width) are not what the image tower takes; some take any size."""
    side = getattr(model.config.vision_config, "image_size", None)
    if isinstance(side, int) and size != (side, side):
        raise UserError(
            f"{where}: the transform gives {size[0]} x {size[1]} pixels, the image tower takes {side} x {side}: they "
            "do not belong together"
        )
