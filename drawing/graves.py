"""Graves: skeletons bone by bone, pits about them, grave goods, stone settings.

draw_grave(board)
"""

from __future__ import annotations

import numpy as np

from .accessories import frame, furnish, millimetres, words
from .board import Board
from .finds import bead, fitting, ring, sword
from .shapes import blob, smooth, stone, turned
from .styles import WHITE, pick
from .vessels import vessel


class Skeleton:
    """A body of bones in its grave, stretched or crouched, drawn about the middle of the figure."""

    def __init__(self, board: Board, middle: tuple[float, float], length: float) -> None:
        rng = board.rng
        self.board, self.rng, self.length, self.middle = board, rng, length, np.asarray(middle)
        self.crouched = rng.random() < 0.5
        self.lean = float(rng.choice([0, 90, 180, 270])) + float(rng.normal(0, 15))
        self.mirror = rng.choice([-1, 1])
        self.surface = pick(rng, "white", "hatch", "hatch", "grey", "shade", "lines")
        self.hatch_angle = float(rng.uniform(0, 180))
        self.lost = rng.choice([0.0, 0.1, 0.4])

    def place(self, points: object) -> np.ndarray:
        """From body units (head at -0.5, feet at 0.5) to pixels."""
        flat = np.asarray(points, np.float64) * (self.mirror, 1) * self.length
        return turned(flat + self.middle, self.lean, tuple(self.middle))

    def part(self, outline: np.ndarray) -> None:
        """One bone's surface and outline."""
        board = self.board
        board.fill(outline, WHITE)
        if self.surface == "scheme" and self.rng.random() < 0.5:
            board.fill(outline, board.tint((200, 60, 50)) if board.style.colour else None)
        if self.surface == "hatch":
            board.hatch(outline, self.hatch_angle, max(3.0, 0.008 * self.length), 0.5)
        elif self.surface == "grey":
            board.fill(outline, board.tint((225, 205, 165)) if board.style.colour else board.grey(0.3))
        elif self.surface == "shade":
            board.shade(outline, 0.9)
        board.line(outline, 0.9, closed=True)

    def bone(self, start: tuple[float, float], stop: tuple[float, float], thick: float = 0.018) -> None:
        """A long bone: a shaft with thick ends."""
        if self.rng.random() < self.lost:
            return
        (x0, y0), (x1, y1) = start, stop
        if self.surface == "lines":
            self.board.line(self.place([start, stop]), 1.8)
            return
        along = np.array([0, 0.04, 0.12, 0.3, 0.7, 0.88, 0.96, 1.0])
        half = thick * np.array([0.5, 0.95, 0.8, 0.45, 0.45, 0.8, 0.95, 0.5]) * self.rng.uniform(0.85, 1.15, 8)
        way = np.array([x1 - x0, y1 - y0])
        side = np.array([-way[1], way[0]]) / max(np.hypot(*way), 1e-6)
        spine = np.array(start) + along[:, None] * way
        flat = np.concatenate([spine + half[:, None] * side, (spine - half[:, None] * side)[::-1]])
        self.part(smooth(self.place(flat), True, 1))

    def skull(self, x: float, y: float) -> None:
        """The skull from above or the side, with eye sockets and teeth."""
        rng = self.rng
        self.part(self.place(blob(rng, x, y, 0.062, 0.075, 0.04)))
        if rng.random() < 0.7:
            for eye in (-0.022, 0.026):
                socket = self.place(blob(rng, x + eye, y + 0.02, 0.013, 0.012, 0.1, 14))
                self.board.fill(socket, None if rng.random() < 0.5 else WHITE, 0.7)
            jaw = self.place(
                [(x - 0.035, y + 0.055), (x + 0.035, y + 0.055), (x + 0.02, y + 0.095), (x - 0.02, y + 0.095)]
            )
            self.part(smooth(jaw, True, 2))

    def draw(self) -> None:
        """All of it."""
        rng = self.rng

        def near(x: float, y: float, by: float = 0.02) -> tuple[float, float]:
            return float(x + rng.normal(0, by)), float(y + rng.normal(0, by))

        spine = np.linspace(-0.34, -0.02, 15)
        bend = 0.05 * np.sin(np.linspace(0, 3, 15)) * self.crouched
        for y, x in zip(spine, bend, strict=True):
            if self.surface != "lines" and rng.random() > self.lost:
                self.part(self.place(blob(rng, x, y, 0.014, 0.009, 0.1, 10)))
        for index, y in enumerate(np.linspace(-0.31, -0.13, 9)):
            reach = 0.11 * np.sin(0.5 + index * 0.25)
            for side in (-1, 1):
                if rng.random() < self.lost + 0.1:
                    continue
                rib = smooth([(0, y), (side * reach, y - 0.01), (side * reach * 1.1, y + 0.045)])
                self.board.line(self.place(rib), 0.8)
                if rng.random() < 0.6:
                    self.board.line(self.place(rib + np.array((0, 0.012))), 0.7)
        hip = -0.01
        for side in (-1, 1):
            shape = [(0.012, -0.05), (0.085, -0.06), (0.09, 0.0), (0.045, 0.045), (0.02, 0.02)]
            self.part(smooth(self.place(np.array(shape) * (side, 1) + (0, hip)), True, 2))
            shoulder = (side * 0.12, -0.31)
            self.bone((side * 0.02, -0.335), shoulder, 0.01)
            elbow = near(side * 0.155, -0.15)
            self.bone(shoulder, elbow, 0.017)
            hand = near(*((side * 0.05, -0.38) if self.crouched else (side * rng.choice([0.02, 0.16]), 0.0)))
            self.bone(elbow, hand, 0.012)
            self.bone((elbow[0] + 0.012, elbow[1]), (hand[0] + 0.015, hand[1]), 0.011)
            self.fingers(hand)
        for side in (-1, 1):
            if self.crouched:
                knee = near(0.25, -0.02 + 0.07 * side, 0.04)
                foot = near(0.1 + 0.03 * side, 0.22, 0.03)
            else:
                knee, foot = near(side * 0.07, 0.24), near(side * 0.055, 0.46)
            self.bone((side * 0.06, 0.01), knee, 0.022)
            self.bone(knee, foot, 0.02)
            self.bone((knee[0] + 0.016, knee[1] + 0.01), (foot[0] + 0.016, foot[1]), 0.01)
            self.fingers(foot)
        self.skull(*near(0.04 * self.crouched, -0.43))

    def fingers(self, spot: tuple[float, float]) -> None:
        """The small bones of a hand or foot."""
        if self.surface == "lines" or self.rng.random() < 0.3:
            return
        for spread in np.linspace(-0.02, 0.02, 4):
            start = (spot[0] + spread, spot[1] + 0.012)
            self.bone(start, (start[0] + spread * 0.6, start[1] + 0.03), 0.006)


