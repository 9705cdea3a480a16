"use strict";
// The page of formulas: pictures are handed in, each becomes a card with what it says. Plain JavaScript, no build step.
// Whatever comes from a picture or its name is set as text; only KaTeX makes elements of it.

import { Card, Cards } from "/static/cards.js";
import { ask, at, takeFiles, text as inWords } from "/static/frame.js";

const PAUSE = 180;          // ms after the last key before a preview is asked for
const KATEX = { displayMode: true, throwOnError: true, strict: "ignore", trust: false, maxExpand: 1000, maxSize: 60 };

let about = { sure: 0.9, unsure: 0.5, calibrated: true, limits: {} };

function percent(share) {
  if (share < 0.01) return "< 1 %";
  return share > 0.99 ? "> 99 %" : `${Math.round(100 * share)} %`;
}

// ---------------------------------------------------------------- KaTeX

// KaTeX gives its arrows and braces their width as an attribute, which the desk's policy refuses (an arrow is then not
// seen at all); as a property it is allowed.
SVGElement.prototype.setAttribute = function (name, value) {
  if (name === "style") this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
};

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

class Picture extends Card {
  constructor(cards, file) {
    super(cards, file);
    this.readings = [];
    this.preview = "";
    this.asked = 0;
    const id = part => `card-${this.number}-${part}`;
    const label = (selector, part) => { this.at(selector).id = id(part); return id(part); };
    this.at(".latex-label").htmlFor = label("textarea", "latex");
    this.at("textarea").setAttribute("aria-describedby", label(".wrong", "wrong"));
    this.at(".preview").setAttribute("aria-label", inWords("formulas.preview_of", { name: this.name }));
    this.at(".buttons").setAttribute("aria-label", inWords("formulas.copy_of", { name: this.name }));
    this.at("textarea").addEventListener("input", () => this.edited());
    this.at(".copy-latex").addEventListener("click", () => this.copy("LaTeX", this.latex));
    this.at(".copy-dollars").addEventListener("click", () => this.copy(inWords("formulas.in_dollars"), `$${this.latex}$`));
    this.at(".copy-mathml").addEventListener("click", () => this.copyMathml());
    this.picture();
  }

  get call() { return "/api/formulas/read"; }

  get latex() { return this.at("textarea").value.trim(); }

  picture() {
    const image = this.at("img");
    image.alt = inWords("formulas.picture_of", { name: this.name });
    image.addEventListener("error", () => {
      const paper = this.at(".paper");
      paper.classList.add("none");
      paper.textContent = inWords("formulas.cannot_show");
    });
    image.src = this.url(this.file);
  }

  show([said]) {
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
    this.cards.say(`${this.name}: ${sure}. ${said.warnings.join(". ")}`);
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
    this.cards.say(text);
    clearTimeout(this.fade);
    this.fade = setTimeout(() => { this.at(".copied").textContent = ""; }, 6000);
  }

  remove() {
    clearTimeout(this.timer);
    super.remove();
  }
}

const cards = new Cards("formulas", file => new Picture(cards, file));

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

takeFiles(files => cards.add(files));
at("#address").textContent = location.origin;
ask("/api/formulas").then(said => {
  about = said;
  cards.most = said.limits.file_bytes;
  const words = { model: said.model, hash: said.hash.slice(0, 12), engine: said.engine };
  at("#about").textContent = inWords(said.calibrated ? "formulas.model" : "formulas.model_uncalibrated", words);
}).catch(error => cards.say(error.message));
