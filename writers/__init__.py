"""Who wrote this page: the hands of a collection, each page as one vector of its handwriting.

python run.py writers search --image page.png -k 10
"""