def draw_grave(board: Board) -> None:
    """A grave from above: pit, one skeleton or two (or an urn among stones), goods, stones, numbers."""
    rng, w, h = board.rng, board.width, board.height
    if rng.random() < 0.4:
        millimetres(board)
    used = furnish(board, 0.6, north=True)
    frame(board, 0.25)
    x, y = w / 2, (h - used) / 2
    rx, ry = 0.44 * w, 0.44 * (h - used)
    if max(rx, ry) > 2.2 * min(rx, ry):
        rx, ry = min(rx, 2.2 * ry), min(ry, 2.2 * rx)
    edge = None
    if rng.random() < 0.8:
        power = rng.choice([1.0, 0.6, 0.35])
        turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
        unit = np.stack([np.cos(turn), np.sin(turn)], 1)
        edge = np.sign(unit) * np.abs(unit) ** power * (rx, ry) * rng.uniform(0.95, 1.03, (60, 1)) + (x, y)
        edge = smooth(edge, True, 1)
        if rng.random() < 0.15:
            board.wash(edge, (190, 160, 110), 0.4)
        if rng.random() < 0.2:
            board.scatter(edge, int(rx * ry / 90), 0.8)
        dash = (9.0, 6.0) if rng.random() < 0.25 else None
        board.line(edge, rng.uniform(0.8, 1.6), closed=True, dash=dash)
        if rng.random() < 0.3:
            board.line((edge - (x, y)) * 0.86 + (x, y) + rng.normal(0, 3, 2), 0.7, closed=True)
    bodies = int(rng.choice([1, 1, 1, 1, 2])) if rng.random() < 0.85 else 0
    for index in range(bodies):
        length = 1.75 * (max(rx, ry) if min(rx, ry) > 0.45 * max(rx, ry) else 1.9 * min(rx, ry)) / bodies**0.6
        shift = (index - (bodies - 1) / 2) * 0.5 * min(rx, ry)
        body = Skeleton(board, (x + (shift if h >= w else 0), y + (shift if h < w else 0)), length)
        body.lean = (0 if h >= w else 90) + float(rng.choice([0, 180])) + float(rng.normal(0, 8))
        if body.crouched:
            body.length *= 1.1
        body.draw()
    unit = min(rx, ry)
    goods = (vessel, ring, bead, fitting, sword)
    for _ in range(int(rng.integers(0, 6)) + (3 if not bodies else 0)):
        size = unit * rng.uniform(0.07, 0.2 if bodies else 0.4)
        gx, gy = x + rng.uniform(-0.75, 0.75) * rx, y + rng.uniform(-0.8, 0.8) * ry
        goods[rng.integers(len(goods))](board, (gx - size, gy - size, gx + size, gy + size))
        if rng.random() < 0.6:
            board.text(gx + size + 6, gy, str(rng.integers(1, 20)), float(np.clip(0.05 * unit, 8, 15)))
    if rng.random() < 0.4:
        for _ in range(int(rng.integers(3, 35))):
            turn = rng.uniform(0, 6.3)
            reach = rng.uniform(0.75, 1.0)
            size = unit * rng.uniform(0.04, 0.16)
            each = smooth(
                stone(rng, x + reach * rx * np.cos(turn), y + reach * ry * np.sin(turn), size, size * 0.7), True, 1
            )
            board.fill(each, WHITE)
            if rng.random() < 0.3:
                board.hatch(each, 45, 5, 0.4)
            board.line(each, 0.8, closed=True)
    if rng.random() < 0.5:
        board.text(0.15 * w, 0.06 * h + 8, words(rng), float(np.clip(0.025 * h, 9, 22)))


def draw_skeleton(board: Board) -> None:
    """A scheme of the human skeleton in which the bones that were found are filled, as anthropologists hand it in."""
    rng, w, h = board.rng, board.width, board.height
    frame(board, 0.3)
    many = int(rng.choice([1, 1, 2])) if w > 0.7 * h and min(w, h) > 200 else 1
    for index in range(many):
        body = Skeleton(board, ((index + 0.5) * w / many, 0.5 * h), 0.92 * min(h, 2.2 * w / many))
        body.crouched, body.lean, body.lost, body.surface = False, 0.0, 0.0, "scheme"
        body.draw()
    size = float(np.clip(0.018 * h + 4, 7, 14))
    for _ in range(int(rng.integers(0, 8))):
        x, y = rng.choice([0.1, 0.85]) * w, rng.uniform(0.1, 0.9) * h
        board.text(x, y, words(rng), size)
        board.line([(x, y + 3), (w / 2 + rng.normal(0, 0.05 * w), y + rng.normal(0, 0.03 * h))], 0.4)
