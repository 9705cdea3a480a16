"""Formulas: the picture of a formula -> LaTeX, with how sure that is.

python run.py formulas read formula.png
"""
