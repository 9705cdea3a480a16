"use strict";
// Which key is which category, and the table of all keys.

import { at, text, typing } from "/static/frame.js";

const TAKEN = "sngorf+-=?"; // of the page itself
const DIGITS = "1234567890";
const LETTERS = "qwertyuiopasdfghjklzxcvbnm";

/**
 * Category -> its key, "" where there are none left: what the desk says, else digits, else letters of the name. Own
 * categories stand last, so that a new one changes no key.
 */
export function assignKeys({ categories, extra }) {
  const keys = new Map();
  const used = new Set(TAKEN);
  const take = (name, signs) => {
    const key = [...signs].find(sign => !used.has(sign)) || "";
    used.add(key);
    keys.set(name, key);
  };
  for (const { name, key } of categories) take(name, key.toLowerCase() + DIGITS + lettersOf(name) + LETTERS);
  for (const name of extra) if (!keys.has(name)) take(name, lettersOf(name) + LETTERS + DIGITS);
  return keys;
}

const lettersOf = name => [...name.toLowerCase()].filter(sign => LETTERS.includes(sign)).join("");

/** All keys of a view, as the frame shows them. */
export function keyTable(isGrid, keys) {
  const row = (names, what) => [names, text(`review.keys.${what}`)];
  const both = [row(["Enter"], isGrid ? "accept_rest" : "accept"), row(["S"], "skip"), row(["N"], "note"),
    row(["Ctrl+Z"], "undo"), row(["Ctrl+Shift+Z", "Ctrl+Y"], "redo"), row(["G"], isGrid ? "to_page" : "to_grid")];
  const own = isGrid
    ? [row(["←", "→", "↑", "↓", "Home", "End"], "tiles"), row(["PgDn", "PgUp"], "screens"), row(["Space"], "select"),
      row(["Shift+arrow", "Shift+click", "drag"], "reach"), row(["Ctrl+A", "Esc"], "all"), row(["O"], "open")]
    : [row(["←", "→"], "pages"), row(["↑", "↓"], "beside"), row(["+", "-", "F"], "zoom"), row(["R", "Shift+R"], "turn"), row(["Shift+arrow"], "pan")];
  const categories = [...keys].filter(([, key]) => key).map(([name, key]) => [[key.toUpperCase()], name]);
  return [...own, ...both, ...categories];
}

/** What is done as a key is pressed anywhere on the page. */
export function pressed(room, event) {
  if (typing(event) || event.altKey || !room.queue) return;
  const act = meant(room, event);
  if (!act) return;
  event.preventDefault();
  act();
}

/** What a key does, or null. */
function meant(room, event) {
  const key = event.key, low = key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (low === "z") return () => room.decisions.undo(event.shiftKey);
    if (low === "y") return () => room.decisions.undo(true);
    return room.isGrid && low === "a" ? () => room.grid.key(event) : null;
  }
  const control = event.target.closest?.("button, a, input, [role=button]");
  if (control && (key === "Enter" || key === " " || key.startsWith("Arrow") && control.matches("input"))) return null;
  if (key === "Enter") return event.repeat ? () => {} : () => room.decisions.accept();
  if (low === "s") return () => room.decisions.skip();
  if (low === "n") return () => room.side.note();
  if (low === "g") return () => room.change(!room.isGrid);
  if (room.isGrid && low === "o" && room.grid.targets().length) return () => room.open(room.grid.targets()[0]);
  const category = [...room.keys].find(([, its]) => its && its === low)?.[0];
  // a key that is held down decides once
  if (category !== undefined) return event.repeat ? () => {} : () => room.decisions.decide(room.view.targets(), category);
  if (!at("#nothing").hidden) return key === "ArrowLeft" || key === "PageUp" ? () => room.go(-1) : null;
  return room.view.key(event) ? () => {} : null;
}
