"""What looks at the whole collection before it ranks: re-ranking by neighbours, and whitening on the pages judged.

    expanded = rerank_krnn(vectors)             # [N, D] -> [N, D]: each page with the neighbours that it is one of
    graph = rerank_sgr(vectors)                 # [N, D] -> [N, N]: each page as its place in the graph of similarities
    Cosines(graph)                              # (ranking.py) the similarities, block by block

All of it is **transductive**: a page's similarities depend on which others are there. Everything is computed from the
vectors or the matrix of before, none of which is changed. Numbers of neighbours and gamma are those of the authors;
whoever tunes them does it on other writers than those that are judged.
"""

from __future__ import annotations

import numpy as np

from utils import UserError

NEIGHBOURS = 2
LAYERS, GAMMA = 1, 0.4
_CELLS = 4_000_000  # of a block of rows


def nearest_others(similarities: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    """The k pages most alike to each of `rows`, int [B, k], best first: the page itself is left out by its index.

    similarities: [B, N]. Of pages that tie, those that come first.
    """
    others = np.array(similarities, np.float32)
    others[np.arange(len(rows)), rows] = -np.inf
    return np.argsort(-others, axis=1, kind="stable")[:, : min(k, others.shape[1] - 1)]


def rerank_krnn(vectors: np.ndarray, k: int = NEIGHBOURS) -> np.ndarray:
    """Query expansion by k-reciprocal neighbours: unit vectors [N, D] -> unit vectors [N, D].

    Each page becomes the mean of itself and those of its k nearest among whose k nearest it is, too.
    """
    nearest = _neighbours(vectors, k)
    expanded = np.array(vectors, np.float32)
    for page, others in enumerate(nearest):
        both = [other for other in others if page in nearest[other]]
        expanded[page] = (vectors[page] + vectors[both].sum(axis=0)) / (1 + len(both))
    return _unit(expanded)


def rerank_sgr(vectors: np.ndarray, k: int = NEIGHBOURS, layers: int = LAYERS, gamma: float = GAMMA) -> np.ndarray:
    """Similarity graph re-ranking (Peer, Kleber and Sablatnig 2023): unit vectors [N, D] -> unit rows [N, N].

    Each page begins as its row of A = exp(-(1 - S)^2 / gamma), S the cosines. In each layer A is made symmetric, and
    each row takes up those of its k nearest others, weighted by their cosine. Similarities are the cosines of rows.
    UserError where two such matrices do not fit into half of the memory.
    """
    from reading.memory import machine_memory

    count = len(vectors)
    if 2 * 4 * count * count > machine_memory() // 2:
        raise UserError(
            f"re-ranking by SGR of {count:,} pages takes {8 * count * count / 1e9:.0f} GB: take --rerank krnn, which "
            "needs no matrix of all pairs"
        )
    graph = np.empty((count, count), np.float32)
    for rows in _blocks(count):
        graph[rows] = np.exp(-np.square(1 - vectors[rows] @ vectors.T) / gamma)
    for _ in range(layers):
        symmetric = (graph + graph.T) / 2  # [N, N], which is only read from here on
        for rows in _blocks(count):
            nearest = nearest_others(symmetric[rows], rows, k)
            graph[rows] = symmetric[rows]
            for column in nearest.T:
                weight = np.einsum("bd,bd->b", vectors[rows], vectors[column])
                graph[rows] += weight[:, None] * symmetric[column]
        graph = _unit(graph)
    return graph


def whiten_on(vectors: np.ndarray) -> np.ndarray:
    """Unit vectors [N, D], whitened by the principal components of these very pages: [N, d], d at most 512.

    Of fewer than 513 pages at most 128 components are kept, and one less than there are pages: the last ones are noise.
    """
    most = 512 if len(vectors) > 512 else min(len(vectors) - 1, 128)
    centred = vectors - vectors.mean(axis=0)
    left, spread, _ = np.linalg.svd(centred, full_matrices=False)
    kept = int(min(most, (spread > 1e-4 * spread[0]).sum()))
    return _unit(left[:, :kept].astype(np.float32)) if kept else vectors


def _neighbours(vectors: np.ndarray, k: int) -> np.ndarray:
    parts = [nearest_others(vectors[rows] @ vectors.T, rows, k) for rows in _blocks(len(vectors))]
    return np.concatenate(parts)


def _blocks(count: int) -> list[np.ndarray]:
    step = max(1, _CELLS // max(1, count))
    return [np.arange(start, min(start + step, count)) for start in range(0, count, step)]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
