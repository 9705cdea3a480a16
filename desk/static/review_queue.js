"use strict";
// The queue of pages: loaded part by part as one goes on, and pictures that are ready before they are asked for.
//
//     const queue = new Queue({ order: "doubtful", category: "", document: "", search: "", state: "open" }, "Anna");
//     await queue.reach(60); queue.pages[0].file

import { ask } from "/static/frame.js";

const PART = 120; // pages a request
const LENT_AGAIN = 60_000; // ms
const KEPT = 16; // large pictures that are kept ready
export const WIDTH = { tile: 320, page: 1600 };

let run = ""; // the `token` of what is looked through

/** From now on all that is asked for is of this run: once another one lies on the desk, its pages have other numbers. */
export const lookThrough = token => { run = token; };

export const addressOf = (call, values = {}) => `/api/review/${call}?${new URLSearchParams({ ...values, run })}`;

export const pictureOf = (page, width) => addressOf(`pages/${page}/picture`, { width });

export class Queue {
  /** filter: as GET /api/review/queue has it; person: who looks. */
  constructor(filter, person) {
    this.filter = filter;
    this.person = person;
    this.pages = []; // in their order; a page stays once it is here, so that one can go back
    this.places = new Map(); // id -> place in `pages`
    this.total = 0;
    this.ended = false;
    this.last = -1; // id of the page behind which the next part begins
    this.again = false; // whether the queue is looked through once more
  }

  /** Load until there are `count` pages, or no more. */
  async reach(count) {
    while (this.pages.length < count && !this.ended) {
      await (this.loading ??= this.load().finally(() => { this.loading = null; }));
    }
  }

  async load() {
    // Answers, one's own and those of others, take pages out of a queue while one goes through it: so a part begins
    // behind a page, never at a place. What has come into the queue meanwhile is found as it is looked through again.
    const said = await ask(addressOf("queue", { ...this.filter, after: this.last, count: PART }));
    if (!this.pages.length) this.total = said.total;
    for (const page of said.pages) this.add(page);
    if (said.pages.length) {
      this.last = said.pages.at(-1).id;
      return;
    }
    this.ended = this.again || !this.pages.length || this.filter.state === "all";
    this.again = true;
    this.last = -1;
  }

  /** Put a page at the end, where it is not there yet; its place. */
  add(page) {
    if (page.lent_to === this.person) page.lent_to = "";
    if (!this.places.has(page.id)) {
      this.places.set(page.id, this.pages.length);
      this.pages.push(page);
    }
    return this.places.get(page.id);
  }
}

/** Pictures that are loaded and decoded before they are shown. */
export class Ready {
  constructor() { this.images = new Map(); }

  /** The picture of a page; it begins to load with the first call. `ready`: whether it could be shown. */
  image(id, width) {
    const address = pictureOf(id, width);
    let image = this.images.get(address);
    if (image) this.images.delete(address); // asked for last, thrown away last
    else {
      image = new Image();
      image.decoding = "sync"; // drawn in the moment in which it is shown
      image.src = address;
      image.ready = image.decode().then(() => true, () => {
        if (this.images.get(address) === image) this.images.delete(address); // tried again as it is shown
        return false;
      });
    }
    this.images.set(address, image);
    for (const [oldest, old] of this.images) {
      if (this.images.size <= KEPT) break;
      if (!old.isConnected) this.images.delete(oldest);
    }
    return image;
  }
}

/** Pages are lent to who looks at them, for some minutes, so that two people do not do the same work. */
export class Lending {
  /** room: the Review (review.js). */
  constructor(room) {
    this.room = room;
    setInterval(() => this.again(), LENT_AGAIN);
  }

  /** Lend pages to this person; those that are with somebody else are marked. */
  async take(pages) {
    let said;
    try {
      said = await ask("/api/review/lend", { body: { run, person: this.room.person, pages } });
    } catch (error) {
      return; // the desk is away: said beside the answers, which then wait
    }
    const taken = new Map(said.taken.map(one => [one.page, one.person]));
    for (const id of pages) {
      const page = this.room.pageOf(id);
      if (!page || (page.lent_to || "") === (taken.get(id) || "")) continue;
      page.lent_to = taken.get(id) || "";
      this.room.changed([id]);
    }
  }

  again() {
    if (document.hidden || !this.room.queue) return;
    const shown = this.room.isGrid ? this.room.grid.pages.map(page => page.id) : this.room.stage.targets();
    const pages = shown.filter(id => !this.room.answers.of(id)); // what is decided was given back
    if (pages.length) this.take(pages);
  }
}
