"use strict";
// The side of the pages: what is known of those that the next key changes, the categories, what else can be done.

import { ask, at, dialog, make, number, text } from "/static/frame.js";
import { assignKeys } from "/static/review_keys.js";
import { pictureOf, WIDTH } from "/static/review_queue.js";
import { Stage } from "/static/review_stage.js";

const LONGEST_NOTE = 2000;
const LONGEST_CATEGORY = 60;

export class Side {
  /** room: the Review (review.js). */
  constructor(room) {
    this.room = room;
    const action = (id, key, words, act) => make("button", { type: "button", id, click: event => { act(); if (event.detail) room.back(); } }, make("kbd", { text: key }), " ", make("span", { text: words }));
    at("#actions").replaceChildren(
      action("accept", "Enter", "", () => room.decisions.accept()), action("previous", "", "", () => room.go(-1)), action("next", "", "", () => room.go(1)),
      action("skip", "S", text("review.skip"), () => room.decisions.skip()), action("note", "N", text("review.note"), () => this.note()),
      action("undo", "Ctrl+Z", text("review.undo"), () => room.decisions.undo(false)), action("redo", "Ctrl+Y", text("review.redo"), () => room.decisions.undo(true)));
    at("#accept").classList.add("main");
  }

  /** What is known of the page, or pages, that the next key changes. */
  showFacts() {
    if (!this.room.queue) return;
    const ids = this.room.view.targets();
    const place = at("#facts");
    const page = ids.length === 1 ? this.room.pageOf(ids[0]) : null;
    for (const button of document.querySelectorAll("#categories button[data-category]")) {
      const pressed = ids.length > 0 && ids.every(id => this.room.answers.of(id)?.category === button.dataset.category);
      button.setAttribute("aria-pressed", String(pressed));
      button.disabled = !ids.length;
    }
    const stands = ids.length === 1 && this.room.answers.of(ids[0]);
    at("#accept span").textContent = text(this.room.isGrid ? "review.accept_rest" : stands ? "review.keep" : "review.accept");
    at("#skip").disabled = at("#note").disabled = !ids.length;
    if (!page) {
      place.replaceChildren(...(ids.length ? [make("h2", { text: text("review.many", { n: ids.length }) }), make("p", { class: "small", text: text("review.many_how") })] : []));
      return;
    }
    const parts = [make("h2", { text: this.room.nameOf(page) })];
    if (page.path !== page.file) parts.push(make("p", { class: "path", text: page.path }));
    const others = page.decisions.filter(one => one.person !== this.room.person);
    const own = this.room.answers.of(page.id);
    if (own) parts.push(make("p", { class: "own", text: text("review.you_said", own) }));
    if (!page.blind || own) for (const one of others) parts.push(make("p", { class: "other", text: text("review.other_said", one) + (one.note ? `: ${one.note}` : "") }));
    if (page.lent_to) parts.push(make("p", { class: "warnings", text: text("review.lent", { person: page.lent_to }) }));
    if (page.blind) parts.push(make("p", { class: "blind", text: text("review.blind") }));
    else if (page.guess.length) parts.push(Stage.bars(page.guess, this.room.isGrid ? 3 : 5));
    else parts.push(make("p", { class: "blind", text: text("review.no_guess") }));
    const doubts = [...page.doubts, page.warning].filter(Boolean);
    if (doubts.length) parts.push(make("ul", { class: "warnings" }, ...doubts.map(one => make("li", { text: one }))));
    const note = this.room.notes.get(page.id) ?? own?.note;
    if (note) parts.push(make("p", { class: "noted", text: text("review.noted", { note }) }));
    parts.push(make("button", { type: "button", class: "plain", text: text("review.whole"), click: () => this.room.whole(page) }));
    if (this.room.isGrid) parts.push(make("img", { class: "near", src: pictureOf(page.id, WIDTH.tile), alt: "" }));
    place.replaceChildren(...parts);
  }

  showCategories() {
    const keys = this.room.keys = assignKeys(this.room.about);
    const counts = new Map(this.room.about.categories.map(one => [one.name, one.count]));
    const button = ([category, key]) => make("button", {
      type: "button", "data-category": category, "aria-pressed": "false", "aria-keyshortcuts": key || null,
      click: event => { this.room.decisions.decide(this.room.view.targets(), category); if (event.detail) this.room.back(); },
    }, make("kbd", { text: key }), make("span", { class: "what", text: category }),
    ...(counts.get(category) ? [make("span", { class: "count", text: number(counts.get(category)), title: text("review.count") })] : []));
    const add = make("button", { type: "button", id: "own", text: text("review.own"), click: () => this.addCategory() });
    at("#categories").replaceChildren(...[...keys].map(button), add);
    at("#category").replaceChildren(make("option", { value: "", text: text("review.any") }),
      ...this.room.about.categories.map(one => make("option", { value: one.name, text: one.name })));
    at("#category").value = this.room.filter.values.category;
    this.room.keysOfView();
    this.showFacts();
  }

  showActions() {
    at("#previous span").textContent = text(this.room.isGrid ? "review.previous_screen" : "review.previous");
    at("#next span").textContent = text(this.room.isGrid ? "review.next_screen" : "review.next");
    at("#previous kbd").textContent = this.room.isGrid ? "PgUp" : "←";
    at("#next kbd").textContent = this.room.isGrid ? "PgDn" : "→";
  }

  // ---------------------------------------------------------------- notes and own categories

  note() {
    const ids = this.room.view.targets();
    if (!ids.length) return;
    const before = this.room.notes.get(ids[0]) ?? this.room.answers.of(ids[0])?.note ?? "";
    const field = make("textarea", { rows: 3, maxlength: 2000, "aria-label": text("review.note") });
    field.value = before;
    const keep = () => {
      opened.close();
      const said = field.value.trim();
      const again = [];
      for (const id of ids) {
        const stands = this.room.answers.of(id);
        if (stands?.note === said) continue;
        if (stands) again.push({ page: id, category: stands.category, note: said, seconds: 0 });
        else if (said) this.room.notes.set(id, said);
        else this.room.notes.delete(id);
      }
      if (again.length) this.room.decisions.take(again);
      this.showFacts();
      this.room.back();
    };
    field.addEventListener("keydown", event => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      keep();
    });
    const opened = dialog(text("review.note_title", { n: ids.length, name: this.room.nameOf(this.room.pageOf(ids[0])) }), field,
      make("p", { class: "small", text: text("review.note_when") }),
      make("div", { class: "buttons" }, make("button", { type: "button", class: "main", text: text("review.note_keep"), click: keep }),
        make("button", { type: "button", text: text("frame.cancel"), click: () => { opened.close(); this.room.back(); } })));
    field.focus();
  }

  addCategory() {
    const field = make("input", { id: "own-name", maxlength: 60, required: true, autocomplete: "off" });
    const form = make("form", { submit: async event => {
      event.preventDefault();
      try {
        await ask("/api/review/categories", { body: { run: this.room.answers.run, person: this.room.person, name: field.value.trim() } });
        this.room.about = await ask("/api/review");
      } catch (error) {
        wrong.textContent = error.message;
        return;
      }
      opened.close();
      this.showCategories();
      this.room.back();
    } });
    const wrong = make("p", { class: "wrong", role: "alert" });
    form.append(make("label", { for: "own-name", text: text("review.own_name") }), field, wrong,
      make("div", { class: "buttons" }, make("button", { type: "submit", class: "main", text: text("review.own_add") }),
        make("button", { type: "button", text: text("frame.cancel"), click: () => opened.close() })));
    const opened = dialog(text("review.own_title"), form);
    field.focus();
  }
}
