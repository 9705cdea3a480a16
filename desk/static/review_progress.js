"use strict";
// What is said beside the pages: is everything saved, and how far is one.

import { ask, at, make, number, text } from "/static/frame.js";

const EACH = 30_000; // ms between two looks at what others have done
const SOON = 1500; // ms after an answer

/** state: how many answers the desk has not confirmed, and why it does not. */
export function showSaved({ waiting, trouble, seconds }) {
  const place = at("#saved");
  place.className = `saved ${trouble ? "trouble" : waiting ? "sending" : "done"}`;
  place.textContent = trouble ? text("review.unsaved", { n: waiting, reason: trouble, seconds })
    : waiting ? text("review.saving", { n: waiting }) : text("review.saved");
}

const percent = (share, digits = 0) => `${number(100 * share, digits)} %`;

/** The line of progress, kept up to date. */
export class Progress {
  /** room: the Review (review.js). */
  constructor(room) {
    this.room = room;
    setInterval(() => { if (!document.hidden) this.load(); }, EACH);
  }

  /** After answers were saved: once for many. */
  soon() {
    this.timer ??= setTimeout(() => { this.timer = null; this.load(); }, SOON);
  }

  async load() {
    try {
      this.show(await ask(`/api/review/progress?${new URLSearchParams({ person: this.room.person })}`));
    } catch (error) {
      if (error.status) this.room.wrong(error); // without an answer: said where it matters
    }
  }

  /** said: GET /api/review/progress. */
  show(said) {
    const parts = [["looked", text("review.looked", { decided: number(said.decided), total: number(this.room.about.total) })]];
    const { seen, blind } = said.agreement ?? {};
    if (typeof seen === "number") {
      parts.push(["agreement", text("review.agreement", { seen: percent(seen) }) + (typeof blind === "number" ? text("review.agreement_blind", { blind: percent(blind) }) : "")]);
    }
    if (said.pages_per_hour) parts.push(["speed", text("review.speed", { n: number(said.pages_per_hour) })]);
    const { n, wrong, low, high } = said.blind ?? {};
    parts.push(["honest", n ? text("review.error_rate", { rate: percent(wrong / n, 1), low: percent(low, 1), high: percent(high, 1), n }) : text("review.error_rate_none")]);
    if (said.disputed) parts.push(["disputed", text("review.disputed_count", { n: said.disputed })]);
    if (typeof said.kappa === "number") parts.push(["kappa", text("review.kappa", { kappa: number(said.kappa, 2) })]);
    at("#progress").replaceChildren(...parts.map(([name, words]) => make("span", { class: name, text: words })));
  }
}
