"""The desk: what people look at and hand in, in the browser of this machine. Its pages need nothing from elsewhere.

python run.py formulas serve
"""
