"use strict";
// What a person decides by a key or a button, and how one goes on after it; what is given is kept by review_answers.js.

import { at, text, toast } from "/static/frame.js";

const LONGEST = 600; // seconds that one look takes at most: longer is a pause

export class Decisions {
  /** room: the Review (review.js). */
  constructor(room) { this.room = room; }

  seconds(pages) {
    const passed = Math.min(LONGEST, (performance.now() - this.room.since) / 1000);
    this.room.since = performance.now();
    return Math.round(100 * passed / pages) / 100;
  }

  /** Give pages a category. */
  decide(ids, category) {
    if (!ids.length || !this.isSeen()) return;
    const seconds = this.seconds(ids.length);
    const list = ids.map(page => ({ page, category, note: this.room.notes.get(page) ?? this.room.answers.of(page)?.note ?? "", seconds }));
    this.take(list);
    this.room.say(ids.length > 1 ? text("review.said_many", { n: ids.length, category }) : text("review.said_one", { name: this.room.nameOf(this.room.pageOf(ids[0])), category }));
    if (this.room.isGrid) this.room.grid.decided(ids);
    else this.room.goOn();
  }

  /** Whether the page that is decided on is in view; said where it is not. */
  isSeen() {
    if (this.room.isGrid || this.room.stage.isSeen) return true;
    this.room.say(text("review.not_seen"));
    return false;
  }

  take(list) {
    for (const one of list) {
      this.room.touched.add(one.page);
      this.room.skipped.delete(one.page);
      this.room.notes.delete(one.page);
    }
    this.room.answers.decide(list, this.room.isGrid ? "grid" : "page");
  }

  /** Accept the guess: of the page, or of what is left of the screen, and go on. */
  async accept() {
    if (!this.room.isGrid) {
      const page = this.room.stage.id === null ? null : this.room.pageOf(this.room.stage.id);
      if (!page) return;
      if (this.room.answers.of(page.id)) this.keep(page.id);
      else if (page.blind || !page.guess.length) toast(text("review.blind_needs"));
      else this.decide([page.id], page.guess[0].category);
      return;
    }
    if (!this.room.grid.pages.length) return;
    const left = this.room.grid.left(), waiting = this.room.grid.waiting();
    if (left.length && !this.room.grid.seen()) { this.room.say(text("review.more_below")); return; }
    if (left.length) {
      const seconds = this.seconds(left.length);
      this.take(left.map(page => ({ page: page.id, category: page.guess[0].category, note: this.room.notes.get(page.id) ?? "", seconds })));
      this.room.say(text("review.accepted", { n: left.length }));
      if (waiting.length) {
        this.room.grid.focusOn(waiting[0].id, true);
        toast(text("review.waiting", { n: waiting.length }));
        return;
      }
    }
    await this.room.go(1);
  }

  /** The own answer on a page stays as it is. */
  keep(id) {
    if (!this.isSeen()) return;
    this.room.touched.add(id);
    this.room.goOn();
  }

  skip() {
    const ids = this.room.view.targets();
    for (const id of ids) this.room.skipped.add(id);
    if (this.room.isGrid) { ids.forEach(id => this.room.grid.refresh(id)); this.room.grid.decided(ids); }
    else this.room.goOn();
  }

  async undo(again) {
    const step = again ? this.room.answers.redo() : this.room.answers.undo();
    if (!step) { this.room.say(text(again ? "review.no_redo" : "review.no_undo")); return; }
    const ids = step.answers.map(one => one.page);
    for (const id of ids) {
      if (again) this.room.touched.add(id);
      else this.room.touched.delete(id);
    }
    try {
      await this.room.know(ids[0]); // of an earlier visit
      const words = { n: ids.length, name: this.room.nameOf(this.room.pageOf(ids[0])), category: step.answers[0].category };
      toast(text(again ? "review.redone" : "review.undone", words));
      await this.showStep(ids, again);
    } catch (error) {
      this.room.wrong(error);
    }
  }

  /** The pages of a step are looked at again. */
  async showStep(ids, again) {
    if (!this.room.isGrid) {
      await this.room.open(ids[0]);
      if (again) await this.room.goOn();
      return;
    }
    const place = this.room.queue.places.get(ids[0]);
    const shown = this.room.grid.tiles.has(ids[0]) && at("#nothing").hidden;
    if (!shown && place !== undefined) {
      at("#grid").hidden = false;
      await this.room.showScreen(Math.floor(place / this.room.tiles) * this.room.tiles);
    }
    if (this.room.grid.tiles.has(ids[0])) this.room.grid.focusOn(ids[0], true);
  }
}
