"""The network that reads formulas: a small encoder of our own before TrOCR's decoder, in transformers' own container.

    model = new_model("small", vocabulary=480)                  # a VisionEncoderDecoderModel with random weights
    model.generate(pixel_values=torch.zeros(1, 1, 64, 256))     # token ids, [1, length]

A patch of 16 x 16 pixels, as ViT cuts them, holds three letters of a formula and learns slowly; three convolutions of
stride 2 see a formula at its own scale. The encoder takes any height and width that are multiples of `STRIDE`: its
positions are sines and cosines of row and column (Carion et al. 2020, DETR), so that a wide formula costs what it is
wide. Importing this module is what lets `VisionEncoderDecoderModel.from_pretrained` know the encoder.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModel,
    PretrainedConfig,
    PreTrainedModel,
    TrOCRConfig,
    VisionEncoderDecoderModel,
)
from transformers.modeling_outputs import BaseModelOutput
from transformers.models.vision_encoder_decoder.configuration_vision_encoder_decoder import VisionEncoderDecoderConfig

START, PAD, END = 0, 1, 2  # as TrOCR numbers them
STRIDE = 8  # pixels of the picture a place of the encoder, in both directions
LONGEST = 512  # positions of the decoder


@dataclass(frozen=True)
class Preset:
    """Sizes of a network. channels: of the three convolution stages; blocks: residual blocks after each."""

    width: int
    channels: tuple[int, int, int]
    blocks: tuple[int, int, int]
    encoder_layers: int
    decoder_layers: int
    heads: int
    inner: int


PRESETS = {
    "micro": Preset(128, (16, 32, 64), (0, 1, 1), 2, 2, 4, 384),  # 0.9 M numbers: minutes of training
    "small": Preset(256, (32, 64, 128), (0, 1, 2), 2, 3, 4, 768),  # 5 M numbers: hours, and the model that ships
}


class FormulaEncoderConfig(PretrainedConfig):
    """Sizes of the encoder, as transformers keeps them in config.json."""

    model_type = "formula_encoder"

    def __init__(
        self,
        hidden_size: int = 256,
        channels: tuple[int, ...] | list[int] = (32, 64, 128),
        blocks: tuple[int, ...] | list[int] = (0, 1, 2),
        num_hidden_layers: int = 2,
        num_attention_heads: int = 8,
        intermediate_size: int = 768,
        hidden_dropout_prob: float = 0.0,
        **rest: object,
    ) -> None:
        self.hidden_size = hidden_size
        self.channels = list(channels)
        self.blocks = list(blocks)
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.intermediate_size = intermediate_size
        self.hidden_dropout_prob = hidden_dropout_prob
        super().__init__(**rest)


class Residual(nn.Module):
    """Two convolutions beside a way past them (He et al. 2016). Groups of channels are normalised, not batches: what a
    formula gives must not depend on its neighbours."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.GroupNorm(8, channels),
            nn.GELU(),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.GroupNorm(8, channels),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[batch, channels, H, W] -> the same shape."""
        return nn.functional.gelu(x + self.body(x))


class FormulaEncoder(PreTrainedModel):
    """Pictures [batch, 1, H, W], 0 = paper and 1 = ink -> places [batch, H/8 * W/8, width], row by row."""

    config_class = FormulaEncoderConfig
    base_model_prefix = "encoder"
    main_input_name = "pixel_values"

    def __init__(self, config: FormulaEncoderConfig) -> None:
        super().__init__(config)
        stages: list[nn.Module] = []
        before = 1
        for channels, blocks in zip(config.channels, config.blocks, strict=True):
            stages += [
                nn.Conv2d(before, channels, 3, stride=2, padding=1, bias=False),
                nn.GroupNorm(8, channels),
                nn.GELU(),
            ]
            stages += [Residual(channels) for _ in range(blocks)]
            before = channels
        self.stem = nn.Sequential(*stages, nn.Conv2d(before, config.hidden_size, 1))
        layer = nn.TransformerEncoderLayer(
            config.hidden_size,
            config.num_attention_heads,
            config.intermediate_size,
            config.hidden_dropout_prob,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.layers = nn.TransformerEncoder(
            layer, config.num_hidden_layers, norm=nn.LayerNorm(config.hidden_size), enable_nested_tensor=False
        )
        self.post_init()

    def forward(self, pixel_values: torch.Tensor, return_dict: bool | None = None, **_: object) -> BaseModelOutput:
        """As the class says. `_`: what transformers' container passes on, and nothing here uses."""
        seen = self.stem(pixel_values)  # [batch, width, H/8, W/8]
        seen = seen + positions(seen.shape[2], seen.shape[3], seen.shape[1], seen.device).to(seen.dtype)
        places = self.layers(seen.flatten(2).transpose(1, 2))  # [batch, H/8 * W/8, width]
        return BaseModelOutput(last_hidden_state=places) if return_dict is not False else (places,)


