"""Outlines as arrays of points: blobs, stones, smooth curves, strokes clipped to a polygon. No ink here.

stone = blob(rng, 100, 80, 30, 20, rough=0.2)          # [n, 2], pixels
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np


def resample(points: np.ndarray, step: float) -> np.ndarray:
    """The polyline [n, 2] with its corners kept and points about every `step` pixels between them."""
    lengths = np.hypot(*np.diff(points, axis=0).T)
    total = np.concatenate([[0.0], np.cumsum(lengths)])
    if total[-1] <= step or len(points) < 2:
        return points
    even = np.linspace(0, total[-1], min(4000, int(total[-1] / max(step, 0.5)) + 2))
    at = np.sort(np.concatenate([even, total[1:-1]])) if len(points) < 40 else even
    return np.stack([np.interp(at, total, points[:, 0]), np.interp(at, total, points[:, 1])], 1)


def smooth(points: Sequence[tuple[float, float]] | np.ndarray, closed: bool = False, rounds: int = 3) -> np.ndarray:
    """Corners cut again and again (Chaikin 1974), so that the polyline [n, 2] becomes a curve; open ends stay."""
    points = np.asarray(points, np.float64)
    for _ in range(rounds):
        following = np.roll(points, -1, 0) if closed else points[1:]
        here = points if closed else points[:-1]
        cut = np.stack([0.75 * here + 0.25 * following, 0.25 * here + 0.75 * following], 1).reshape(-1, 2)
        points = cut if closed else np.concatenate([points[:1], cut[1:-1], points[-1:]])
    return points


def blob(
    rng: np.random.Generator,
    x: float,
    y: float,
    rx: float,
    ry: float | None = None,
    rough: float = 0.15,
    count: int = 48,
) -> np.ndarray:
    """A rounded closed outline [count, 2] about (x, y); `rough` 0 is an ellipse."""
    ry = rx if ry is None else ry
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    orders = np.arange(1, 7)
    waves = rng.normal(0, rough, 6) / np.sqrt(orders)
    radius = 1 + (waves[:, None] * np.cos(orders[:, None] * turn + rng.uniform(0, 6.3, (6, 1)))).sum(0) * 0.7
    radius = np.clip(radius, 0.35, 1.8)
    return np.stack([x + rx * radius * np.cos(turn), y + ry * radius * np.sin(turn)], 1)


def stone(rng: np.random.Generator, x: float, y: float, rx: float, ry: float, corners: int | None = None) -> np.ndarray:
    """An angular closed outline of 4 to 9 corners [n, 2]."""
    corners = int(rng.integers(4, 10)) if corners is None else corners
    turn = np.sort(np.linspace(0, 2 * np.pi, corners, endpoint=False) + rng.uniform(-0.35, 0.35, corners))
    radius = rng.uniform(0.72, 1.12, corners)
    lean = rng.uniform(0, np.pi)
    across, up = rx * radius * np.cos(turn), ry * radius * np.sin(turn)
    return np.stack([x + across * np.cos(lean) - up * np.sin(lean), y + across * np.sin(lean) + up * np.cos(lean)], 1)


def turned(points: np.ndarray, degrees: float, centre: tuple[float, float] | None = None) -> np.ndarray:
    """Points [n, 2] turned about a centre (their own middle)."""
    points = np.asarray(points, np.float64)
    middle = (points.min(0) + points.max(0)) / 2 if centre is None else np.asarray(centre)
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return (points - middle) @ np.array([[c, s], [-s, c]]) + middle


def fitted(points: np.ndarray, box: tuple[float, float, float, float], keep: bool = True) -> np.ndarray:
    """Points [n, 2] moved and scaled into (left, top, right, bottom); `keep` their proportions."""
    low, high = points.min(0), points.max(0)
    size = np.maximum(high - low, 1e-6)
    room = np.array([box[2] - box[0], box[3] - box[1]])
    scale = np.full(2, (room / size).min()) if keep else room / size
    middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    return (points - (low + high) / 2) * scale + middle


def hatch_segments(points: np.ndarray, angle: float, gap: float, jitter: float, rng: np.random.Generator) -> np.ndarray:
    """Parallel strokes [n, 2, 2] inside a polygon [m, 2], at `angle` degrees, `gap` pixels apart."""
    c, s = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    frame = np.array([[c, -s], [s, c]])
    flat = points @ frame
    low, high = flat[:, 1].min(), flat[:, 1].max()
    levels = np.arange(low + gap * rng.uniform(0.2, 1), high, gap)[:600]
    if len(levels) == 0:
        return np.empty((0, 2, 2))
    levels = levels + rng.normal(0, 0.12 * gap, len(levels)) * (jitter > 0)
    start, stop = flat, np.roll(flat, -1, 0)
    crosses = (start[:, 1] > levels[:, None]) != (stop[:, 1] > levels[:, None])  # [levels, edges]
    rise = stop[:, 1] - start[:, 1]
    rise = np.where(np.abs(rise) < 1e-9, 1e-9, rise)
    x = start[:, 0] + (levels[:, None] - start[:, 1]) / rise * (stop[:, 0] - start[:, 0])
    x = np.sort(np.where(crosses, x, np.inf), 1)
    pairs = x[:, : x.shape[1] // 2 * 2].reshape(len(levels), -1, 2)
    row, column = np.nonzero(np.isfinite(pairs).all(2))
    ends = pairs[row, column]
    strokes = np.stack([ends, np.repeat(levels[row][:, None], 2, 1)], 2)  # [n, end, xy]
    if jitter:
        strokes = strokes + rng.normal(0, jitter, strokes.shape)
    return strokes @ frame.T


def meander(
    rng: np.random.Generator, start: tuple[float, float], stop: tuple[float, float], swing: float = 0.15, knots: int = 6
) -> np.ndarray:
    """A winding curve between two points [n, 2]; `swing` as a share of its length."""
    start, stop = np.asarray(start, float), np.asarray(stop, float)
    along = np.linspace(0, 1, knots + 2)[:, None]
    way = stop - start
    side = np.array([-way[1], way[0]])
    off = rng.normal(0, swing, (knots + 2, 1))
    off[[0, -1]] = 0
    return smooth(start + along * way + off * side)


def shelves(
    rng: np.random.Generator, count: int, width: float, height: float, ratio: float = 1.0, margin: float = 0.12
) -> list[tuple[float, float, float, float]]:
    """`count` boxes (left, top, right, bottom) on shelves of uneven height; `ratio` is the usual width / height."""
    rows = int(np.clip(round(np.sqrt(count * height * ratio / width)), 1, count))
    per_row = np.full(rows, count // rows)
    per_row[rng.permutation(rows)[: count % rows]] += 1
    heights = rng.uniform(0.75, 1.35, rows)
    edges = np.concatenate([[0], np.cumsum(heights / heights.sum())]) * height
    boxes = []
    for row, inside in enumerate(per_row.tolist()):
        widths = rng.uniform(0.7, 1.4, inside)
        sides = np.concatenate([[0], np.cumsum(widths / widths.sum())]) * width
        gap_y = margin * (edges[row + 1] - edges[row])
        for left, right in pairwise(sides):
            gap_x = margin * (right - left)
            boxes.append((left + gap_x, edges[row] + gap_y, right - gap_x, edges[row + 1] - gap_y))
    return boxes
