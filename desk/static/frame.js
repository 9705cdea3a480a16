"use strict";
// What all rooms of the desk have: words, calls, the way to the other rooms, the person's name, toasts, the page of keys.
//
//     import { ask, at, make, person, showKeys, text, toast } from "/static/frame.js";
//
// Words stand in texts.LANGUAGE.json, by room. An element takes its own from `data-text="review.title"`, its name for
// screen readers from `data-label`, what stands in an empty field from `data-hint`, templates too. Whatever comes from a
// file, a table or a person is set as text, never as HTML.

const LANGUAGES = ["en"]; // another one: its file beside this one, and its name here
const SHOWN_FOR = 7000; // ms that a toast stands; one of an error stands until it is closed
const AT_ONCE = 2; // toasts that stand at once, beside those of errors: more would hide the page
const PERSON = "desk.person";
const LONGEST_NAME = 60;

const wanted = (navigator.languages || []).map(one => one.split("-")[0]);
const language = wanted.find(one => LANGUAGES.includes(one)) || LANGUAGES[0];
document.documentElement.lang = language;
const plural = new Intl.PluralRules(language);
const texts = await (await fetch(`/static/texts.${language}.json`, { credentials: "same-origin" })).json();

// ---------------------------------------------------------------- elements and words

/** The first element of a CSS selector, below `root`. */
export const at = (selector, root = document) => root.querySelector(selector);

/**
 * A new element. `text` is its text, a function listens to the event of that name, all else are attributes; those that
 * are null or false are left out.
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") element.textContent = value;
    else if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/**
 * The words of a key, "review.title". `{name}` in them is taken from `values`; a text with `one` and `other` goes by the
 * number `n`.
 */
export function text(key, values = {}) {
  let found = key.split(".").reduce((part, name) => part?.[name], texts);
  if (found && typeof found === "object") found = found[plural.select(values.n)] ?? found.other;
  if (typeof found !== "string") return key;
  return found.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Whether there are words for a key. */
export const hasText = key => text(key) !== key;

/** Numbers as people of this language write them. */
export const number = (value, digits = 0) =>
  value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Fill in the words of all elements below `root` that ask for some. */
export function words(root = document) {
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of root.querySelectorAll("[data-label]")) element.setAttribute("aria-label", text(element.dataset.label));
  for (const element of root.querySelectorAll("[data-hint]")) element.setAttribute("placeholder", text(element.dataset.hint));
  for (const template of root.querySelectorAll("template")) words(template.content);
}

// ---------------------------------------------------------------- calls

/**
 * What a call of the desk answers, as JSON. `body`: sent as JSON, or as it is where it is a form.
 * Throws an Error with the desk's one line; its `status` is that of HTTP, 0 where the desk does not answer, and `again`
 * the seconds until another try is worth it.
 */
export async function ask(path, { body, ...options } = {}) {
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json", ...options.headers };
  }
  if (body !== undefined) options.method ??= "POST";
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw failure(text("frame.no_answer"), 0);
  }
  let said = null;
  try {
    said = await answer.json();
  } catch (error) {
    if (error.name === "AbortError") throw error; // else no JSON: told below
  }
  if (answer.ok) return said;
  const again = answer.status === 429 ? Number(answer.headers.get("Retry-After")) || 2 : 0;
  throw failure(said?.detail || text("frame.status", { status: answer.status }), answer.status, again);
}

function failure(message, status, again = 0) {
  return Object.assign(new Error(message), { status, again });
}

// ---------------------------------------------------------------- toasts

const toasts = make("div", { class: "toasts" });
const calm = make("div", { role: "status", "aria-live": "polite" });
const alarm = make("div", { role: "alert" });
toasts.append(calm, alarm);
document.body.append(toasts);

/** Say something beside the page, to screen readers too. kind: "" or "error", which stands until it is closed. */
export function toast(said, kind = "") {
  const one = make("p", { class: `toast ${kind}` }, make("span", { text: said }));
  const close = () => one.remove();
  const place = kind === "error" ? alarm : calm;
  for (const same of [...place.children]) if (same.firstChild.textContent === said) same.remove();
  place.append(one);
  if (kind === "error") one.append(make("button", { type: "button", text: text("frame.close"), click: close }));
  else {
    while (calm.childElementCount > AT_ONCE) calm.firstElementChild.remove();
    setTimeout(close, SHOWN_FOR);
  }
  return close;
}

// ---------------------------------------------------------------- dialogs and keys

/** Whether a key belongs to a field that is being written in, or to an open dialog, and not to the page. */
export function typing(event) {
  const place = event.target;
  if (document.querySelector("dialog[open]")) return true;
  if (!(place instanceof Element)) return false;
  return place.matches("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=range], [type=file])");
}

/** A dialog with a title; removed once it is closed. */
export function dialog(title, ...parts) {
  const heading = make("h2", { id: "dialog-title", text: title });
  const opened = make("dialog", { "aria-labelledby": "dialog-title" }, heading, ...parts);
  document.body.append(opened);
  opened.addEventListener("close", () => opened.remove());
  opened.showModal();
  return opened;
}

let keysOfPage = [];

/**
 * The keys of this page, opened by `?` and by a button beside the rooms. list: of [keys, what they do], where keys are
 * an array of names, ["Ctrl+Z"].
 */
export function setKeys(list) {
  keysOfPage = [...list, [["?"], text("frame.keys_title")]];
  at("#open-keys").hidden = false;
  at("nav.rooms").hidden = false;
}

