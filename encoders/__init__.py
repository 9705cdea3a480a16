"""Dual encoders from disk, model folders and which one a command means, descriptions and prototypes, devices, cards."""

import os

# ONNX Runtime from 1.32 on sends what it does to its maker, from every system, and keeps an identity of the device and
# some MB in the user's cache folder. It looks for this as it is imported, so this stands before every import of it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
