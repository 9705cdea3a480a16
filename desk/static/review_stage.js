"use strict";
// One page, large: zoom, turn, the pages beside it in its document. Arrows move and never decide.

import { ask, at, make, number, text } from "/static/frame.js";
import { addressOf, pictureOf, Ready, WIDTH } from "/static/review_queue.js";

const AHEAD = 4; // pages whose pictures are asked for before they are shown
const ZOOM = 1.3; // of one key
const LARGEST = 12; // times the size that fits
const SHARP = 1.6; // from this zoom on, the whole picture is asked for
const AGAIN = 1500; // ms until a picture that did not come is asked for again
const PAN = 90; // pixels of one key

export class Stage {
  /** room: the Review (review.js). */
  constructor(room) {
    this.room = room;
    this.place = at("#stage");
    this.ready = new Ready();
    this.details = new Map(); // id -> what GET /api/review/pages/{id} says, a promise
    this.id = null;
    this.paper = make("div", { class: "sheet" });
    this.notice = make("p", { class: "notice", role: "status" });
    this.place.append(this.paper, this.notice);
    const button = (key, words, act) => make("button", { type: "button", title: text(words), "aria-label": text(words), text: key, click: act });
    this.place.append(make("div", { class: "zoom", role: "group", "aria-label": text("review.zoom") },
      button("−", "review.smaller", () => this.zoomBy(1 / ZOOM)), button("+", "review.larger", () => this.zoomBy(ZOOM)),
      button("▣", "review.fit", () => this.fit()), button("↻", "review.turn", () => this.turnBy(1))));
    this.place.addEventListener("wheel", event => {
      event.preventDefault();
      this.zoomBy(event.deltaY < 0 ? ZOOM ** 0.5 : ZOOM ** -0.5, event);
    }, { passive: false });
    this.paper.addEventListener("pointerdown", event => this.pressed(event));
    new ResizeObserver(() => this.draw()).observe(this.place);
  }

  /** Show a page that the room knows. */
  show(id) {
    this.id = id;
    const page = this.room.pageOf(id);
    const image = this.image = this.ready.image(id, WIDTH.page);
    image.alt = text("review.picture_of", { name: this.room.nameOf(page) });
    image.draggable = false;
    this.paper.replaceChildren(image);
    this.notice.textContent = image.complete && image.naturalWidth ? "" : text("review.loading");
    Object.assign(this, { zoom: 1, turn: 0, x: 0, y: 0, whole: false, isSeen: false });
    this.draw();
    image.ready.then(shown => {
      if (image !== this.image) return;
      this.notice.textContent = "";
      this.isSeen = shown;
      if (shown) this.draw();
      else this.why(image);
    });
    this.room.lending.take([id]);
    this.intoView();
    this.room.showFacts();
    this.beside(id);
    this.ahead(id);
  }

  /** Where the keys of the categories stand below, and hide a part of the page, all of it is brought into view. */
  intoView() {
    const bar = at("#bar");
    const hidden = this.place.getBoundingClientRect().bottom > bar.getBoundingClientRect().top;
    if (hidden && getComputedStyle(bar).position === "sticky") this.place.scrollIntoView({ block: "start" });
  }

  /** Why a page cannot be shown, as the desk says it; one that has only not come is asked for again. */
  async why(image) {
    let reason = "", status = 0;
    try {
      await ask(pictureOf(this.id, WIDTH.page));
    } catch (error) {
      ({ message: reason, status } = error);
    }
    if (image !== this.image) return;
    image.remove();
    this.isSeen = status === 422; // what no picture can be made of can be decided, what has not come yet cannot
    this.notice.textContent = text("review.cannot_show", { reason });
    if (this.isSeen) return;
    setTimeout(() => { if (image === this.image && !this.place.hidden) this.show(this.id); }, AGAIN);
  }

  ahead(id) {
    const pages = this.room.queue.pages;
    const place = this.room.queue.places.get(id) ?? this.room.cursor;
    const next = pages.slice(place + 1).filter(page => !this.room.isDone(page)).slice(0, AHEAD).map(page => page.id);
    const near = [pages[place + 1], pages[place - 1]].filter(Boolean).map(page => page.id);
    for (const one of new Set([...next, ...near])) this.ready.image(one, WIDTH.page);
    for (const one of next.slice(0, 2)) this.detail(one).catch(() => {}); // said once it is asked for
    this.room.queue.reach(place + 60).catch(() => {});
  }

  detail(id) {
    if (!this.details.has(id)) {
      const asked = ask(addressOf(`pages/${id}`)).then(page => ({ ...page, lent_to: page.lent_to === this.room.person ? "" : page.lent_to }));
      this.details.set(id, asked);
      asked.catch(() => this.details.delete(id));
      for (const oldest of this.details.keys()) {
        if (this.details.size <= 200) break;
        this.details.delete(oldest);
      }
    }
    return this.details.get(id);
  }

