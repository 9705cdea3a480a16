"""The page generator: documents, what stands on their pages, and what a scanner makes of them.

    python data_scripts/draw_pages.py drawn --pages 1100 --seed 1

From the inside out: `words` and `fonts`; `typeset` (print, typing) and `hands`; `figures` and `photographs`; `sheet` (a
page and its document); `marks` and `tables`; `written`, `lined` and `pictured` (the pages of the categories); `scan`;
`plan` (which pages which document has).
"""
