"use strict";
// The page of formulas: pictures are handed in, each becomes a card with what it says. Plain JavaScript, no build step.
// Whatever comes from a picture or its name is set as text; only KaTeX makes elements of it.

import { ask, at, text as inWords } from "/static/frame.js";

const AT_ONCE = 2;          // pictures that are being read, the others wait here
const PAUSE = 180;          // ms after the last key before a preview is asked for
const TRIES = 30;           // how often a picture is handed in again where the desk is busy
const KATEX = { displayMode: true, throwOnError: true, strict: "ignore", trust: false, maxExpand: 1000, maxSize: 60 };

const cards = at("#cards");
let about = { sure: 0.9, unsure: 0.5, calibrated: true, limits: {} };
const line = [];            // cards that wait to be read
let reading = 0, made = 0;

// ---------------------------------------------------------------- handing in

function handIn(files) {
  const list = [...files];
  if (!list.length) return;
  const added = list.map(file => new Card(file));
  say(inWords("formulas.handed_in", { n: added.length }));
  line.push(...added);
  next();
}

function next() {
  while (reading < AT_ONCE && line.length) {
    reading += 1;
    line.shift().read().finally(() => { reading -= 1; next(); });
  }
}

function say(text) {
  at("#status").textContent = text;
}

const sleep = seconds => new Promise(done => setTimeout(done, 1000 * seconds));

function percent(share) {
  if (share < 0.01) return "< 1 %";
  return share > 0.99 ? "> 99 %" : `${Math.round(100 * share)} %`;
}

// ---------------------------------------------------------------- KaTeX

// Draw LaTeX (as the desk has made it fit for KaTeX) into an element; false where it cannot be shown.
function draw(latex, element, displayMode = true) {
  try {
    katex.render(latex, element, { ...KATEX, displayMode });
    return true;
  } catch (error) {
    if (!(error instanceof katex.ParseError)) throw error;
    return false;
  }
}

// KaTeX's MathML, without the LaTeX that it keeps beside it; "" where it cannot be shown.
export function mathml(latex) {
  const place = document.createElement("div");
  try {
    katex.render(latex, place, { ...KATEX, output: "mathml" });
  } catch (error) {
    if (!(error instanceof katex.ParseError)) throw error;
    return "";
  }
  const math = place.querySelector("math");
  const semantics = math.querySelector("semantics");
  semantics.replaceWith(semantics.firstElementChild);
  return new XMLSerializer().serializeToString(math);
}

// ---------------------------------------------------------------- a card

class Card {
  constructor(file) {
    this.file = file;
    this.name = file.name || inWords("formulas.pasted");
    this.readings = [];
    this.preview = "";
    this.asked = 0;
    this.stop = new AbortController();
    this.element = at("#card").content.firstElementChild.cloneNode(true);
    made += 1;
    this.number = made;
    const id = part => `card-${this.number}-${part}`;
    const label = (selector, part) => { this.at(selector).id = id(part); return id(part); };
    this.at(".name").textContent = this.name;
    this.element.setAttribute("aria-labelledby", label(".name", "name"));
    this.at(".latex-label").htmlFor = label("textarea", "latex");
    this.at("textarea").setAttribute("aria-describedby", label(".wrong", "wrong"));
    this.at(".preview").setAttribute("aria-label", inWords("formulas.preview_of", { name: this.name }));
    this.at(".buttons").setAttribute("aria-label", inWords("formulas.copy_of", { name: this.name }));
    this.at(".remove").setAttribute("aria-label", inWords("formulas.remove_name", { name: this.name }));
    this.at(".remove").addEventListener("click", () => this.remove());
    this.at(".again").addEventListener("click", () => { line.push(this); this.wait(); next(); });
    this.at("textarea").addEventListener("input", () => this.edited());
    this.at(".copy-latex").addEventListener("click", () => this.copy("LaTeX", this.latex));
    this.at(".copy-dollars").addEventListener("click", () => this.copy(inWords("formulas.in_dollars"), `$${this.latex}$`));
    this.at(".copy-mathml").addEventListener("click", () => this.copyMathml());
    this.picture();
    this.wait();
    cards.prepend(this.element);
  }

