"""Explore a collection: pages as vectors in an index (index/), to look for, group, draw and doubt them.

    python run.py explore index pages/
    python run.py explore search --image page.png

    backbones.py    what turns a page into a vector: the default model, a model folder, any Hugging Face image model
    indexing.py     brings the index up to date with folders of pages
    search.py       pages like an image, or like a text
    clusters.py     groups of pages that look alike
    map.py          all pages on one plane, as a picture and as a folder that opens in a browser
    duplicates.py   pages that are there twice
    outliers.py     pages unlike all others, and pages among neighbours of another category

`command.py` has the commands, `flags.py` what they share on the command line. What this package needs beside
requirements.txt stands in requirements-explore.txt.
"""
