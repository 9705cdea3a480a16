"use strict";
// The room where people look at what was sorted: a queue of pages, many at once (review_grid.js) or one large
// (review_stage.js), and what they decide (review_decisions.js).

import { ask, at, make, number, person, setKeys, text, toast, withPerson } from "/static/frame.js";
import { Answers } from "/static/review_answers.js";
import { Decisions } from "/static/review_decisions.js";
import { Filter } from "/static/review_filter.js";
import { Grid } from "/static/review_grid.js";
import { keyTable, pressed } from "/static/review_keys.js";
import { Progress, showSaved } from "/static/review_progress.js";
import { Lending, lookThrough, Queue } from "/static/review_queue.js";
import { Side } from "/static/review_side.js";
import { Stage } from "/static/review_stage.js";

class Review {
  constructor(about, name) {
    this.about = about;
    this.person = name;
    this.skipped = new Set();
    this.notes = new Map(); // page -> a note that waits for its decision
    this.others = new Map(); // id -> pages beside the queue: neighbours, own earlier ones
    this.touched = new Set(); // pages decided since this queue was opened
    this.cursor = 0;
    this.since = performance.now();
    this.keys = new Map(); // category -> its key
    this.answers = this.newAnswers();
    this.decisions = new Decisions(this);
    this.filter = new Filter(this);
    this.grid = new Grid(this);
    this.stage = new Stage(this);
    this.lending = new Lending(this);
    this.progress = new Progress(this);
    this.side = new Side(this);
    this.side.showCategories();
    at("#run").textContent = text("review.run", { run: about.run || about.table, model: about.model, n: number(about.total) });
    addEventListener("keydown", event => pressed(this, event));
  }

  get isGrid() { return this.filter.isGrid; }

  get tiles() { return this.filter.tiles; }

  get view() { return this.isGrid ? this.grid : this.stage; }

  newAnswers() {
    let trouble = "";
    return new Answers({
      run: this.about.token,
      person: this.person,
      pageOf: id => this.queue && this.pageOf(id),
      onChange: pages => this.changed(pages),
      onState: state => {
        showSaved(state);
        if (Boolean(state.trouble) !== Boolean(trouble)) this.say(state.trouble || text("review.saved_again"));
        if (trouble && !state.trouble && this.isGrid) this.grid.back();
        trouble = state.trouble;
        if (!state.waiting && !state.trouble) this.progress.soon();
      },
      onRefused: (line, reason) => {
        this.touched.delete(line.page);
        this.changed([line.page]);
        toast(text("review.refused", { name: this.nameOf(this.pageOf(line.page)), category: line.category || "", reason }), "error");
      },
    });
  }

  // ---------------------------------------------------------------- what is known of a page

  pageOf(id) { return this.queue.pages[this.queue.places.get(id)] || this.others.get(id); }

  nameOf(page) { return page ? text("review.name", { file: page.file, page: page.page }) : ""; }

  guessOf(page) {
    const guess = page.blind ? null : page.guess[0];
    return guess ? text("review.guess", { category: guess.category, percent: number(100 * guess.score) }) : text("review.no_guess");
  }

  /** What was decided on a page last: {person, category, note}, the own word first; undefined where nothing was. */
  wordOn(page) {
    const own = this.answers.of(page.id);
    if (own) return { person: this.person, ...own };
    return page.decisions.filter(one => one.person !== this.person).at(-1);
  }

  standsOf(page) {
    const word = this.wordOn(page);
    if (!word) return "";
    return word.person === this.person ? text("review.you_said", word) : text("review.other_said", word);
  }

  /** Whether a page needs no look any more. */
  isDone(page) {
    if (this.filter.values.state === "open") return Boolean(this.wordOn(page)) || this.skipped.has(page.id);
    return this.touched.has(page.id) || this.skipped.has(page.id);
  }

  // ---------------------------------------------------------------- the queue and the views

