"""The page generator: documents, what stands on their pages, and what a scanner makes of them.

    python data_scripts/draw_pages.py drawn --pages 1100 --seed 1

From the inside out:

    writing         words, vocabulary; fonts, typeset (print, typing); pens, letters, school_script, unipen, hand,
                    hands, old_hands (quills and steel nibs)
    writers         strokes (real ones, any pen), script_fonts (fonts as strokes), manners (of virtual writers), wear,
                    scribes (their pages), wills (letters with what offices put on them); hand_pages plans them
    drawn figures   shapes, board, styles, fillings, accessories; vessels, finds, graves, sections, plans, architecture,
                    maps, rasters, charts, series, diagrams, art, emblems; figures picks one of them
    photographs     noise, ground, backdrops, artefacts; digs, buildings, views, still_lifes, laboratory, snapshots;
                    prints (what they are printed on); photographs picks one of them
    a page          sheet (a page and its document); marks, tables, placing
    archival pages  printed (TEXT_P); typed (TEXT_T); handwritten (TEXT_HW); mixed, correspondence (TEXT);
                    lined (LINE_P, LINE_T, LINE_HW) with printed_tables, printouts, typed_lists, cards, registers;
                    pictured (DRAW, DRAW_L, PHOTO, PHOTO_L)
    pages elsewhere papers, paper_figures, office_tables, reports, newspapers, books, slides, slide_design,
                    slide_schemes and slide_pictures (drawn on an easel), plan_sheets, few_rules, annotated;
                    elsewhere mixes them in among the archival ones
    before 1920     fiscal (stamps, threads, seals); deeds (wills, letters, envelopes), manuscripts, ledgers, old_print;
                    early picks among them
    formulas        formula_tex, formula_mathtext, formula_mathjax draw them (formula_style: how; formula_words: which
                    never); formula_grammar, formula_splices make new ones; formula_wear - what scanning makes of them
    around all      paper, lying (the table that a sheet lies on), scan (what becomes of a clean page); plan (which
                    pages which document has)

The same seed draws the same pages: a change of any drawing is a change of what models are trained on.
"""
