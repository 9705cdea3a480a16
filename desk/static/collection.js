"use strict";
// Collection: search in the index, go from a page to its look-alikes, its document, its review. No build step.
// What is looked for stands in the address, so that the browser's own buttons go back and a link can be kept; a picture
// that is handed in does not. Names of files, documents and categories are set as text.

import { ask, at, dialog, make, number, setKeys, takeFiles, text, toast, typing } from "/static/frame.js";

const PART = 60; // hits that are asked for at once
const FIELDS = ["text", "name", "document", "category", "year_from", "year_to"];

const field = name => at(`#${name}`);
let about = null;
let sought = new URLSearchParams(); // what the hits are of: fields, and `like`
let picture = null; // the file that is looked for, null where it is none
let found = []; // hits that are shown
let turn = 0; // of the newest search: answers of earlier ones are passed over
let opened = null; // the dialog of one page, and that page
let shownUrl = "";

// ---------------------------------------------------------------- searching

function chosen() {
  const values = new URLSearchParams();
  for (const name of FIELDS) if (field(name).value.trim()) values.set(name, field(name).value.trim());
  return values;
}

function fill(values) {
  for (const name of FIELDS) {
    const value = values.get(name) || "";
    if (name === "category" && value && ![...field(name).options].some(one => one.value === value)) {
      field(name).append(make("option", { value, text: value }));
    }
    field(name).value = value;
  }
}

/** Search for `values`; as a new step of the browser's history, or in place of the present one. */
function go(values, { step = true } = {}) {
  sought = values;
  const address = `/collection${values.size ? `?${values}` : ""}`;
  if (step) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  return load();
}

async function load() {
  turn += 1;
  const mine = turn;
  found = [];
  showSought();
  at("#status").textContent = text("collection.searching");
  at("#more").hidden = true;
  try {
    const said = await part(0);
    if (mine !== turn) return;
    at("#hits").replaceChildren();
    add(said);
  } catch (error) {
    if (mine !== turn) return;
    at("#hits").replaceChildren();
    at("#notes").hidden = true;
    at("#status").textContent = error.message;
  }
}

function part(start) {
  const query = new URLSearchParams(sought);
  if (picture) {
    const body = new FormData();
    body.append("files", picture, picture.name || "picture");
    query.delete("text");
    query.delete("like");
    query.set("count", 200);
    return ask(`/api/collection/alike?${query}`, { body });
  }
  query.set("start", start);
  query.set("count", PART);
  return ask(`/api/collection/pages?${query}`);
}

async function more() {
  const mine = turn;
  const first = found.length;
  try {
    const said = await part(first);
    if (mine !== turn) return;
    add(said);
    at("#hits").children[first]?.firstElementChild.focus();
  } catch (error) {
    toast(error.message, "error");
  }
}

function add(said) {
  found.push(...said.pages);
  at("#hits").append(...said.pages.map(tile));
  const isRanked = Boolean(picture) || sought.has("like") || sought.has("text");
  const [from, to] = [sought.get("year_from"), sought.get("year_to")];
  const isCrossed = from !== null && to !== null && Number(from) > Number(to);
  const all = found.length === said.total ? "_all" : "";
  const key = said.total === 0 ? (isCrossed ? "no_year" : "none") : (isRanked ? "ranked" : "listed") + all;
  at("#status").textContent = text(`collection.${key}`, { n: said.total, total: number(said.total), shown: number(found.length), from, to });
  at("#notes").hidden = !said.notes.length;
  at("#notes").replaceChildren(...said.notes.map(note => make("li", { text: note })));
  at("#more").hidden = Boolean(picture) || !said.pages.length || found.length >= said.reached;
}

async function showSought() {
  const place = at("#sought");
  const image = at("#sought img");
  const mine = turn;
  const like = sought.get("like");
  place.hidden = !picture && like === null;
  URL.revokeObjectURL(shownUrl);
  image.hidden = true;
  if (picture) {
    shownUrl = URL.createObjectURL(picture);
    image.src = shownUrl;
    at("#sought span").textContent = text("collection.like_picture", { name: picture.name || text("collection.a_picture") });
  } else if (like !== null) {
    at("#sought span").textContent = text("collection.like_page", { name: like });
    image.src = `/api/collection/pages/${encodeURIComponent(like)}/picture`;
    try {
      const hit = await ask(`/api/collection/pages/${encodeURIComponent(like)}`);
      if (mine === turn) at("#sought span").textContent = text("collection.like_page", { name: hit.file });
    } catch { /* the search says so itself */ }
  }
}

at("#sought img").addEventListener("load", event => { event.target.hidden = false; });

const facts = hit => [hit.category, hit.year, hit.similarity === null ? "" : text("collection.similarity", { similarity: number(hit.similarity, 2) })]
  .filter(one => one !== "" && one !== null).join(" · ");

const pictureOf = (hit, large) => `/api/collection/pages/${hit.id}/picture?v=${encodeURIComponent(hit.version)}${large ? "&large=true" : ""}`;

function tile(hit) {
  const element = at("#hit").content.firstElementChild.cloneNode(true);
  at("img", element).src = pictureOf(hit, false);
  at(".file", element).textContent = title(hit);
  at(".facts", element).textContent = facts(hit);
  at(".hit", element).title = hit.path;
  at(".hit", element).addEventListener("click", () => show(hit.id));
  return element;
}

/** The name of a page; where its file has several, its number too. */
const title = hit => (/\.(pdf|tiff?)$/i.test(hit.file) && hit.page !== null ? text("collection.page_of", { file: hit.file, page: hit.page }) : hit.file);

// ---------------------------------------------------------------- one page