  /** The pages before and after in the document, small. */
  async beside(id) {
    const place = at("#beside");
    let said;
    try {
      said = await this.detail(id);
    } catch (error) {
      place.replaceChildren(make("p", { text: error.message }));
      return;
    }
    if (id !== this.id) return;
    this.neighbours = [said.before, said.after];
    const one = (other, words, key) => {
      if (other < 0) return make("p", { class: "none", text: text(`${words}_none`) });
      const image = make("img", { src: pictureOf(other, WIDTH.tile), alt: "", draggable: "false" });
      return make("button", { type: "button", "aria-label": text(words), click: () => this.room.open(other) },
        image, make("span", {}, make("kbd", { text: key }), ` ${text(words)}`));
    };
    place.replaceChildren(one(said.before, "review.before", "↑"), one(said.after, "review.after", "↓"));
  }

  // ---------------------------------------------------------------- zoom and turn

  /** The picture fits its place at zoom 1, however it is turned. */
  draw() {
    const image = this.image;
    if (!image?.naturalWidth) return;
    const [width, height] = [this.place.clientWidth, this.place.clientHeight];
    const lying = this.turn % 2 !== 0;
    const [across, down] = lying ? [image.naturalHeight, image.naturalWidth] : [image.naturalWidth, image.naturalHeight];
    const scale = Math.min(width / across, height / down) * this.zoom;
    const most = [Math.max(0, (across * scale - width) / 2), Math.max(0, (down * scale - height) / 2)];
    this.paper.classList.toggle("zoomed", this.zoom > 1); // fingers then move the page, else the window
    this.x = Math.max(-most[0], Math.min(most[0], this.x));
    this.y = Math.max(-most[1], Math.min(most[1], this.y));
    Object.assign(image.style, {
      width: `${image.naturalWidth * scale}px`,
      height: `${image.naturalHeight * scale}px`,
      transform: `translate(-50%, -50%) translate(${this.x}px, ${this.y}px) rotate(${90 * this.turn}deg)`,
    });
  }

  zoomBy(factor, at = null) {
    const before = this.zoom;
    this.zoom = Math.max(1, Math.min(LARGEST, this.zoom * factor));
    const box = this.place.getBoundingClientRect();
    const [x, y] = at ? [at.clientX - box.left - box.width / 2, at.clientY - box.top - box.height / 2] : [0, 0];
    const grown = this.zoom / before;
    this.x = x - (x - this.x) * grown;
    this.y = y - (y - this.y) * grown;
    this.draw();
    if (this.zoom >= SHARP && !this.whole) this.sharpen();
  }

  /** The whole picture in place of the one that fits a screen. */
  async sharpen() {
    this.whole = true;
    const [id, small] = [this.id, this.image];
    const image = this.ready.image(id, "full");
    if (!(await image.ready) || id !== this.id || this.image !== small) return;
    image.alt = small.alt;
    image.draggable = false;
    this.image = image;
    this.paper.replaceChildren(image);
    this.draw();
  }

  fit() {
    Object.assign(this, { zoom: 1, x: 0, y: 0 });
    this.draw();
  }

  turnBy(quarters) {
    this.turn += quarters;
    this.draw();
  }

  pressed(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    const from = { x: event.clientX - this.x, y: event.clientY - this.y };
    const moved = to => {
      this.x = to.clientX - from.x;
      this.y = to.clientY - from.y;
      this.draw();
    };
    const ended = () => {
      for (const [name, act] of [["pointermove", moved], ["pointerup", ended], ["pointercancel", ended]]) removeEventListener(name, act);
    };
    for (const [name, act] of [["pointermove", moved], ["pointerup", ended], ["pointercancel", ended]]) addEventListener(name, act);
  }

  // ---------------------------------------------------------------- keys

  /** What a key does in this view; false where it is none of its keys. */
  key(event) {
    const key = event.key;
    const pan = { ArrowLeft: [PAN, 0], ArrowRight: [-PAN, 0], ArrowUp: [0, PAN], ArrowDown: [0, -PAN] }[key];
    if (pan && event.shiftKey) {
      this.x += pan[0];
      this.y += pan[1];
      this.draw();
    } else if (key === "ArrowLeft" || key === "PageUp") this.room.go(-1);
    else if (key === "ArrowRight" || key === "PageDown") this.room.go(1);
    else if (key === "ArrowUp" || key === "ArrowDown") this.aside(key === "ArrowUp" ? 0 : 1);
    else if (key === "+" || key === "=") this.zoomBy(ZOOM);
    else if (key === "-") this.zoomBy(1 / ZOOM);
    else if (key === "f") this.fit();
    else if (key === "r") this.turnBy(1);
    else if (key === "R") this.turnBy(-1);
    else return false;
    return true;
  }

  async aside(which) {
    const id = this.id;
    try {
      const said = await this.detail(id);
      const other = which ? said.after : said.before;
      if (id !== this.id) return;
      if (other >= 0) await this.room.open(other);
      else this.room.say(text(which ? "review.after_none" : "review.before_none"));
    } catch (error) {
      this.room.wrong(error);
    }
  }

  targets() { return this.id === null ? [] : [this.id]; }

  /** Bars of how likely the model finds each category. */
  static bars(guess, most) {
    return make("ul", { class: "bars" }, ...guess.slice(0, most).map(({ category, score }) =>
      make("li", {}, make("span", { class: "what", text: category }), make("meter", { min: 0, max: 1, value: score, "aria-hidden": "true" }),
        make("span", { class: "share", text: `${number(100 * score, score > 0.995 || score < 0.1 ? 1 : 0)} %` }))));
  }
}
