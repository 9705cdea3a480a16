"use strict";
// Which pages are looked at, in which view and order: the bar above the pages, and the address that says the same.

import { at, make, text } from "/static/frame.js";

const STATES = ["open", "decided", "disputed", "all"];
const ORDERS = ["doubtful", "likeness", "category", "document", "table"];
const FIRST_ORDER = { grid: "likeness", page: "doubtful" }; // where nobody has chosen one
const TILES = "desk.tiles";
const TYPED = 350; // ms after the last letter of a search

export class Filter {
  /** room: the Review (review.js). */
  constructor(room) {
    this.room = room;
    this.tiles = Number(localStorage.getItem(TILES)) || 24;
    this.read();
    this.controls();
  }

  /** From the address: `/review?view=page&state=all&document=CTX1946&page=12`. */
  read() {
    const said = new URLSearchParams(location.search);
    this.isGrid = said.get("view") !== "page";
    this.chosenOrder = ORDERS.includes(said.get("order"));
    this.values = {
      order: this.chosenOrder ? said.get("order") : FIRST_ORDER[this.isGrid ? "grid" : "page"],
      category: said.get("category") || "",
      document: said.get("document") || "",
      search: said.get("search") || "",
      state: STATES.includes(said.get("state")) ? said.get("state") : "open",
    };
    this.page = /^\d{1,9}$/.test(said.get("page") || "") ? Number(said.get("page")) : null;
  }

  /** Into the address, so that it can be kept and sent. page: the one that is shown large, or null. */
  write(page) {
    const said = new URLSearchParams({ view: this.isGrid ? "grid" : "page" });
    const usual = { state: "open", order: this.chosenOrder ? "" : this.values.order };
    for (const [name, value] of Object.entries(this.values)) if (value && value !== usual[name]) said.set(name, value);
    if (!this.isGrid && page !== null) said.set("page", page);
    history.replaceState(null, "", `/review?${said}`);
  }

  /** Show what is chosen. */
  show() {
    for (const name of ["order", "category", "state"]) at(`#${name}`).value = this.values[name];
    if (document.activeElement !== at("#search")) at("#search").value = this.values.search; // else it is being typed
    at(`#views input[value=${this.isGrid ? "grid" : "page"}]`).checked = true;
    at("#whole").hidden = !this.values.document;
    at("#whole").textContent = text("review.whole_of", { document: this.values.document });
  }

  /** All pages of a document. */
  choose(document) {
    Object.assign(this.values, { document, order: "document", state: "all", category: "", search: "" });
    this.chosenOrder = true;
    this.room.reload();
  }

  controls() {
    const { room } = this;
    at("#state").replaceChildren(...STATES.map(one => make("option", { value: one, text: text(`review.states.${one}`) })));
    at("#order").replaceChildren(...ORDERS.map(one => make("option", { value: one, text: text(`review.orders.${one}`) })));
    if (![...at("#tiles").options].some(one => Number(one.value) === this.tiles)) this.tiles = 24;
    at("#tiles").value = String(this.tiles);
    addEventListener("pointerdown", () => { this.byMouse = true; }, true);
    addEventListener("keydown", () => { this.byMouse = false; }, true);
    const chosen = (id, act) => at(id).addEventListener("change", async event => {
      await act(event.target.value);
      if (this.byMouse) room.back();
    });
    for (const name of ["state", "order", "category"]) {
      chosen(`#${name}`, value => {
        this.values[name] = value;
        this.chosenOrder ||= name === "order";
        return room.reload();
      });
    }
    chosen("#tiles", value => {
      this.tiles = Number(value);
      localStorage.setItem(TILES, value);
      return room.showView();
    });
    chosen("#views", value => room.change(value === "grid"));
    at("#search").addEventListener("input", event => {
      clearTimeout(this.typed);
      this.typed = setTimeout(() => { this.values.search = event.target.value.trim(); room.reload(); }, TYPED);
    });
    at("#search").addEventListener("keydown", event => {
      if ((event.key === "Escape" && !event.target.value) || event.key === "Enter") room.back();
    });
    at("#filter").addEventListener("submit", event => event.preventDefault());
    at("#whole").addEventListener("click", () => { this.values.document = ""; room.reload(); });
  }
}
