"use strict";
// The room where people look at what was sorted: a queue of pages, many at once (review_grid.js) or one large
// (review_stage.js), and what they decide (review_answers.js).

import { ask, at, make, number, person, setKeys, text, toast, withPerson } from "/static/frame.js";
import { Answers } from "/static/review_answers.js";
import { Filter } from "/static/review_filter.js";
import { Grid } from "/static/review_grid.js";
import { keyTable, pressed } from "/static/review_keys.js";
import { Progress, showSaved } from "/static/review_progress.js";
import { Lending, lookThrough, Queue } from "/static/review_queue.js";
import { Side } from "/static/review_side.js";
import { Stage } from "/static/review_stage.js";

const LONGEST = 600; // seconds that one look takes at most: longer is a pause

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
    const queue = new Queue({ ...this.filter.values }, this.person, id => this.isSaved(id));
    try {
      await queue.reach(1);
    } catch (error) {
      this.wrong(error);
      return;
    }
    this.queue = queue;
    this.skipped.clear();
    this.touched.clear();
    this.cursor = Math.max(0, queue.pages.findIndex(page => !page.lent_to)); // not where somebody else looks just now
    this.stage.id = null;
    await this.showView();
  }

  isSaved(id) {
    return Boolean(this.answers.of(id)) && !this.answers.waiting.some(line => line.page === id);
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
      if (page !== null && !this.isGrid) await this.open(page);
      else if (this.isGrid) await this.showScreen(Math.floor(this.cursor / this.tiles) * this.tiles);
      else await this.showPlace(this.cursor);
    } catch (error) {
      this.wrong(error);
    }
  }

  /** The screen of tiles that begins at a place of the queue. */
  async showScreen(start) {
    this.since = performance.now();
    if (await this.grid.show(start)) {
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

  /** A page large, wherever it stands. */
  async open(id) {
    if (!this.pageOf(id)) {
      const page = await this.stage.detail(id);
      this.others.set(id, page);
    }
    if (this.queue.places.has(id)) this.cursor = this.queue.places.get(id);
    if (this.isGrid) {
      this.filter.isGrid = false;
      await this.showView();
    } else if (!this.queue.places.has(id)) this.showPage(id);
    else await this.showPlace(this.cursor);
  }

  /** Nothing is in this queue. */
  empty() {
    this.nothing(text(this.filter.values.state === "open" && this.about.decided ? "review.all_done" : "review.nothing"));
  }

  /** The end of the queue was reached. */
  ended() {
    const skipped = this.skipped.size;
    this.nothing(skipped ? text("review.end_skipped", { n: skipped }) : text("review.end"), skipped > 0);
  }

  nothing(said, again = false) {
    at("#grid").hidden = at("#stage").hidden = true;
    const place = at("#nothing");
    place.hidden = false;
    place.replaceChildren(make("span", { text: said }), " ", make("button", { type: "button", text: text(again ? "review.to_skipped" : "review.look_again"), click: () => this.reload() }));
    this.stage.id = null;
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

  // ---------------------------------------------------------------- deciding

  seconds(pages) {
    const passed = Math.min(LONGEST, (performance.now() - this.since) / 1000);
    this.since = performance.now();
    return Math.round(100 * passed / pages) / 100;
  }

  /** Give pages a category. */
  decide(ids, category) {
    if (!ids.length || !this.isSeen()) return;
    const seconds = this.seconds(ids.length);
    const list = ids.map(page => ({ page, category, note: this.notes.get(page) ?? this.answers.of(page)?.note ?? "", seconds }));
    this.take(list);
    this.say(ids.length > 1 ? text("review.said_many", { n: ids.length, category }) : text("review.said_one", { name: this.nameOf(this.pageOf(ids[0])), category }));
    if (this.isGrid) this.grid.decided(ids);
    else this.goOn();
  }

  /** Whether the page that is decided on is in view; said where it is not. */
  isSeen() {
    if (this.isGrid || this.stage.isSeen) return true;
    this.say(text("review.not_seen"));
    return false;
  }

  take(list) {
    for (const one of list) {
      this.touched.add(one.page);
      this.skipped.delete(one.page);
      this.notes.delete(one.page);
    }
    this.answers.decide(list, this.isGrid ? "grid" : "page");
  }

  /** Accept the guess: of the page, or of what is left of the screen, and go on. */
  async accept() {
    if (!this.isGrid) {
      const page = this.stage.id === null ? null : this.pageOf(this.stage.id);
      if (!page) return;
      if (page.blind || !page.guess.length) toast(text("review.blind_needs"));
      else this.decide([page.id], page.guess[0].category);
      return;
    }
    if (!this.grid.pages.length) return;
    const left = this.grid.left(), waiting = this.grid.waiting();
    if (left.length && !this.grid.seen()) { this.say(text("review.more_below")); return; }
    if (left.length) {
      const seconds = this.seconds(left.length);
      this.take(left.map(page => ({ page: page.id, category: page.guess[0].category, note: this.notes.get(page.id) ?? "", seconds })));
      this.say(text("review.accepted", { n: left.length }));
      if (waiting.length) {
        this.grid.focusOn(waiting[0].id, true);
        toast(text("review.waiting", { n: waiting.length }));
        return;
      }
    }
    await this.go(1);
  }

  skip() {
    const ids = this.view.targets();
    for (const id of ids) this.skipped.add(id);
    if (this.isGrid) { ids.forEach(id => this.grid.refresh(id)); this.grid.decided(ids); }
    else this.goOn();
  }

  async undo(again) {
    const step = again ? this.answers.redo() : this.answers.undo();
    if (!step) { this.say(text(again ? "review.no_redo" : "review.no_undo")); return; }
    const ids = step.answers.map(one => one.page);
    for (const id of ids) {
      if (again) this.touched.add(id);
      else this.touched.delete(id);
    }
    const words = { n: ids.length, name: this.nameOf(this.pageOf(ids[0])), category: step.answers[0].category };
    toast(text(again ? "review.redone" : "review.undone", words));
    try {
      await this.showStep(ids, again);
    } catch (error) {
      this.wrong(error);
    }
  }

  /** The pages of a step are looked at again. */
  async showStep(ids, again) {
    if (!this.isGrid) {
      await this.open(ids[0]);
      if (again) await this.goOn();
      return;
    }
    const place = this.queue.places.get(ids[0]);
    const shown = this.grid.tiles.has(ids[0]) && at("#nothing").hidden;
    if (!shown && place !== undefined) {
      at("#grid").hidden = false;
      await this.showScreen(Math.floor(place / this.tiles) * this.tiles);
    }
    if (this.grid.tiles.has(ids[0])) this.grid.focusOn(ids[0], true);
  }

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
  showSaved({ waiting: left, trouble: "", seconds: 0 });
  await room.reload();
  room.changed([]);
  room.progress.load();
}

begin().catch(error => toast(error.message, "error"));