  at(selector) { return this.element.querySelector(selector); }
  get latex() { return this.at("textarea").value.trim(); }

  picture() {
    const image = this.at("img");
    this.url = URL.createObjectURL(this.file);
    image.alt = inWords("formulas.picture_of", { name: this.name });
    image.addEventListener("error", () => {
      const paper = this.at(".paper");
      paper.classList.add("none");
      paper.textContent = inWords("formulas.cannot_show");
    });
    image.src = this.url;
  }

  state(name, text) {
    this.element.classList.remove("waiting", "failed", "done");
    this.element.classList.add(name);
    this.element.setAttribute("aria-busy", String(name === "waiting"));
    this.at(".state-text").textContent = text;
    this.at(".again").hidden = name !== "failed";
  }

  wait() { this.state("waiting", inWords("formulas.reading")); }

  async read() {
    try {
      const most = about.limits.file_bytes;
      if (most && this.file.size > most) throw new Error(inWords("formulas.too_large", { most: Math.round(most / 1e6) }));
      const [said] = await this.handedIn();
      this.show(said);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.state("failed", error.message);
      say(inWords("formulas.not_read", { name: this.name, reason: error.message }));
    }
  }

  async handedIn() {
    for (let tries = 1; ; tries += 1) {
      const form = new FormData();
      form.append("files", this.file, this.name);
      try {
        return await ask("/api/formulas/read", { body: form, signal: this.stop.signal });
      } catch (error) {
        if (!error.again || tries === TRIES || this.stop.signal.aborted) throw error;
        this.state("waiting", inWords("formulas.busy"));
        await sleep(error.again);
      }
    }
  }

  show(said) {
    this.readings = [said, ...said.alternatives].filter(one => one.latex);
    this.warnings = said.warnings;
    const list = this.at(".warnings");
    list.hidden = !said.warnings.length;
    list.replaceChildren(...said.warnings.map(text => {
      const item = document.createElement("li");
      item.textContent = text;
      return item;
    }));
    this.choices();
    this.state("done", "");
    this.take(said);
    const sure = said.latex ? `${this.at(".verdict").textContent}, ${percent(said.confidence)}` : inWords("formulas.nothing");
    say(`${this.name}: ${sure}. ${said.warnings.join(". ")}`);
  }

  choices() {
    const others = this.at(".others");
    others.hidden = this.readings.length < 2;
    const legend = others.querySelector("legend");
    others.replaceChildren(legend, ...(others.hidden ? [] : this.readings).map((one, number) => {
      const label = document.createElement("label");
      const radio = document.createElement("input");
      Object.assign(radio, { type: "radio", name: `readings-${this.number}`, value: String(number) });
      radio.addEventListener("change", () => this.take(one));
      const share = document.createElement("span");
      share.className = "share";
      share.textContent = percent(one.confidence);
      const shown = document.createElement("span");
      shown.className = "shown";
      if (!one.preview || !draw(one.preview, shown, false)) {
        shown.classList.add("source");
        shown.textContent = one.latex;
      }
      label.append(radio, share, shown);
      return label;
    }));
  }

  // A reading becomes what stands in the field.
  take(one) {
    this.asked += 1;
    this.at("textarea").value = one.latex;
    this.preview = one.preview;
    this.verdict(one);
    this.wrong(one.latex && !one.preview ? inWords("formulas.no_latex") : "");
    this.shown();
    this.mark();
  }

  verdict(one) {
    const sure = this.at(".sure");
    const [kind, text] = !one ? ["", inWords("formulas.edited")]
      : !one.latex ? ["bad", inWords("formulas.nothing_sure")]
      : one.confidence >= about.sure ? ["good", inWords("formulas.right")]
      : one.confidence >= about.unsure ? ["fair", inWords("formulas.check")] : ["bad", inWords("formulas.wrong")];
    sure.className = `sure ${kind}`;
    this.at(".verdict").textContent = text;
    const shares = one && one.latex;
    this.at(".percent").textContent = shares
      ? inWords("formulas.confidence", { percent: percent(one.confidence) }) + (about.calibrated ? "" : inWords("formulas.uncalibrated")) : "";
    const meter = this.at("meter");
    meter.hidden = !shares;
    if (shares) Object.assign(meter, { low: about.unsure, high: about.sure, optimum: 1, value: one.confidence });
  }

