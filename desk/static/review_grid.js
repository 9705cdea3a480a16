"use strict";
// Many pages at once: tiles by predicted category, chosen by mouse or keys. What the next key would change is framed.

import { at, make, number, text } from "/static/frame.js";
import { pictureOf, WIDTH } from "/static/review_queue.js";

const MOVED = 6; // pixels from which on a press is a drag
const SMALLEST = 92; // pixels that a tile is wide, at least
const PAPER = 1.28; // height of a tile's picture by its width

export class Grid {
  /** room: the Review (review.js). */
  constructor(room) {
    this.room = room;
    this.place = at("#grid");
    this.start = 0; // of this screen, in the queue
    this.pages = []; // of this screen, as they are shown: grouped by category
    this.tiles = new Map(); // id -> its element
    this.selected = new Set();
    this.anchor = null; // from where Shift reaches
    this.focused = null;
    this.hovered = null;
    this.place.addEventListener("pointerdown", event => this.pressed(event));
    this.place.addEventListener("pointermove", event => this.hover(event));
    this.place.addEventListener("pointerleave", () => this.hoverOn(null));
    this.place.addEventListener("dblclick", event => {
      const id = this.idOf(event);
      if (id !== null) this.room.open(id);
    });
    this.place.addEventListener("focusin", event => {
      const id = this.idOf(event);
      if (id !== null) this.focusOn(id, false);
    });
    new ResizeObserver(() => this.fit()).observe(at("#work"));
  }

  get size() { return this.room.tiles; }

  /** Show the screen that begins at a place of the queue; false where there is nothing, null where another one came. */
  async show(start) {
    const turn = this.turn = Symbol();
    await this.room.queue.reach(start + this.size);
    if (turn !== this.turn) return null;
    const pages = this.room.queue.pages.slice(start, start + this.size);
    if (!pages.length) return false;
    this.start = start;
    this.selected.clear();
    this.anchor = this.hovered = null;
    const groups = new Map();
    for (const page of pages) {
      const name = page.blind ? "" : page.guess[0]?.category ?? "";
      groups.set(name, [...(groups.get(name) || []), page]);
    }
    const named = [...groups].sort(([one], [other]) => (one === "") - (other === ""));
    this.pages = named.flatMap(([, list]) => list);
    this.tiles.clear();
    this.place.replaceChildren(...named.map(([name, list], place) => this.group(name, list, place)));
    for (const page of this.pages) this.refresh(page.id);
    this.fit();
    at("#work").scrollTop = 0;
    const first = this.pages.find(page => !this.room.isDone(page)) || this.pages[0];
    this.focusOn(first.id, !document.activeElement.matches("input, select")); // who is choosing goes on choosing
    this.room.lending.take(this.pages.map(page => page.id));
    this.ahead();
    return true;
  }

  group(name, pages, place) {
    const shown = name || text("review.without_guess");
    const label = text("review.group", { name: shown, n: pages.length });
    return make("div", { class: `group ${place % 2 ? "even" : "odd"}`, role: "group", "aria-label": label }, ...pages.map((page, index) => {
      const image = make("img", { src: pictureOf(page.id, WIDTH.tile), alt: "", draggable: "false" });
      image.addEventListener("error", () => image.replaceWith(make("span", { class: "no-picture", text: text("review.no_picture") })));
      const tile = make("div", { class: "tile", role: "option", tabindex: "-1", "aria-selected": "false", "data-id": page.id },
        make("span", { class: "band" }, make("span", { class: "said" }), make("span", { class: "score" })),
        make("span", { class: "paper" }, image),
        make("span", { class: "name" }, make("span", { text: page.file }), make("span", { class: "number", text: `· ${page.page}` })));
      if (!index) tile.dataset.first = label;
      this.tiles.set(page.id, tile);
      return tile;
    }));
  }

  /** Show what stands for a page. */
  refresh(id) {
    const tile = this.tiles.get(id);
    if (!tile) return;
    const page = this.room.pageOf(id);
    const answer = this.room.wordOn(page);
    const guess = page.blind ? null : page.guess[0];
    const changed = Boolean(answer && answer.category !== guess?.category);
    const skipped = !answer && this.room.skipped.has(id);
    tile.classList.toggle("decided", Boolean(answer));
    tile.classList.toggle("changed", changed);
    tile.classList.toggle("skipped", skipped);
    tile.classList.toggle("lent", Boolean(page.lent_to));
    tile.classList.toggle("doubtful", Boolean(page.doubts.length || page.warning));
    const said = answer ? `${changed ? "→" : "✓"} ${answer.category}` : guess ? guess.category : text("review.no_guess");
    at(".said", tile).textContent = said;
    at(".score", tile).textContent = answer || !guess ? "" : number(100 * guess.score);
    const parts = [this.room.nameOf(page), this.room.standsOf(page) || this.room.guessOf(page),
      ...page.doubts, page.warning, page.lent_to && text("review.lent", { person: page.lent_to }),
      skipped && text("review.skipped")];
    const name = parts.filter(Boolean).join(", ");
    tile.setAttribute("aria-label", name);
    tile.title = name;
  }

