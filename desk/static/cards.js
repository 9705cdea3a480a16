"use strict";
// Files that are handed in, each a card that is read in its turn: what "Hand in" and "Formulas" share.
//
//     class HandedIn extends Card { get call() { ... } show(said) { ... } }
//     const cards = new Cards("handin", file => new HandedIn(cards, file)); cards.add(files);
//
// Its words are those of its room: `reading`, `busy`, `pasted`, `handed_in`, `too_large`, `not_read`, `removed`.

import { ask, at, number, text } from "/static/frame.js";

const AT_ONCE = 2; // files that are being read, the others wait here
const TRIES = 60; // how often a file is handed in again where the desk is busy

const sleep = seconds => new Promise(done => { setTimeout(done, 1000 * seconds); });

/** The cards of a page, the newest first, and those that wait to be read. */
export class Cards {
  /** room: whose words they speak; make(file): a new Card. */
  constructor(room, make) {
    Object.assign(this, { room, make });
    this.line = [];
    this.reading = 0;
    this.made = 0;
    this.most = 0; // bytes of a file, 0 = not known yet
  }

  /** Hand in files. */
  add(files) {
    if (!files.length) return;
    const added = files.map(file => this.make(file));
    this.say(this.text("handed_in", { n: added.length }));
    for (const card of added) this.wait(card);
  }

  wait(card) {
    card.state("waiting", this.text("reading"));
    this.line.push(card);
    this.next();
  }

  next() {
    while (this.reading < AT_ONCE && this.line.length) {
      this.reading += 1;
      this.line.shift().read().finally(() => { this.reading -= 1; this.next(); });
    }
  }

  say(said) { at("#status").textContent = said; }

  text(key, values) { return text(`${this.room}.${key}`, values); }
}

/** A file, and what the desk says of it. Each kind has `call`, the call that takes the file, and `show`, for its answer. */
export class Card {
  constructor(cards, file) {
    this.cards = cards;
    this.file = file;
    this.name = file.name || cards.text("pasted");
    this.stop = new AbortController();
    this.urls = []; // of pictures, let go with the card
    this.element = at("#card").content.firstElementChild.cloneNode(true);
    this.number = cards.made += 1;
    const name = this.at(".name");
    name.id = `card-${this.number}-name`;
    name.textContent = this.name;
    this.element.setAttribute("aria-labelledby", name.id);
    this.at(".remove").setAttribute("aria-label", cards.text("remove_named", { name: this.name }));
    this.at(".remove").addEventListener("click", () => this.remove());
    this.at(".again").addEventListener("click", () => cards.wait(this));
    at("#cards").prepend(this.element);
  }

  at(selector) { return at(selector, this.element); }

  state(name, words) {
    this.element.classList.remove("waiting", "failed", "done");
    this.element.classList.add(name);
    this.element.setAttribute("aria-busy", String(name === "waiting"));
    this.at(".state-text").textContent = words;
    this.at(".again").hidden = name !== "failed";
  }

  async read() {
    if (this.stop.signal.aborted) return;
    try {
      const { most } = this.cards;
      if (most && this.file.size > most) throw new Error(this.cards.text("too_large", { most: number(most / 1e6) }));
      this.show(await this.handedIn());
    } catch (error) {
      if (error.name === "AbortError") return;
      this.state("failed", error.message);
      this.cards.say(this.cards.text("not_read", { name: this.name, reason: error.message }));
    }
  }

  async handedIn() {
    for (let tries = 1; ; tries += 1) {
      const body = new FormData();
      body.append("files", this.file, this.name);
      try {
        return await ask(this.call, { body, signal: this.stop.signal });
      } catch (error) {
        if (!error.again || tries === TRIES || this.stop.signal.aborted) throw error;
        this.state("waiting", this.cards.text("busy"));
        await sleep(error.again);
      }
    }
  }

  /** An address of a picture, for as long as the card is there. */
  url(data) {
    this.urls.push(URL.createObjectURL(data));
    return this.urls.at(-1);
  }

  forgetUrls() {
    this.urls.forEach(url => URL.revokeObjectURL(url));
    this.urls = [];
  }

  remove() {
    this.stop.abort();
    this.cards.line = this.cards.line.filter(card => card !== this);
    this.forgetUrls();
    const neighbour = this.element.nextElementSibling || this.element.previousElementSibling;
    this.element.remove();
    this.cards.say(this.cards.text("removed", { name: this.name }));
    (neighbour ? at(".remove", neighbour) : at("#choose")).focus();
  }
}
