"""Formats of archives: the pages that METS, IIIF, PAGE-XML and ALTO name are read, their categories written there.

python run.py -d mets.xml --write mets page
"""