  mark() {
    this.element.querySelectorAll(".others input").forEach(radio => {
      radio.checked = this.readings[radio.value].latex === this.latex;
    });
  }

  shown() {
    const place = this.at(".preview");
    place.classList.remove("stale");
    if (!this.preview) {
      place.textContent = this.latex ? inWords("formulas.no_preview") : "";
    } else if (!draw(this.preview, place)) {
      place.textContent = inWords("formulas.preview_fails");
      this.preview = "";
    }
  }

  wrong(text) {
    const place = this.at(".wrong");
    place.hidden = !text;
    place.textContent = text;
    this.at("textarea").setAttribute("aria-invalid", String(Boolean(text)));
  }

  edited() {
    const known = this.readings.find(one => one.latex === this.latex);
    if (known) { this.take(known); return; }
    this.verdict(null);
    this.mark();
    this.at(".preview").classList.add("stale");
    this.asked += 1;
    const turn = this.asked;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(turn), PAUSE);
  }

  // What the desk makes of the edited LaTeX; resolves once the preview is that of what stands in the field.
  async refresh(turn) {
    try {
      const said = await ask("/api/formulas/preview", { body: { latex: this.latex } });
      if (turn !== this.asked) return;
      if (said.error) { this.wrong(inWords("formulas.not_yet", { error: said.error })); return; }  // the earlier preview stays, pale
      this.wrong("");
      this.preview = said.preview;
      this.shown();
    } catch (error) {
      if (turn === this.asked) this.wrong(error.message);
    }
  }

  async copyMathml() {
    clearTimeout(this.timer);
    if (this.at(".preview").classList.contains("stale")) await this.refresh(this.asked);
    const text = this.at(".preview").classList.contains("stale") || !this.preview ? "" : mathml(this.preview);
    if (text) await this.copy("MathML", text);
    else this.copied(inWords("formulas.no_mathml"));
  }

  async copy(what, text) {
    this.copied(await toClipboard(text) ? inWords("formulas.copied", { what }) : inWords("formulas.cannot_copy"));
  }

  copied(text) {
    this.at(".copied").textContent = text;
    say(text);
    clearTimeout(this.fade);
    this.fade = setTimeout(() => { this.at(".copied").textContent = ""; }, 6000);
  }

  remove() {
    this.stop.abort();
    clearTimeout(this.timer);
    const here = line.indexOf(this);
    if (here >= 0) line.splice(here, 1);
    URL.revokeObjectURL(this.url);
    const neighbour = this.element.nextElementSibling || this.element.previousElementSibling;
    this.element.remove();
    say(inWords("formulas.removed", { name: this.name }));
    (neighbour ? neighbour.querySelector(".remove") : at("#choose")).focus();
  }
}

async function toClipboard(text) {
  if (navigator.clipboard && window.isSecureContext) {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* not allowed: the older way */ }
  }
  const before = document.activeElement;
  const place = document.createElement("textarea");
  place.className = "hidden";
  place.value = text;
  document.body.append(place);
  place.select();
  const done = document.execCommand("copy");
  place.remove();
  before.focus();
  return done;
}

// ---------------------------------------------------------------- the page

at("#choose").addEventListener("change", event => {
  handIn(event.target.files);
  event.target.value = "";  // the same file can be chosen again
});
document.addEventListener("paste", event => {
  const data = event.clipboardData;
  if (!data || !data.files.length) return;  // text: it goes where the cursor is
  if (event.target.closest?.("textarea") && [...data.types].includes("text/plain")) return;  // text with its picture
  event.preventDefault();
  handIn(data.files);
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
at("#address").textContent = location.origin;
ask("/api/formulas").then(said => {
  about = said;
  const words = { model: said.model, hash: said.hash.slice(0, 12), engine: said.engine };
  at("#about").textContent = inWords(said.calibrated ? "formulas.model" : "formulas.model_uncalibrated", words);
}).catch(error => say(error.message));