  /** Open the queue anew, by what is chosen. */
  async reload() {
    this.filter.show();
    const queue = this.opening = new Queue({ ...this.filter.values }, this.person);
    try {
      await queue.reach(1);
    } catch (error) {
      if (queue === this.opening) this.wrong(error);
      return;
    }
    if (queue !== this.opening) return; // another one was chosen meanwhile
    this.queue = queue;
    this.skipped.clear();
    this.touched.clear();
    this.cursor = Math.max(0, queue.pages.findIndex(page => !page.lent_to)); // not where somebody else looks just now
    this.stage.id = null;
    await this.showView();
  }

  async showView() {
    this.filter.show();
    document.body.classList.toggle("grid-view", this.isGrid);
    document.body.classList.toggle("page-view", !this.isGrid);
    for (const element of document.querySelectorAll(".in-grid")) element.hidden = !this.isGrid;
    for (const element of document.querySelectorAll(".in-page")) element.hidden = this.isGrid;
    at("#nothing").hidden = true;
    this.side.showActions();
    this.keysOfView();
    try {
      const { page } = this.filter;
      this.filter.page = null; // the first time alone
      if (page !== null && !this.isGrid) {
        await this.open(page);
        if (!this.queue.places.has(page)) this.cursor = -1; // the queue begins behind it
      } else if (this.isGrid) await this.showScreen(Math.floor(Math.max(0, this.cursor) / this.tiles) * this.tiles);
      else await this.showPlace(this.cursor);
    } catch (error) {
      this.wrong(error);
    }
  }

  /** The screen of tiles that begins at a place of the queue. */
  async showScreen(start) {
    this.since = performance.now();
    const shown = await this.grid.show(start);
    if (shown === null) return;
    if (shown) {
      this.cursor = start;
      at("#nothing").hidden = true;
      this.filter.write(this.isGrid ? null : this.stage.id);
      this.showScreenNumber();
    } else if (start > 0 && this.queue.pages.length) this.ended();
    else this.empty();
  }

  /** The page at a place of the queue. */
  async showPlace(place) {
    if (place >= this.queue.pages.length) await this.queue.reach(place + 1);
    const page = this.queue.pages[place];
    if (!page) {
      if (this.queue.pages.length) this.ended();
      else this.empty();
      return;
    }
    this.cursor = place;
    this.showPage(page.id);
  }

  showPage(id) {
    this.since = performance.now();
    at("#nothing").hidden = true;
    at("#stage").hidden = false;
    this.stage.show(id);
    const page = this.pageOf(id);
    this.say([this.nameOf(page), this.standsOf(page) || this.guessOf(page)].join(", "));
    this.filter.write(this.isGrid ? null : this.stage.id);
  }

  /** Ask for a page that stands beside the queue. */
  async know(id) {
    if (!this.pageOf(id)) this.others.set(id, await this.stage.detail(id));
  }

  /** A page large, wherever it stands. */
  async open(id) {
    await this.know(id);
    if (this.queue.places.has(id)) this.cursor = this.queue.places.get(id);
    if (this.isGrid) {
      this.filter.isGrid = false;
      await this.showView();
    } else if (!this.queue.places.has(id)) this.showPage(id);
    else await this.showPlace(this.cursor);
  }

  /** Nothing is in this queue. */
  empty() {
    const { state, category, document, search } = this.filter.values;
    const why = category || document || search ? "nothing" : { open: "all_done", disputed: "none_disputed" }[state] || "nothing";
    this.nothing(text(`review.${why}`));
  }

  /** The end of the queue was reached. */
  ended() {
    const skipped = this.skipped.size;
    const lent = this.queue.pages.filter(page => page.lent_to && !this.isDone(page)).length;
    const said = [text("review.end"), skipped && text("review.end_skipped", { n: skipped }), lent && text("review.end_lent", { n: lent })];
    this.nothing(said.filter(Boolean).join(" "), skipped > 0);
  }

  nothing(said, again = false) {
    at("#grid").hidden = at("#stage").hidden = true;
    const place = at("#nothing");
    place.hidden = false;
    place.replaceChildren(make("span", { text: said }), " ", make("button", { type: "button", text: text(again ? "review.to_skipped" : "review.look_again"), click: () => this.reload() }));
    this.stage.id = null;
    this.filter.write(null);
    this.grid.pages = [];
    this.grid.tiles.clear();
    this.grid.hovered = this.grid.focused = null;
    this.grid.selected.clear();
    this.side.showFacts();
    at("#beside").replaceChildren();
  }

