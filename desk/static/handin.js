"use strict";
// Hand in: files are handed in, each becomes a card with its pages and their categories. Plain JavaScript, no build step.
// Whatever comes from a file or its name is set as text.

import { ask, at, dialog, make, number, setKeys, text, toast } from "/static/frame.js";

const AT_ONCE = 2; // files that are being read, the others wait here
const TRIES = 60; // how often a file is handed in again where the desk is busy
const TOP = 5; // categories of a page
const ALIKE = 6; // look-alikes of a page
const CLOSE = 0.2; // between the two best scores: which of them it is, nobody knows
const SHOWN = new Set(["image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/avif"]); // by browsers

const cards = at("#cards");
const line = []; // cards that wait to be read
const known = new Map(); // element -> its card
let about = { trust: { bands: [], limits: [], judged: null }, alike: "-", limits: {} };
let reading = 0;
let made = 0;

// ---------------------------------------------------------------- handing in

function handIn(files) {
  const list = [...files];
  if (!list.length) return;
  const added = list.map(file => new Card(file));
  say(text("handin.handed_in", { n: added.length }));
  line.push(...added);
  at("#all").hidden = false;
  next();
}

function next() {
  while (reading < AT_ONCE && line.length) {
    reading += 1;
    line.shift().read().finally(() => { reading -= 1; next(); });
  }
}

function say(said) {
  at("#status").textContent = said;
}

const sleep = seconds => new Promise(done => { setTimeout(done, 1000 * seconds); });

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

class Card {
  constructor(file) {
    this.file = file;
    this.name = file.name || text("handin.pasted");
    this.stop = new AbortController();
    this.pages = [];
    this.urls = [];
    this.element = at("#card").content.firstElementChild.cloneNode(true);
    made += 1;
    const name = this.at(".name");
    name.id = `card-${made}-name`;
    name.textContent = this.name;
    this.element.setAttribute("aria-labelledby", name.id);
    this.at(".remove").setAttribute("aria-label", text("handin.remove_named", { name: this.name }));
    this.at(".remove").addEventListener("click", () => this.remove());
    this.at(".again").addEventListener("click", () => { line.push(this); this.state("waiting", text("handin.reading")); next(); });
    this.state("waiting", text("handin.reading"));
    known.set(this.element, this);
    cards.prepend(this.element);
  }

  at(selector) { return this.element.querySelector(selector); }

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
      const most = about.limits.file_bytes;
      if (most && this.file.size > most) throw new Error(text("handin.too_large", { most: number(most / 1e6) }));
      this.show(await this.handedIn());
    } catch (error) {
      if (error.name === "AbortError") return;
      this.pages = [{ page: 0, error: error.message }]; // it stands in the list, too
      this.state("failed", error.message);
      say(text("handin.not_read", { name: this.name, reason: error.message }));
    }
  }

  get isShown() { return SHOWN.has(this.file.type); }

  async handedIn() {
    const query = new URLSearchParams({ top: TOP, preview: !this.isShown, alike: about.alike ? 0 : ALIKE });
    for (let tries = 1; ; tries += 1) {
      const body = new FormData();
      body.append("files", this.file, this.name);
      try {
        return await ask(`/api/classify?${query}`, { body, signal: this.stop.signal });
      } catch (error) {
        if (!error.again || tries === TRIES || this.stop.signal.aborted) throw error;
        this.state("waiting", text("handin.busy"));
        await sleep(error.again);
      }
    }
  }

  show(pages) {
    this.pages = pages;
    this.urls.forEach(url => URL.revokeObjectURL(url));
    this.urls = [];
    this.at(".pages").replaceChildren(...pages.map(page => this.page(page, pages.length)));
    this.state("done", "");
    const failed = pages.filter(page => page.error).length;
    const first = pages.find(page => !page.error);
    const heard = { name: this.name, n: pages.length, label: first.categories[0].label, share: percent(first.categories[0].score) };
    say(text(pages.length === 1 ? "handin.done_one" : "handin.done_many", heard) + (failed ? ` ${text("handin.done_failed", { n: failed })}` : ""));
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
    one(".warnings").hidden = !page.warnings.length;
    one(".warnings").replaceChildren(...page.warnings.map(warning => make("li", { text: warning })));
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
    const url = URL.createObjectURL(data);
    this.urls.push(url);
    page.preview = "";
    image.src = url;
    paper.addEventListener("click", () => {
      const close = make("button", { type: "button", text: text("frame.close"), click: () => opened.close() });
      const opened = dialog(title, make("img", { src: url, alt: text("handin.picture_of", { name: title }) }), close);
      opened.classList.add("large");
    });
  }

  remove() {
    this.stop.abort();
    const here = line.indexOf(this);
    if (here >= 0) line.splice(here, 1);
    this.urls.forEach(url => URL.revokeObjectURL(url));
    const neighbour = this.element.nextElementSibling || this.element.previousElementSibling;
    this.element.remove();
    known.delete(this.element);
    say(text("handin.removed", { name: this.name }));
    at("#all").hidden = !cards.children.length;
    (neighbour ? neighbour.querySelector(".remove") : at("#choose")).focus();
  }
}

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
  for (const element of [...cards.children].reverse()) {
    const card = known.get(element);
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
  for (const element of [...cards.children]) known.get(element).remove();
}

// ---------------------------------------------------------------- the page

at("#choose").addEventListener("change", event => {
  handIn(event.target.files);
  event.target.value = ""; // the same file can be chosen again
});
document.addEventListener("paste", event => {
  const files = event.clipboardData?.files;
  if (!files?.length) return;
  event.preventDefault();
  handIn(files);
});
const hasFiles = event => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
document.addEventListener("dragover", event => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "copy";
  document.body.classList.add("over");
});
document.addEventListener("dragleave", event => {
  if (!event.relatedTarget) document.body.classList.remove("over");
});
document.addEventListener("drop", event => {
  document.body.classList.remove("over");
  if (!hasFiles(event)) return;
  event.preventDefault();
  handIn(event.dataTransfer.files);
});
at("#save").addEventListener("click", save);
at("#clear").addEventListener("click", clear);
at("#address").textContent = location.origin;
setKeys([[["Ctrl+V"], text("handin.key_paste")], [["Tab"], text("handin.key_tab")]]);

try {
  about = await ask("/api/handin");
  showTrust();
  at("#about").textContent = text("handin.model", { model: about.model, engine: about.engine, n: about.categories })
    + (about.alike ? ` ${text("handin.no_alike", { reason: about.alike })}` : "");
} catch (error) {
  toast(error.message, "error");
}
