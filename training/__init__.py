"""Fine-tuning: labelled pages and a base model become a model folder; its parts, folds and averages too.

python run.py --train -d LABEL_FOLDERS -m EfficientNet-Lite0 --towers head

`job.py` is where `--train` begins. This file imports nothing, so that any room may import one file of the package.
"""
