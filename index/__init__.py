"""Vectors of pages on disk, and the nearest of them."""