  /** As many columns as let all tiles be seen at once, and no smaller than `SMALLEST`. */
  fit() {
    if (this.place.hidden || !this.pages.length) return;
    const work = at("#work");
    const [width, height] = [work.clientWidth - 8, work.clientHeight - 8];
    const gap = 6, words = 40;
    const most = Math.max(2, Math.floor((width + gap) / (SMALLEST + gap)));
    let columns = 2;
    const wide = count => (width + gap) / count - gap;
    while (columns < most && Math.ceil(this.pages.length / columns) * (wide(columns) * PAPER + words + gap) > height) columns += 1;
    this.columns = columns;
    this.place.style.setProperty("--columns", columns);
  }

  // ---------------------------------------------------------------- which pages are meant

  idOf(event) {
    const tile = event.target.closest?.(".tile");
    return tile ? Number(tile.dataset.id) : null;
  }

  /** The pages that the next key changes: the one under the mouse, or all that are selected, or the one in focus. */
  targets() {
    if (this.hovered !== null && !this.selected.has(this.hovered)) return [this.hovered];
    if (this.selected.size) return this.pages.map(page => page.id).filter(id => this.selected.has(id));
    return this.focused === null ? [] : [this.focused];
  }

  mark() {
    const targets = new Set(this.targets());
    for (const [id, tile] of this.tiles) {
      tile.classList.toggle("target", targets.has(id));
      tile.setAttribute("aria-selected", String(this.selected.has(id)));
    }
    this.room.showFacts();
  }

  select(ids) {
    this.selected = new Set(ids);
    this.mark();
  }

  focusOn(id, move) {
    if (this.focused !== null) this.tiles.get(this.focused)?.setAttribute("tabindex", "-1");
    this.focused = id;
    const tile = this.tiles.get(id);
    tile.setAttribute("tabindex", "0");
    if (move) tile.focus({ preventScroll: false });
    this.mark();
  }

  between(one, other) {
    const places = [one, other].map(id => this.pages.findIndex(page => page.id === id)).sort((a, b) => a - b);
    return this.pages.slice(places[0], places[1] + 1).map(page => page.id);
  }

  // ---------------------------------------------------------------- mouse and touch

  hover(event) {
    if (event.pointerType === "touch" || this.band) return;
    this.hoverOn(this.idOf(event));
  }

  hoverOn(id) {
    if (id === this.hovered) return;
    this.hovered = id;
    this.mark();
  }

  pressed(event) {
    if (event.button !== 0) return;
    const id = this.idOf(event);
    const from = { x: event.clientX, y: event.clientY };
    const before = event.ctrlKey || event.metaKey ? new Set(this.selected) : new Set();
    event.preventDefault(); // no text is selected, no picture dragged
    if (event.pointerType === "touch") {
      this.touched(event, id, from);
      return;
    }
    const moved = to => {
      if (!this.band && Math.hypot(to.clientX - from.x, to.clientY - from.y) < MOVED) return;
      this.band ??= document.body.appendChild(make("div", { class: "band-of-drag" }));
      this.drag(from, { x: to.clientX, y: to.clientY }, before);
    };
    const ended = () => {
      removeEventListener("pointermove", moved);
      removeEventListener("pointerup", ended);
      removeEventListener("pointercancel", ended);
      if (this.band) {
        this.band.remove();
        this.band = null;
        this.hovered = null;
        this.mark();
      } else if (id !== null) this.clicked(id, event);
      else this.select([]);
    };
    addEventListener("pointermove", moved);
    addEventListener("pointerup", ended);
    addEventListener("pointercancel", ended);
  }

  touched(event, id, from) {
    const ended = up => {
      removeEventListener("pointerup", ended);
      removeEventListener("pointercancel", ended);
      const still = up.type === "pointerup" && Math.hypot(up.clientX - from.x, up.clientY - from.y) < 2 * MOVED;
      if (!still || id === null) return;
      this.toggle(id);
      this.focusOn(id, true);
    };
    addEventListener("pointerup", ended);
    addEventListener("pointercancel", ended);
  }

