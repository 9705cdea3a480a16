"""What a model is worth on pages whose categories are known, and which pages or labels deserve another look.

python run.py --eval -d LABEL_FOLDERS

`job.py` is where `--eval` begins. This file imports nothing, so that any room may import one file of the package.
"""
