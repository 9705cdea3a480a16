"use strict";
// What a person decides: shown at once, sent at once, and kept here until the desk has said that it is saved.
//
//     const answers = new Answers({ run, person, pageOf, onChange, onState, onRefused });
//     answers.decide([{ page: 12, category: "TEXT", note: "", seconds: 1.4 }], "grid");
//     answers.undo(); answers.redo();
//
// Each answer has an id of its own that is made here: one that is sent twice is saved once. So whatever the desk has not
// confirmed is simply sent again, after minutes without the desk or from a page that was closed (localStorage).

import { ask } from "/static/frame.js";

const UNSAVED = "desk.unsaved"; // + run + tab: lines that the desk has not confirmed
const MOST_AT_ONCE = 200; // answers a request
const PAUSES = [1, 2, 4, 8, 10]; // seconds before the next try, where the desk does not answer

/** An id that no other answer has; crypto.randomUUID is not there on pages of other machines without https. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const signs = [...bytes].map(byte => byte.toString(16).padStart(2, "0")).join("");
  return [0, 8, 12, 16, 20].map((start, part) => signs.slice(start, [8, 12, 16, 20, 32][part])).join("-");
}

/** What one key did is undone by one key, later too: its answers are called `STEP-0`, `STEP-1`, ... */
const stepOf = answer => answer.replace(/-\d+$/, "");

/** Add an answer to the last of these steps, where it belongs to it, or as a step of its own. */
function append(steps, answer, view = "page") {
  const last = steps.at(-1);
  if (last && stepOf(last.answers[0].answer) === stepOf(answer.answer)) last.answers.push(answer);
  else steps.push({ view, answers: [answer] });
}

export class Answers {
  /**
   * run: the `token` of what is looked through, so that lines of another run are never sent to this one. pageOf(id): the
   * page as it is shown, undefined where it is not here. onChange(pages): what stands for these pages has changed; onState(state): {waiting,
   * trouble, seconds}; onRefused(answer, reason): the desk will not have an answer.
   */
  constructor({ run, person, pageOf, onChange, onState, onRefused }) {
    Object.assign(this, { run, person, pageOf, onChange, onState, onRefused });
    this.standing = new Map(); // page -> {answer, category, note}: the person's own last word; null = taken back
    this.done = []; // steps that can be undone, a list of answers each
    this.undone = []; // steps that can be done again
    this.waiting = []; // lines that are not yet saved, in their order
    this.sending = false;
    this.failures = 0;
    this.trouble = "";
    this.place = `${UNSAVED}.${run}.${newId()}`;
    addEventListener("online", () => this.sendNow());
    addEventListener("beforeunload", event => {
      if (!this.waiting.length) return;
      event.preventDefault();
      event.returnValue = ""; // older browsers
    });
  }

  /** Own answers of earlier visits, oldest first, as steps that can be undone. answers: [{answer, page, category, note}]. */
  remember(answers) {
    const steps = [];
    for (const one of answers) {
      const before = this.of(one.page) || null;
      const answer = { answer: one.answer, page: one.page, category: one.category, note: one.note || "", seconds: 0, before };
      append(steps, answer);
      this.standing.set(one.page, answer);
    }
    this.done = [...steps, ...this.done];
  }

  /** Lines that a page which was closed has left behind; sent again. How many there are. */
  adopt() {
    const left = Object.keys(localStorage).filter(key => key.startsWith(`${UNSAVED}.${this.run}.`) && key !== this.place);
    for (const key of left) {
      let lines = [];
      try {
        lines = JSON.parse(localStorage.getItem(key));
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
      }
      const known = new Set(this.waiting.map(line => line.id));
      this.waiting.push(...lines.filter(line => !known.has(line.id)));
      localStorage.removeItem(key);
    }
    for (const line of this.waiting) {
      if (line.person !== this.person) continue;
      const step = this.done.find(one => one.answers.some(answer => answer.answer === (line.of ?? line.id)));
      const stood = this.of(line.page) || null;
      if (line.kind === "answer" && !step) { // else the desk had it, and could not say so
        const { id, page, category, note, seconds, view } = line;
        const answer = { answer: id, page, category, note, seconds, before: stood };
        this.standing.set(page, answer);
        append(this.done, answer, view);
      } else if (line.kind === "undo" && step) { // a line a page: the others of the step follow
        step.answers = step.answers.filter(answer => answer.answer !== line.of);
        this.done = this.done.filter(one => one.answers.length);
        if (stood?.answer === line.of) this.standing.set(line.page, stood.before);
      }
    }
    this.keep();
    if (this.waiting.length) this.sendNow();
    return this.waiting.length;
  }

  /** How many lines there are of a table of this name whose rows were others: their pages have other numbers here. */
  stranded() {
    const named = `${UNSAVED}.${this.run.slice(0, this.run.lastIndexOf("/") + 1)}`;
    const others = Object.keys(localStorage).filter(key => key.startsWith(named) && !key.startsWith(`${UNSAVED}.${this.run}.`));
    return others.reduce((n, key) => n + JSON.parse(localStorage.getItem(key)).length, 0);
  }