  drag(from, to, before) {
    const box = { left: Math.min(from.x, to.x), right: Math.max(from.x, to.x), top: Math.min(from.y, to.y), bottom: Math.max(from.y, to.y) };
    Object.assign(this.band.style, { left: `${box.left}px`, top: `${box.top}px`, width: `${box.right - box.left}px`, height: `${box.bottom - box.top}px` });
    const inside = [...this.tiles].filter(([, tile]) => {
      const its = tile.getBoundingClientRect();
      return its.left < box.right && its.right > box.left && its.top < box.bottom && its.bottom > box.top;
    }).map(([id]) => id);
    this.hovered = null;
    this.anchor = inside[0] ?? this.anchor;
    this.select([...before, ...inside]);
  }

  clicked(id, event) {
    if (event.shiftKey) this.select(this.between(this.anchor ?? this.focused ?? id, id));
    else if (event.ctrlKey || event.metaKey) this.toggle(id);
    else {
      const alone = this.selected.size === 1 && this.selected.has(id);
      this.select(alone ? [] : [id]);
      this.anchor = id;
    }
    this.focusOn(id, true);
  }

  toggle(id) {
    if (!this.selected.delete(id)) this.selected.add(id);
    this.anchor = id;
    this.mark();
  }

  // ---------------------------------------------------------------- keys

  /** What a key does in this view; false where it is none of its keys. */
  key(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns };
    if (event.key in steps) this.step(steps[event.key], event.shiftKey);
    else if (event.key === "Home" || event.key === "End") this.step((event.key === "Home" ? -1 : 1) * this.pages.length, event.shiftKey);
    else if (event.key === "PageDown") this.room.go(1);
    else if (event.key === "PageUp") this.room.go(-1);
    else if (event.key === " " && this.focused !== null) { this.hovered = null; this.toggle(this.focused); }
    else if (event.key === "a" && (event.ctrlKey || event.metaKey)) this.select(this.pages.map(page => page.id));
    else if (event.key === "Escape") { this.hovered = null; this.select([]); }
    else return false;
    return true;
  }

  step(by, reach) {
    const from = this.pages.findIndex(page => page.id === this.focused);
    const to = Math.abs(by) >= this.pages.length ? (by < 0 ? 0 : this.pages.length - 1) : from + by;
    this.hovered = null;
    const next = this.pages[to];
    if (!next) return;
    if (reach) {
      this.anchor ??= this.focused;
      this.select(this.between(this.anchor, next.id));
    } else this.anchor = null;
    this.focusOn(next.id, true);
  }

  /** After a decision: nothing is selected, and the keyboard goes to the next page without one. */
  decided(ids) {
    const mouse = this.hovered;
    this.selected.clear();
    this.anchor = null;
    const last = this.pages.findIndex(page => page.id === ids.at(-1));
    const open = page => !this.room.isDone(page);
    const next = mouse === null && (this.pages.slice(last + 1).find(open) || this.pages.find(open));
    if (next) this.focusOn(next.id, true);
    else this.mark();
  }

  /** Pages of this screen that have no answer, and whose picture and guess were shown. */
  left() {
    return this.open().filter(page => this.isShown(page));
  }

  /** Pages of this screen that wait for a category, because no guess or no picture of them is shown. */
  waiting() {
    return this.open().filter(page => !this.isShown(page));
  }

  isShown(page) {
    return !page.blind && page.guess.length > 0 && at("img", this.tiles.get(page.id)) !== null;
  }

  open() {
    return this.pages.filter(page => !this.room.wordOn(page) && !this.room.skipped.has(page.id) && !page.lent_to);
  }

  /** Whether all tiles have been in view: what nobody saw is not accepted. Where not, go on to them. */
  seen() {
    if ([...this.tiles.values()].some(tile => at("img", tile)?.complete === false)) return false;
    const work = at("#work");
    const place = work.scrollHeight > work.clientHeight + 1 ? work : document.scrollingElement;
    if (place.scrollTop + place.clientHeight >= place.scrollHeight - 8) return true;
    const bottom = place === work ? work.clientHeight : at("#bar").getBoundingClientRect().top; // it covers what is below
    const last = this.tiles.get(this.pages.at(-1).id).getBoundingClientRect();
    if (place !== work && last.bottom <= bottom) return true;
    place.scrollBy(0, bottom * 0.85);
    return false;
  }

  /** The desk answers again: pictures that did not come are asked for anew. */
  back() {
    if (at(".no-picture", this.place)) this.show(this.start);
  }

  /** The tiles of the next screen, loaded while one looks at this one. */
  async ahead() {
    const after = this.start + this.size;
    await this.room.queue.reach(after + this.size).catch(() => {}); // said once they are asked for
    const next = this.room.queue.pages.slice(after, after + this.size);
    this.next = next.map(page => Object.assign(new Image(), { src: pictureOf(page.id, WIDTH.tile) }));
  }
}
