"""The way of a model to and from the Hugging Face hub; nowhere else does this tool use the network.

python run.py --hf -rev v2.0

`pull.py` is where `--hf` begins. This file imports nothing, so that any room may import one file of the package.
"""