  /** The person's own last word on a page, or undefined; what was said too long ago to be undone, as the page has it. */
  of(page) {
    const own = () => this.pageOf(page)?.decisions.find(one => one.person === this.person);
    return (this.standing.has(page) ? this.standing.get(page) : own()) ?? undefined;
  }

  /** Whether no guess is shown; of a page that is not here none was hidden. */
  isBlind(page) { return Boolean(this.pageOf(page)?.blind); }

  decide(list, view) {
    if (!list.length) return;
    this.undone = [];
    this.take(list, view);
  }

  take(list, view) {
    const step = newId();
    const answers = list.map((one, place) => ({ ...one, answer: `${step}-${place}`, before: this.of(one.page) || null }));
    for (const one of answers) {
      this.standing.set(one.page, one);
      this.waiting.push({ kind: "answer", id: one.answer, person: this.person, view, page: one.page, category: one.category, note: one.note, seconds: one.seconds, blind: this.isBlind(one.page) });
    }
    this.done.push({ view, answers });
    this.changed(answers);
  }

  /** Take the last step back; the step, or null where there is none. */
  undo() {
    const step = this.done.pop();
    if (!step) return null;
    for (const one of [...step.answers].reverse()) {
      this.standing.set(one.page, one.before);
      this.waiting.push({ kind: "undo", id: newId(), person: this.person, page: one.page, of: one.answer, blind: this.isBlind(one.page) });
    }
    this.undone.push(step);
    this.changed(step.answers);
    return step;
  }

  /** Do again what was taken back last, as new answers; the step, or null where there is none. */
  redo() {
    const step = this.undone.pop();
    if (!step) return null;
    this.take(step.answers.map(({ page, category, note, seconds }) => ({ page, category, note, seconds })), step.view);
    return step;
  }

  changed(answers) {
    this.keep();
    this.onChange(answers.map(one => one.page));
    if (!this.failures) this.sendNow();
    else this.say();
  }

  // ---------------------------------------------------------------- sending

  keep() {
    try {
      if (this.waiting.length) localStorage.setItem(this.place, JSON.stringify(this.waiting));
      else localStorage.removeItem(this.place);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error; // no room: they are kept in the page alone
    }
  }

  say(seconds = this.seconds || 0) {
    this.seconds = this.failures ? seconds : 0;
    this.onState({ waiting: this.waiting.length, trouble: this.failures ? this.trouble : "", seconds: this.seconds });
  }

  sendNow() {
    clearTimeout(this.timer);
    if (!this.sending) this.send();
  }

  async send() {
    this.sending = true;
    this.say();
    try {
      while (this.waiting.length) {
        await this.sendSome();
        this.failures = 0;
      }
    } catch (error) {
      this.trouble = error.message;
      const pause = error.again || PAUSES[Math.min(this.failures, PAUSES.length - 1)];
      this.failures += 1;
      this.seconds = pause;
      this.timer = setTimeout(() => this.sendNow(), 1000 * pause);
    } finally {
      this.sending = false;
      this.say();
    }
  }

  /** Send the first lines that go into one request. */
  async sendSome() {
    const [first] = this.waiting;
    if (first.kind === "undo") {
      const { person, of: answer, id: undo, blind } = first;
      await this.deliver([first], "/api/review/undo", { run: this.run, person, answer, undo, blind });
      return;
    }
    const most = this.alone ? 1 : MOST_AT_ONCE;
    const end = this.waiting.findIndex(line => line.kind !== "answer" || line.person !== first.person || line.view !== first.view);
    const lines = this.waiting.slice(0, Math.min(end < 0 ? this.waiting.length : end, most));
    const answers = lines.map(({ id, page, category, note, seconds, blind }) => ({ page, category, note, seconds, blind, answer: id }));
    await this.deliver(lines, "/api/review/decisions", { run: this.run, person: first.person, view: first.view, answers });
  }

  async deliver(lines, path, body) {
    let saved = lines.map(line => line.id);
    try {
      const said = await ask(path, { body });
      if (said.saved) saved = said.saved;
      this.alone = false;
      if (!lines.some(line => saved.includes(line.id))) throw new Error(JSON.stringify(said)); // sent again later
    } catch (error) {
      // no answer, a token that is missing, another run on the desk, too much at once, one that is ending, a fault: later
      if (![400, 404, 422].includes(error.status)) throw error;
      if (lines.length > 1) { this.alone = true; return; } // which one is it?
      this.refuse(lines[0], error.message);
      saved = [lines[0].id];
    }
    const gone = new Set(saved);
    this.waiting = this.waiting.filter(line => !gone.has(line.id));
    this.keep();
  }

  /** The desk will not have a line: what stood before stands again. */
  refuse(line, reason) {
    if (line.kind === "answer") {
      for (const list of [this.done, this.undone]) {
        for (const step of list) step.answers = step.answers.filter(one => one.answer !== line.id);
      }
      this.done = this.done.filter(step => step.answers.length);
      this.undone = this.undone.filter(step => step.answers.length);
      this.waiting = this.waiting.filter(other => other.of !== line.id);
      const stands = this.of(line.page);
      if (stands?.answer === line.id) this.standing.set(line.page, stands.before);
    }
    this.onChange([line.page]);
    this.onRefused(line, reason);
  }
}