async function show(id) {
  let hit;
  try {
    hit = await ask(`/api/collection/pages/${encodeURIComponent(id)}`);
  } catch (error) {
    toast(error.message, "error");
    return;
  }
  const back = opened ? opened.back : document.activeElement;
  opened?.element.close();
  const body = at("#one").content.firstElementChild.cloneNode(true);
  const one = selector => at(selector, body);
  const element = dialog(title(hit), body);
  const mine = opened = { element, hit, back };
  element.classList.add("large");
  element.addEventListener("close", () => {
    if (opened !== mine) return;
    opened = null;
    back?.focus?.();
  });
  const image = one("img");
  image.alt = text("collection.picture_of", { name: title(hit) });
  image.addEventListener("error", () => noPicture(hit, one), { once: true });
  image.src = pictureOf(hit, true);
  const rows = [
    ["category", hit.category && (hit.score === null ? hit.category : text("collection.scored", { category: hit.category, score: number(hit.score, 2) }))],
    ["document", hit.document], ["page", hit.page === null ? "" : String(hit.page)], ["year", hit.year === null ? "" : String(hit.year)], ["path", hit.path],
  ];
  one("dl").replaceChildren(...rows.filter(([, value]) => value).flatMap(([name, value]) =>
    [make("dt", { text: text(`collection.fact_${name}`) }), make("dd", { text: value })]));
  one(".like").addEventListener("click", () => like(hit));
  one(".of-document").textContent = text("collection.of_document", { n: hit.in_document });
  one(".of-document").hidden = !hit.document;
  one(".of-document").addEventListener("click", () => ofDocument(hit));
  one(".review").hidden = !hit.review || !about.review;
  one(".review").href = `/review?${new URLSearchParams({ view: "page", state: "all", search: hit.review })}`;
  for (const [name, beside] of [[".before", hit.before], [".after", hit.after]]) {
    one(name).disabled = beside < 0;
    one(name).addEventListener("click", () => show(beside));
  }
  one(".close").addEventListener("click", () => element.close());
  one(".like").focus();
}

/** Say why a page cannot be shown, and show its thumbnail. */
async function noPicture(hit, one) {
  one("img").src = pictureOf(hit, false);
  one(".wrong").hidden = false;
  try {
    await ask(pictureOf(hit, true));
  } catch (error) {
    one(".wrong").textContent = text("collection.only_thumbnail", { reason: error.message });
  }
}

const filtersOf = values => {
  const kept = new URLSearchParams(values);
  for (const name of ["text", "like", "page"]) kept.delete(name);
  return kept;
};

function like(hit) {
  picture = null;
  opened?.element.close();
  const values = filtersOf(sought);
  values.delete("document"); // else it would be looked for in its own document alone
  values.set("like", hit.id);
  fill(values);
  go(values);
}

function ofDocument(hit) {
  picture = null;
  opened?.element.close();
  const values = new URLSearchParams({ document: hit.document });
  fill(values);
  go(values);
}

function byPicture(files) {
  if (!files.length) return;
  if (about?.image) {
    toast(text("collection.no_image", { reason: about.image }), "error");
    return;
  }
  [picture] = files;
  field("text").value = "";
  go(filtersOf(chosen()));
}

// ---------------------------------------------------------------- the page

function start() {
  const values = new URLSearchParams(location.search);
  const page = values.get("page");
  values.delete("page");
  picture = null;
  opened?.element.close();
  fill(values);
  go(values, { step: false });
  if (page !== null) show(page);
}

at("#search").addEventListener("submit", event => {
  event.preventDefault();
  const values = chosen();
  if (values.has("text")) picture = null;
  else if (sought.has("like") && !picture) values.set("like", sought.get("like"));
  go(values);
});
field("category").addEventListener("change", () => at("#search").requestSubmit());
at("#clear").addEventListener("click", () => { picture = null; fill(new URLSearchParams()); go(new URLSearchParams()); });
at("#forget").addEventListener("click", () => { picture = null; go(filtersOf(chosen())); });
at("#more").addEventListener("click", more);
takeFiles(byPicture);
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (opened) {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key; // with Caps Lock too
    const press = { ArrowLeft: ".before", ArrowRight: ".after", l: ".like", d: ".of-document" }[key];
    if (!press) return;
    event.preventDefault();
    at(press, opened.element).click();
  } else if (event.key === "/" && !typing(event)) {
    event.preventDefault();
    (field("text").disabled ? field("name") : field("text")).focus();
  }
});
window.addEventListener("popstate", start);
setKeys([
  [["/"], text("collection.key_search")], [["Ctrl+V"], text("collection.key_paste")],
  [["←", "→"], text("collection.key_beside")], [["L"], text("collection.key_like")], [["D"], text("collection.key_document")],
  [["Esc"], text("collection.key_close")],
]);

try {
  const [said, health] = await Promise.all([ask("/api/collection"), ask("/api/health")]);
  about = { ...said, review: health.rooms.includes("review") };
  at("#about").textContent = text("collection.about", { n: about.pages, pages: number(about.pages), model: about.backbone });
  field("category").replaceChildren(make("option", { value: "", text: text("collection.any") }),
    ...about.categories.map(({ name, pages }) => make("option", { value: name, text: `${name} (${number(pages)})` })));
  field("category").disabled = !about.categories.length;
  at("#no-category").hidden = about.categories.length > 0;
  if (about.years) {
    field("year_from").placeholder = about.years[0];
    field("year_to").placeholder = about.years[1];
  }
  field("text").disabled = Boolean(about.text);
  at("#no-text").hidden = !about.text;
  at("#no-text").textContent = text("collection.no_text", { reason: about.text });
  at("#map").hidden = !about.map;
  if (about.map) at("#map").href = about.map;
  start();
} catch (error) {
  toast(error.message, "error");
}