def positions(rows: int, columns: int, width: int, device: torch.device) -> torch.Tensor:
    """Sines and cosines of row (first half of the channels) and column: float32 [1, width, rows, columns]."""
    quarter = width // 4
    rates = torch.exp(torch.arange(quarter, device=device, dtype=torch.float32) * (-math.log(1000.0) / quarter))
    down = torch.arange(rows, device=device, dtype=torch.float32)[:, None] * rates  # [rows, quarter]
    across = torch.arange(columns, device=device, dtype=torch.float32)[:, None] * rates  # [columns, quarter]
    down = torch.cat([down.sin(), down.cos()], dim=1).T[:, :, None].expand(-1, rows, columns)
    across = torch.cat([across.sin(), across.cos()], dim=1).T[:, None, :].expand(-1, rows, columns)
    return torch.cat([down, across])[None]


def new_model(preset: str, vocabulary: int) -> VisionEncoderDecoderModel:
    """A model with random weights. vocabulary: how many tokens there are. KeyError for no preset of `PRESETS`."""
    sizes = PRESETS[preset]
    encoder = FormulaEncoderConfig(
        sizes.width, sizes.channels, sizes.blocks, sizes.encoder_layers, sizes.heads, sizes.inner
    )
    decoder = TrOCRConfig(
        vocab_size=vocabulary,
        d_model=sizes.width,
        decoder_layers=sizes.decoder_layers,
        decoder_attention_heads=sizes.heads,
        decoder_ffn_dim=sizes.inner,
        max_position_embeddings=LONGEST,
        use_learned_position_embeddings=True,  # its sines are lost where transformers 5.24 loads a model
        scale_embedding=True,
        dropout=0.05,
        tie_word_embeddings=True,
        pad_token_id=PAD,
        bos_token_id=START,
        eos_token_id=END,
        decoder_start_token_id=START,
    )
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    # transformers 5 reads both from the outer configuration where it shifts the labels
    config.decoder_start_token_id, config.pad_token_id, config.eos_token_id = START, PAD, END
    model = VisionEncoderDecoderModel(config=config)
    chosen = model.generation_config
    chosen.decoder_start_token_id, chosen.pad_token_id, chosen.eos_token_id, chosen.bos_token_id = (
        START,
        PAD,
        END,
        START,
    )
    chosen.max_length = LONGEST
    spread(model)
    return model


def spread(model: VisionEncoderDecoderModel) -> None:
    """Random weights as wide as the network is narrow.

    transformers draws them with a deviation of 0.02, right for widths of 768 and more. In a network of 128 the decoder
    then cannot tell the places of the encoder apart, and for thousands of steps guesses without looking: 32 formulas
    were learned to a loss of 0.87 in 300 steps, with these to 0.02.
    """
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
        elif isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    tokens = model.decoder.get_input_embeddings().weight  # tied to the output, so last
    nn.init.normal_(tokens, std=tokens.shape[1] ** -0.5)
    with torch.no_grad():
        tokens[PAD].zero_()


AutoConfig.register(FormulaEncoderConfig.model_type, FormulaEncoderConfig)
AutoModel.register(FormulaEncoderConfig, FormulaEncoder)
