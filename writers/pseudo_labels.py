"""Labels for patches of unknown writers: the cluster of each one's RootSIFT (Cl-S, clusters as surrogate classes).

labels = pseudo_labels(descriptors, 500, seed=1)            # int64 [n]; -1 = between two clusters, left out
"""

from __future__ import annotations

import numpy as np

DIMENSIONS = 32  # after PCA, whitened
MOST = 500_000  # descriptors that clusters are fitted on
RATIO = 0.9  # of the distances to the nearest and to the next cluster, at most
CHUNK = 65_536


def pseudo_labels(descriptors: np.ndarray, clusters: int, seed: int) -> np.ndarray:
    """The cluster of each descriptor, int64 [n], -1 where the ratio test fails.

    descriptors: RootSIFT, float32 [n, 128]. Fewer clusters where there are few descriptors: ten of them each at least.
    """
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.decomposition import PCA

    fitted = descriptors[:: -(-len(descriptors) // MOST)].astype(np.float32)
    clusters = max(2, min(clusters, len(fitted) // 10))
    dimensions = min(DIMENSIONS, len(fitted) - 1, fitted.shape[1])
    pca = PCA(dimensions, whiten=True, svd_solver="covariance_eigh").fit(fitted)
    means = MiniBatchKMeans(clusters, batch_size=4096, n_init=1, random_state=seed).fit(pca.transform(fitted))
    centres = means.cluster_centers_.astype(np.float32)  # [clusters, dimensions]
    labels = np.empty(len(descriptors), np.int64)
    for start in range(0, len(descriptors), CHUNK):
        reduced = pca.transform(descriptors[start : start + CHUNK].astype(np.float32)).astype(np.float32)
        squares = (reduced**2).sum(1)[:, None] + (centres**2).sum(1) - 2 * reduced @ centres.T
        nearest = np.argpartition(squares, 1, axis=1)[:, :2]
        two = np.sqrt(np.maximum(np.take_along_axis(squares, nearest, 1), 0))  # [n, 2]: nearest, then the next one
        labels[start : start + CHUNK] = np.where(two[:, 0] <= RATIO * two[:, 1], nearest[:, 0], -1)
    return labels
