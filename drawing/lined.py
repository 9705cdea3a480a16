"""Pages of tables, lists and forms: LINE_P printed throughout, LINE_T filled on a typewriter, LINE_HW by hand.

    line_t(sheet)             # one function a category; each draws one of many kinds of page

What counts is who filled it: a printed form with typed answers is LINE_T, with handwritten ones LINE_HW, a blank or
computer-filled one LINE_P. Lists that are only lined up, without a single rule, belong here too.
"""

from __future__ import annotations

from drawing.cards import (
    boxed_card,
    boxed_card_by_hand,
    framed_card,
    framed_card_by_hand,
    hand_card,
    index_cards,
    index_cards_by_hand,
    record_card,
    sparse_form,
)
from drawing.marks import office_marks, page_number, registered
from drawing.printed_tables import (
    blank_form,
    database_form,
    index_columns,
    printed_table,
    several_tables,
    slide_table,
    text_and_table,
)
from drawing.printouts import printout
from drawing.registers import (
    hand_accounts,
    hand_bags,
    hand_columns,
    hand_form,
    hand_register,
    hand_roll,
    hand_table,
    levels,
)
from drawing.sheet import Sheet
from drawing.typed import retyped
from drawing.typed_lists import (
    parted_entries,
    typed_columns,
    typed_fields,
    typed_form,
    typed_groups,
    typed_inventory,
    typed_names,
    typed_table,
    typed_text_and_table,
)


def line_p(sheet: Sheet) -> None:
    """A printed table, list, print-out, blank form or a form filled by a computer."""
    if sheet.document.kind == "slide":
        slide_table(sheet)
        return
    old, year = sheet.document.kind == "old", sheet.document.year
    sheet.pick(
        {
            printed_table: 6,
            printout: 5.5 if year >= 1965 else 0,
            blank_form: 1.6,
            database_form: 0.2 if old else 2.5,
            text_and_table: 1.5,
            several_tables: 1.2,
            index_columns: 1,
        }
    )(sheet)
    if sheet.chance(0.5):
        page_number(sheet, "print" if sheet.chance(0.7) else "hand")
    office_marks(sheet, 0.6)


def line_t(sheet: Sheet) -> None:
    """A typed table or list, or a printed form or card with typed answers."""
    retyped(sheet, old=0.65, copies=0.2)
    sheet.pick(
        {
            typed_table: 5,
            typed_columns: 3.5,
            typed_form: 2,
            record_card: 3.5,
            framed_card: 1.3,
            index_cards: 0.9,
            boxed_card: 0.9,
            sparse_form: 0.9,
            typed_text_and_table: 1.6,
            parted_entries: 1.5,
            typed_inventory: 1.6,
            typed_groups: 1.4,
            typed_names: 0.9,
            typed_fields: 0.9,
        }
    )(sheet)
    if sheet.chance(0.5):
        page_number(sheet, "type" if sheet.chance(0.7) else "hand")
    office_marks(sheet)


def line_hw(sheet: Sheet) -> None:
    """A table, list or form filled by hand."""
    sheet.pick(
        {
            hand_table: 4.5,
            hand_form: 3.5,
            hand_columns: 1.6,
            hand_card: 2.4,
            framed_card_by_hand: 1.2,
            index_cards_by_hand: 0.9,
            boxed_card_by_hand: 0.9,
            hand_register: 1.6,
            hand_accounts: 1,
            hand_roll: 0.8,
            hand_bags: 1.3,
            levels: 1.2,
        }
    )(sheet)
    if sheet.chance(0.3):
        page_number(sheet, "hand")
    if sheet.chance(0.12):
        registered(sheet)
    office_marks(sheet, 0.8)
