"use strict";
// Hand in: files are handed in, each becomes a card with its pages and their categories. Plain JavaScript, no build step.
// Whatever comes from a file or its name is set as text.

import { Card, Cards } from "/static/cards.js";
import { ask, at, dialog, make, number, setKeys, takeFiles, text, toast } from "/static/frame.js";

const TOP = 5; // categories of a page
const ALIKE = 6; // look-alikes of a page
const CLOSE = 0.2; // between the two best scores: which of them it is, nobody knows
const SHOWN = new Set(["image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/avif"]); // by browsers

const known = new Map(); // element -> its card
let about = { trust: { bands: [], limits: [], judged: null }, alike: "-", limits: {} };

/** A score in words; only 0 and 1 themselves are 0 % and 100 %. */
function percent(share) {
  if (share > 0 && share < 0.01) return "<\u00a01\u00a0%";
  return share > 0.99 && share < 1 ? ">\u00a099\u00a0%" : round(share);
}

const round = share => `${number(100 * share)}\u00a0%`;

// ---------------------------------------------------------------- how sure is that

const bandOf = score => about.trust.bands.find((band, place, all) => score <= band.high || place === all.length - 1);

/** What is known of how often pages with such a score were right, in words. */
function real(score) {
  const band = bandOf(score);
  if (band && band.pages) {
    return text("handin.real_band", {
      n: band.pages, right: number(band.right), pages: number(band.pages), from: percent(band.low), to: percent(band.high),
      low: round(band.interval[0]), high: round(band.interval[1]),
    });
  }
  const judged = about.trust.judged;
  if (judged) return text("handin.real_judged", said(judged));
  return text(about.trust.fitted ? "handin.real_fitted" : "handin.real_unknown");
}

const said = judged => ({
  accuracy: round(judged.accuracy), low: round(judged.interval[0]), high: round(judged.interval[1]),
  pages: number(judged.pages), documents: number(judged.documents), n: judged.pages,
});

function showTrust() {
  const { trust } = about;
  const parts = [];
  if (trust.judged) parts.push(make("p", { text: text(`handin.judged_${trust.judged.by}`, said(trust.judged)) }));
  else parts.push(make("p", { text: text(trust.trained ? "handin.judged_none" : "handin.untrained") }));
  parts.push(make("p", { text: trust.fitted ? text("handin.fitted", { temperature: number(trust.temperature, 2) }) : text("handin.not_fitted") }));
  if (trust.bands.length) {
    const head = ["band", "band_pages", "band_right", "band_interval"].map(name => make("th", { scope: "col", text: text(`handin.${name}`) }));
    const rows = trust.bands.map(band => make("tr", {},
      make("th", { scope: "row", text: text("handin.range", { from: percent(band.low), to: percent(band.high) }) }),
      make("td", { text: number(band.pages) }),
      make("td", { text: number(band.right) }),
      make("td", { text: band.pages ? text("handin.range", { from: round(band.interval[0]), to: round(band.interval[1]) }) : "" })));
    parts.push(make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows)));
    parts.push(make("p", { text: text("handin.band_note") }));
  }
  if (trust.limits.length) {
    parts.push(make("h3", { text: text("handin.limits") }), make("ul", {}, ...trust.limits.map(one => make("li", { text: one }))));
  }
  at("#trust-said").replaceChildren(...parts);
}

// ---------------------------------------------------------------- a card

class HandedIn extends Card {
  constructor(cards, file) {
    super(cards, file);
    this.pages = [];
    known.set(this.element, this);
    at("#all").hidden = false;
  }

  state(name, words) {
    if (name === "failed") this.pages = [{ page: 0, error: words }]; // it stands in the list, too
    super.state(name, words);
  }

  get isShown() { return SHOWN.has(this.file.type); }

  get call() {
    return `/api/classify?${new URLSearchParams({ top: TOP, preview: !this.isShown, alike: about.alike ? 0 : ALIKE })}`;
  }

  show(pages) {
    this.pages = pages;
    this.forgetUrls();
    this.at(".pages").replaceChildren(...pages.map(page => this.page(page, pages.length)));
    this.state("done", "");
    const failed = pages.filter(page => page.error).length;
    const first = pages.find(page => !page.error);
    const heard = { name: this.name, n: pages.length, label: first.categories[0].label, share: percent(first.categories[0].score) };
    this.cards.say(text(pages.length === 1 ? "handin.done_one" : "handin.done_many", heard) + (failed ? ` ${text("handin.done_failed", { n: failed })}` : ""));
  }

