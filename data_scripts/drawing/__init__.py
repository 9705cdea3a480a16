"""The page generator: documents, what stands on their pages, and what a scanner makes of them.

    python data_scripts/draw_pages.py drawn --pages 1100 --seed 1

From the inside out: `words` and `fonts`; `typeset` (print, typing) and `hands`; `figures` and `photographs`; `sheet` (a
page and its document); `marks`, `tables` and `placing`; the pages of the categories: `printed`, `typed`, `handwritten`,
`mixed`, `lined`, `pictured`; `scan`; `plan` (which pages which document has).
"""