  /** Forward or back by one page, or one screen. */
  async go(steps) {
    try {
      if (this.isGrid) {
        const start = this.cursor + steps * this.tiles;
        at("#grid").hidden = false;
        if (at("#nothing").hidden) await this.showScreen(Math.max(0, start));
        else await this.showScreen(this.cursor); // back from the end
      } else if (!at("#nothing").hidden) await this.showPlace(this.cursor);
      else if (this.cursor + steps >= 0) await this.showPlace(this.cursor + steps);
      else this.say(text("review.first"));
    } catch (error) {
      this.wrong(error);
    }
  }

  /** On to the next page that nobody has decided; from the start where there is none behind. */
  async goOn() {
    const open = (page, place) => place >= this.cursor && !this.isDone(page) && !page.lent_to;
    try {
      let next = this.queue.pages.findIndex(open);
      while (next < 0 && !this.queue.ended) {
        await this.queue.reach(this.queue.pages.length + 1);
        next = this.queue.pages.findIndex(open);
      }
      if (next < 0) next = this.queue.pages.findIndex(page => !this.isDone(page) && !page.lent_to);
      if (next < 0) this.ended();
      else if (this.queue.pages[next]) { this.cursor = next; this.showPage(this.queue.pages[next].id); }
    } catch (error) {
      this.wrong(error);
    }
  }

  // ---------------------------------------------------------------- what has changed

  changed(pages) {
    for (const id of pages) this.grid.refresh(id);
    if (this.view.targets().some(id => pages.includes(id))) this.side.showFacts();
    at("#undo").disabled = !this.answers.done.length;
    at("#redo").disabled = !this.answers.undone.length;
  }

  /** What the next key would change is another page, or other pages. */
  showFacts() { this.side.showFacts(); }

  /** All pages of a page's document. */
  whole(page) { this.filter.choose(page.document ?? page.file); }

  showScreenNumber() {
    const last = Math.min(this.cursor + this.tiles, this.queue.pages.length);
    this.say(text("review.screen", { first: this.cursor + 1, last, n: this.queue.total }));
  }

  keysOfView() {
    setKeys(keyTable(this.isGrid, this.keys));
  }

  /** The other view, at the same place. */
  async change(toGrid) {
    if (toGrid === this.isGrid) return;
    const id = this.view.targets()[0];
    this.filter.isGrid = toGrid;
    if (id !== undefined && this.queue.places.has(id)) this.cursor = this.queue.places.get(id);
    await this.showView();
    if (toGrid && this.grid.tiles.has(id)) this.grid.focusOn(id, true);
  }

  /** The keyboard belongs to the pages again. */
  back() {
    if (this.isGrid && this.grid.tiles.has(this.grid.focused)) this.grid.tiles.get(this.grid.focused).focus({ preventScroll: true });
    else at("#work").focus({ preventScroll: true });
  }

  // ---------------------------------------------------------------- words

  say(said) { at("#heard").textContent = said; }

  wrong(error) {
    if (error.name !== "AbortError") toast(error.message, "error");
  }
}

async function begin() {
  withPerson(() => location.reload()); // what waits is kept, and sent in the name in which it was said
  const name = await person();
  const about = await ask("/api/review");
  lookThrough(about.token);
  const room = new Review(about, name);
  const mine = await ask(`/api/review/mine?${new URLSearchParams({ person: name })}`);
  room.answers.remember(mine.answers.filter(one => one.page >= 0).reverse()); // -1: of another table of this run
  const left = room.answers.adopt();
  if (left) toast(text("review.sent_again", { n: left }));
  const stranded = room.answers.stranded();
  if (stranded) toast(text("review.stranded", { n: stranded }));
  if (about.doubles) toast(text("review.doubles", { n: about.doubles }));
  showSaved({ waiting: left, trouble: "", seconds: 0 });
  await room.reload();
  room.changed([]);
  room.progress.load();
}

begin().catch(error => toast(error.message, "error"));
