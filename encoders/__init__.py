"""Dual encoders from disk, model folders and which one a command means, descriptions and prototypes, devices, cards."""
