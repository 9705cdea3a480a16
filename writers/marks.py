"""Tells what a pen wrote from what stands on a page beside it: print and typing, stamps and seals, rules, edges.

    pieces = Pieces.of(ink, flat)               # connected ink, cut where it is large
    likely_hand(pieces.features)                # float32 [n]: how likely a pen wrote each, 0 to 1

A piece alone says little (a printed "o" is a written "o"): most of the features are those of its neighbourhood, where
print is of one height on one line, and a stamp of one colour. A small network on them, marks.safetensors, was taught
with drawn pages, of which the pixels that a pen wrote are known, and real ones: data_scripts/make_marks.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from safetensors.numpy import load_file

MARKS = Path(__file__).with_name("marks.safetensors")
TILE = 96  # pixels: connected ink that is longer than that is cut into tiles of this side
CELL = 8  # pixels: neighbourhoods are seen on a grid of these
OWN = 22  # features of a piece by itself; the last are shares of its edges, by direction
BINS = 8  # directions of edges, over half a turn
AROUND = ((31, 9), (41, 41))  # cells: the line that a piece stands on, and the region


@dataclass(frozen=True)
class Pieces:
    """The ink of a page in n pieces."""

    labels: np.ndarray  # [H, W] int32: 0 no ink, else the piece's number from 1
    features: np.ndarray  # [n, F] float32
    area: np.ndarray  # [n] pixels

    @classmethod
    def of(cls, ink: np.ndarray, flat: np.ndarray) -> Pieces:
        """ink: [H, W] bool; flat: [H, W, 3] uint8, the page with its paper made white."""
        labels = cut(ink)
        count = int(labels.max()) + 1
        inked = labels > 0
        at = labels[inked]
        area = np.bincount(at, minlength=count)[1:].astype(np.float32)
        own = _own(ink, flat, inked, at, area)
        ys, xs = np.nonzero(inked)
        x = np.bincount(at, xs, count)[1:] / np.maximum(area, 1)
        y = np.bincount(at, ys, count)[1:] / np.maximum(area, 1)
        return cls(labels, np.concatenate([own, *_around(own, x, y, area, ink.shape)], axis=1), area)


@cache
def _network() -> dict[str, np.ndarray]:
    return load_file(MARKS)


def likely_hand(features: np.ndarray, network: dict[str, np.ndarray] | None = None) -> np.ndarray:
    """Pieces' features, [n, F] -> float32 [n], 0 to 1: how likely it is that a pen wrote them.

    network: the arrays of one, by name; None for the one that travels with this file.
    """
    net = network or _network()
    values = np.clip((features - net["mean"]) / net["spread"], -5, 5).astype(np.float32)
    for layer in range(3):
        values = values @ net[f"{layer}.weight"].T + net[f"{layer}.bias"]
        if layer < 2:
            values = np.maximum(values, 0)
    return (1 / (1 + np.exp(-values[:, 0]))).astype(np.float32)


def cut(ink: np.ndarray) -> np.ndarray:
    """[H, W] int32: connected ink numbered from 1 without gaps, what is long cut by a grid of tiles."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    long = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) > 1.5 * TILE
    long[0] = False
    ys, xs = np.nonzero(long[labels])
    if len(ys):
        tiles = -(-ink.shape[1] // TILE)
        number = labels[ys, xs].astype(np.int64) * (tiles * -(-ink.shape[0] // TILE)) + ys // TILE * tiles + xs // TILE
        labels[ys, xs] = len(stats) + np.unique(number, return_inverse=True)[1].ravel()
        used = np.bincount(labels.ravel()) > 0
        used[0] = True
        labels = (np.cumsum(used, dtype=np.int32) - 1)[labels]
    return labels


def _own(ink: np.ndarray, flat: np.ndarray, inked: np.ndarray, at: np.ndarray, area: np.ndarray) -> np.ndarray:
    """[n, OWN] float32: each piece by itself: its size and shape, its strokes, its colour, the directions of its edges.

    inked: [H, W] bool, where there is ink; at: the piece of each such pixel; area: [n], pixels of each piece.
    """
    count = len(area) + 1

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(at, values, count)[1:].astype(np.float32)

    def mean(values: np.ndarray) -> np.ndarray:
        return total(values) / np.maximum(area, 1)

    ys, xs = np.nonzero(inked)
    box = np.full((4, count), 1 << 30, np.int64)
    np.minimum.at(box[0], at, xs)
    np.minimum.at(box[1], at, ys)
    np.minimum.at(box[2], at, -xs)
    np.minimum.at(box[3], at, -ys)
    wide = (-box[2] - box[0] + 1)[1:].astype(np.float32)
    high = (-box[3] - box[1] + 1)[1:].astype(np.float32)
    # edges, by direction
    soft = cv2.GaussianBlur(ink.astype(np.float32), (0, 0), 1.0)
    gx, gy = cv2.Sobel(soft, cv2.CV_32F, 1, 0)[inked], cv2.Sobel(soft, cv2.CV_32F, 0, 1)[inked]
    strength = np.hypot(gx, gy)
    angle = np.arctan2(gy, gx) % np.pi
    place = (angle / np.pi * BINS + 0.5).astype(np.int64) % BINS  # bin 0 is centred on upright edges
    edges = np.stack([total(strength * (place == b)) for b in range(BINS)], axis=1)
    edge = edges.sum(1)
    edges /= np.maximum(edge, 1e-6)[:, None]
    # strokes
    distance = cv2.distanceTransform(ink.astype(np.uint8), cv2.DIST_L2, 3)
    ridge = (distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8)))[inked].astype(np.float32)
    depth = distance[inked]
    ridges = np.maximum(total(ridge), 1)
    width = total(ridge * depth) / ridges
    width_spread = np.sqrt(np.maximum(total(ridge * depth**2) / ridges - width**2, 0))
    # colour: optical density of each channel as a share of all
    density = np.log((255.0 + 16) / (flat.astype(np.float32) + 16))
    near = cv2.boxFilter(density * ink[..., None].astype(np.float32), -1, (5, 5))
    near = near[inked]
    near /= near.sum(1, keepdims=True) + 1e-6
    warm, violet = near[:, 0] - near[:, 2], near[:, 1] - (near[:, 0] + near[:, 2]) / 2
    dark = density.mean(2)[inked]
    darkness = mean(dark)
    return np.stack(
        [
            np.log(area),
            np.log(wide),
            np.log(high),
            np.log(wide / high),
            area / (wide * high),
            edge / area,
            np.log(edge / np.sqrt(area) + 1),
            width,
            width_spread / np.maximum(width, 0.5),
            ridges / area,
            darkness,
            np.sqrt(np.maximum(mean(dark**2) - darkness**2, 0)),
            mean(warm),
            mean(violet),
            *edges.T,
        ],
        axis=1,
    ).astype(np.float32)


def _around(
    own: np.ndarray, x: np.ndarray, y: np.ndarray, area: np.ndarray, shape: tuple[int, int]
) -> list[np.ndarray]:
    """Means and spreads of the pieces around each, [n, 2 F] for each size of neighbourhood, and how many there are."""
    rows, columns = shape[0] // CELL + 1, shape[1] // CELL + 1
    cell = (y / CELL).astype(np.int64) * columns + (x / CELL).astype(np.int64)
    weight = np.sqrt(area)
    maps = [weight, *(own.T * weight), *(own.T**2 * weight)]
    grids = np.stack([np.bincount(cell, m, rows * columns).reshape(rows, columns) for m in maps], axis=2)
    out = []
    for size in AROUND:
        sums = np.stack(
            [
                cv2.boxFilter(g, -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT).ravel()[cell]
                for g in np.moveaxis(grids.astype(np.float32), 2, 0)
            ],
            axis=1,
        )
        among = np.maximum(sums[:, :1], 1e-6)
        means = sums[:, 1 : 1 + own.shape[1]] / among
        spreads = np.sqrt(np.maximum(sums[:, 1 + own.shape[1] :] / among - means**2, 0))
        out.append(np.concatenate([np.log(among), means, spreads], axis=1).astype(np.float32))
    middle = np.median(own, axis=0, keepdims=True) if len(own) else np.zeros((1, own.shape[1]), np.float32)
    out.append(own[:, [0, 2, 7, 10, 12, 13]] - middle[:, [0, 2, 7, 10, 12, 13]])
    return out