  page(page, count) {
    if (page.error) {
      return make("section", { class: "one failed" },
        make("p", { class: "reason", text: page.page ? text("handin.page_failed", { page: page.page, reason: page.error }) : page.error }));
    }
    const element = at("#page").content.firstElementChild.cloneNode(true);
    const one = selector => element.querySelector(selector);
    const [best, second] = page.categories;
    if (count > 1) {
      one(".number").hidden = false;
      one(".number").textContent = text("handin.page", { page: page.page });
    }
    this.picture(one(".paper"), page);
    one(".verdict").textContent = best.label;
    const isClose = second && best.score - second.score < CLOSE;
    one(".sure").classList.add(isClose || best.score < 0.5 ? "bad" : best.score < 0.8 ? "fair" : "good");
    one(".why").textContent = isClose ? text("handin.close", { other: second.label }) : text(best.score < 0.8 ? "handin.unsure" : "handin.likely");
    one(".bars").replaceChildren(...page.categories.map(({ label, score }) => {
      const fill = make("span", { class: "fill" });
      fill.style.width = `${100 * score}%`;
      return make("li", {}, make("span", { class: "label", text: label }), make("span", { class: "bar", "aria-hidden": "true" }, fill),
        make("span", { class: "share", text: percent(score) }));
    }));
    one(".real").textContent = real(best.score);
    const said = [...(page.turn ? [text("handin.turned", { degrees: page.turn, share: percent(page.turn_score) })] : []), ...page.warnings];
    one(".warnings").hidden = !said.length;
    one(".warnings").replaceChildren(...said.map(warning => make("li", { text: warning })));
    one(".alike").hidden = !page.alike.length;
    one(".tiles").replaceChildren(...page.alike.map(tile));
    return element;
  }

  picture(paper, page) {
    const image = at("img", paper);
    const title = page.page > 1 ? `${this.name}, ${text("handin.page", { page: page.page })}` : this.name;
    image.alt = "";
    paper.setAttribute("aria-label", text("handin.enlarge", { name: title }));
    image.addEventListener("error", () => {
      paper.classList.add("none");
      paper.disabled = true;
      paper.textContent = text("handin.no_picture");
    });
    const data = page.preview ? new Blob([Uint8Array.from(atob(page.preview), sign => sign.charCodeAt(0))], { type: "image/jpeg" }) : this.file;
    const url = this.url(data);
    page.preview = "";
    image.src = url;
    paper.addEventListener("click", () => {
      const close = make("button", { type: "button", text: text("frame.close"), click: () => opened.close() });
      const opened = dialog(title, make("img", { src: url, alt: text("handin.picture_of", { name: title }) }), close);
      opened.classList.add("large");
    });
  }

  remove() {
    super.remove();
    known.delete(this.element);
    at("#all").hidden = !known.size;
  }
}

const cards = new Cards("handin", file => new HandedIn(cards, file));

function tile(hit) {
  const facts = [hit.category, hit.year, text("handin.similarity", { similarity: number(hit.similarity, 2) })];
  return make("li", {}, make("a", { href: `/collection?page=${hit.id}` },
    make("img", { src: `/api/collection/pages/${hit.id}/picture?v=${encodeURIComponent(hit.version)}`, alt: "", loading: "lazy" }),
    make("span", { text: hit.file }), make("span", { text: facts.filter(Boolean).join(" · ") })));
}

// ---------------------------------------------------------------- the list

/** A cell of CSV; what a spreadsheet would take for a formula is guarded, as in the tables of sorting. */
function cell(value) {
  const plain = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

function save() {
  const lines = [["NAME", "PAGE", "CLASS-1", "SCORE-1", "CLASS-2", "SCORE-2", "CLASS-3", "SCORE-3", "ERROR"].join(",")];
  for (const card of known.values()) {
    for (const page of card.pages) {
      const best = (page.categories || []).slice(0, 3).flatMap(({ label, score }) => [cell(label), String(score)]);
      while (best.length < 6) best.push("");
      lines.push([cell(card.name), page.page, ...best, cell(page.error || "")].join(","));
    }
  }
  const url = URL.createObjectURL(new Blob([`\ufeff${lines.join("\r\n")}\r\n`], { type: "text/csv" }));
  const link = make("a", { href: url, download: "handed_in.csv" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

function clear() {
  for (const card of [...known.values()]) card.remove();
}

// ---------------------------------------------------------------- the page

takeFiles(files => cards.add(files));
at("#save").addEventListener("click", save);
at("#clear").addEventListener("click", clear);
at("#address").textContent = location.origin;
setKeys([[["Ctrl+V"], text("handin.key_paste")], [["Tab"], text("handin.key_tab")]]);

try {
  about = await ask("/api/handin");
  cards.most = about.limits.file_bytes;
  showTrust();
  at("#about").textContent = text("handin.model", { model: about.model, engine: about.engine, n: about.categories })
    + (about.alike ? ` ${text("handin.no_alike", { reason: about.alike })}` : "");
} catch (error) {
  toast(error.message, "error");
}