/** Open the page of keys. */
export function showKeys() {
  if (!keysOfPage.length || document.querySelector("dialog[open]")) return;
  const rows = keysOfPage.map(([keys, what]) => make("tr", {},
    make("th", { scope: "row" }, ...keys.flatMap((key, place) => [place ? " " : "", make("kbd", { text: key })])), make("td", { text: what })));
  const close = make("button", { type: "button", text: text("frame.close"), click: () => opened.close() });
  const opened = dialog(text("frame.keys_title"), make("table", { class: "keys" }, make("tbody", {}, ...rows)));
  at("h2", opened).after(close);
  close.focus();
}

document.addEventListener("keydown", event => {
  if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
  event.preventDefault();
  showKeys();
});

// ---------------------------------------------------------------- files

/**
 * Files that people choose in `#choose`, drop anywhere on the page or paste; `take(files)` is called with an array.
 * Text that is pasted into a field goes there, a picture of it beside it is none.
 */
export function takeFiles(take) {
  const field = at("#choose");
  field.addEventListener("change", () => {
    take([...field.files]);
    field.value = ""; // the same file can be chosen again
  });
  document.addEventListener("paste", event => {
    const data = event.clipboardData;
    if (!data?.files.length || (typing(event) && [...data.types].includes("text/plain"))) return;
    event.preventDefault();
    take([...data.files]);
  });
  const hasFiles = event => Boolean(event.dataTransfer) && [...event.dataTransfer.types].includes("Files");
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
    const files = [];
    for (const item of [...event.dataTransfer.items].filter(one => one.kind === "file")) {
      const entry = item.webkitGetAsEntry();
      if (entry?.isDirectory) toast(text("frame.folder", { name: entry.name }), "error"); // browsers hand out no folder as a file
      else files.push(item.getAsFile());
    }
    take(files);
  });
}

// ---------------------------------------------------------------- the person

/** The name of who is looking, "" where none was given yet. */
export const knownPerson = () => localStorage.getItem(PERSON) || "";

/** The name of who is looking; asked for where none was given yet. It never resolves where none is given. */
export async function person() {
  return knownPerson() || askPerson();
}

function askPerson() {
  return new Promise(done => {
    const field = make("input", { id: "person-name", maxlength: LONGEST_NAME, autocomplete: "name", required: true, value: knownPerson() });
    const form = make("form", { submit: event => {
      event.preventDefault();
      const name = field.value.trim().replace(/\s+/g, " ");
      if (!name) { field.focus(); return; }
      localStorage.setItem(PERSON, name);
      opened.close();
      showPerson();
      done(name);
    } },
    make("p", { text: text("frame.person_why") }),
    make("label", { for: "person-name", text: text("frame.person_name") }), field,
    make("div", { class: "buttons" }, make("button", { type: "submit", class: "main", text: text("frame.person_keep") })));
    const opened = dialog(text("frame.person_ask"), form);
    field.select();
  });
}

function showPerson() {
  const button = at("#change-person");
  button.hidden = !usesPerson && !knownPerson();
  button.textContent = knownPerson() || text("frame.person_none");
  if (knownPerson()) button.setAttribute("aria-label", text("frame.person_change", { name: knownPerson() }));
}

let usesPerson = false;

/** Tell the frame that names stand beside what is done in this room; `changed(name)` is called as another is given. */
export function withPerson(changed) {
  usesPerson = true;
  at("nav.rooms").hidden = false;
  at("#change-person").addEventListener("click", async () => changed(await askPerson()));
  showPerson();
}

// ---------------------------------------------------------------- the way to the other rooms

const here = location.pathname.split("/")[1];
const missed = new URLSearchParams(location.search).get("absent"); // a room that was asked for and is not there

function bar() {
  const skip = make("a", { class: "skip", href: "#content", text: text("frame.skip") });
  const nav = make("nav", { class: "rooms", "aria-label": text("frame.rooms"), hidden: true },
    make("ul", {}),
    make("button", { type: "button", id: "change-person", hidden: true }),
    make("button", { type: "button", id: "open-keys", text: text("frame.keys"), hidden: true, click: showKeys }));
  document.body.prepend(skip, nav);
  at("main").id ||= "content";
  skip.href = `#${at("main").id}`;
}

async function rooms() {
  let said;
  try {
    said = await ask("/api/health");
  } catch (error) {
    toast(error.message, "error");
    return;
  }
  const title = name => (hasText(`rooms.${name}`) ? text(`rooms.${name}`) : name);
  at("nav.rooms ul").replaceChildren(...said.rooms.map(name =>
    make("li", {}, make("a", { href: `/${name}`, text: title(name), "aria-current": name === here ? "page" : null }))),
  ...Object.entries(said.absent ?? {}).map(([name, reason]) => {
    const why = text("frame.absent", { room: title(name), reason });
    if (name === missed) toast(why, "error");
    // it stands until it is closed: commands in it are copied
    return make("li", {}, make("button", { type: "button", class: "absent", text: title(name), title: why, "aria-label": why, click: () => toast(why, "error") }));
  }));
  if (said.rooms.length + Object.keys(said.absent ?? {}).length > 1) at("nav.rooms").hidden = false;
  if (hasText(`rooms.${here}`)) document.title = `${text(`rooms.${here}`)} · ${text("frame.desk")}`;
}

bar();
words();
showPerson();
rooms();
