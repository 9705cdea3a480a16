"use strict";
// The page of runs: what was sorted, work that is started and watched here, a model taught from corrected pages.
// Names of files, folders and models are set as text.

import { ask, at, dialog, make, number, text, toast } from "/static/frame.js";
import { curve } from "/static/curve.js";

const PAUSE = 1000; // ms between two looks at what is at work
const OPENING = 120; // looks until the desk has to be open again
const SEVERAL = 20; // runs at once
const GOOD = ["finished", "done"];
const FAIR = ["finished with failures", "with failures", "interrupted", "cancelled", "left", "stopped"];

let possible = null, shown = 0, looked = "";

const percent = share => (share === null ? "" : `${number(100 * share, 1)} %`);
const when = stamp => (stamp ? new Date(stamp.replace(/([+-]\d\d)(\d\d)$/, "$1:$2")).toLocaleString() : "");
const lastOf = path => path.split(/[\\/]/).filter(Boolean).pop() || path;
const stateOf = (state, what) => text(what === "train" && state === "with failures" ? "runs.not_all_judged" : `runs.states.${state}`);
const mark = (state, what) => make("span", { class: `state ${GOOD.includes(state) ? "good" : FAIR.includes(state) ? "fair" : state === "failed" ? "bad" : ""}`, text: stateOf(state, what) });

const counted = (what, n) => text(`runs.counted.${what}`, { n: n || 0, shown: number(n || 0) });

function duration(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return text("runs.hours", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
  return minutes ? text("runs.minutes", { minutes, seconds: Math.round(seconds % 60) }) : text("runs.seconds", { seconds: Math.round(seconds) });
}

// ---------------------------------------------------------------- what is at work

async function look() {
  let again = false;
  try {
    possible = await ask("/api/started");
    again = possible.now?.state === "running";
    showNow(possible.now);
    showPossible();
    const state = possible.now ? `${possible.now.name} ${possible.now.state} ${possible.now.run}` : "none";
    if (state !== looked && (looked || shown === 0)) await firstRuns();
    looked = state;
  } catch (error) {
    toast(error.message, "error");
    again = possible?.now?.state === "running";
  }
  clearTimeout(look.timer);
  if (again) look.timer = setTimeout(look, PAUSE);
}

function showNow(work) {
  at("#now").hidden = !work;
  if (!work) return;
  const running = work.state === "running";
  at("#now-title").textContent = text(`runs.now_${work.what}`, { folder: lastOf(work.folder), name: work.run });
  const said = running ? text(work.interrupted ? "runs.cancelling" : `runs.steps.${work.step || "begin"}`) : `${stateOf(work.state, work.what)}${work.why ? `: ${work.why}` : ""}`;
  if (at("#now-state").textContent !== said) at("#now-state").textContent = said;
  at("#now-state").className = `state ${running ? "" : mark(work.state).className}`;
  at("#now-bar").hidden = !running;
  const bar = at("#now-progress");
  if (work.total) { bar.max = work.total; bar.value = work.done; } else bar.removeAttribute("value");
  const now = work.done - work.before; // what was done before it was gone on with says nothing of its speed
  const left = now > 0 && work.total > work.done ? (work.total - work.done) * work.seconds / now : 0;
  at("#now-count").textContent = [
    work.total ? text("runs.done_of", { done: number(work.done), total: number(work.total) }) : "",
    duration(work.seconds), left ? text("runs.left", { left: duration(left) }) : "",
  ].filter(Boolean).join(" · ");
  at("#cancel").hidden = !running;
  at("#cancel").textContent = text(work.interrupted ? "runs.cancel_again" : "runs.cancel");
  const key = JSON.stringify([work.curve, work.compared, work.state]);
  if (at("#now-more").dataset.key !== key) {
    at("#now-more").dataset.key = key;
    at("#now-more").replaceChildren(...learned(work));
    if (work.goes_on) at("#now-more").append(againButton(work));
    if (work.what === "sort" && ["done", "with failures"].includes(work.state) && possible.any_folder) at("#now-more").append(make("p", { class: "buttons" }, openButton(work.run)));
  }
  at("#now-said").hidden = !work.said.length;
  const lines = work.said.join("\n"), place = at("#now-said pre");
  if (place.textContent !== lines) { place.textContent = lines; place.scrollTop = place.scrollHeight; }
}

/** The curve of a training, and how its model compares. */
function learned(work) {
  const parts = [];
  if (work.curve.length) parts.push(curve(work.curve));
  if (!work.compared.length) return parts;
  parts.push(make("p", { text: text("runs.compared", { n: work.compared.length }) }));
  const head = ["model", "accuracy", "interval", "pages", "seen"].map(name => make("th", { scope: "col", text: text(`runs.columns.${name}`) }));
  const rows = work.compared.map(one => make("tr", { class: one.model === work.run ? "new" : null },
    make("td", { text: one.model === work.run ? text("runs.the_new", { name: one.model }) : one.model }),
    ...(one.reason ? [make("td", { colspan: 4, text: one.reason })] : [
      make("td", { class: "number", text: percent(one.accuracy) }),
      make("td", { class: "number", text: one.low === null ? "" : text("runs.from_to", { from: percent(one.low), to: percent(one.high) }) }),
      make("td", { class: "number", text: text("runs.pages_of", { pages: counted("pages", one.pages), documents: counted("documents", one.documents) }) }),
      make("td", { class: "number", text: number(one.seen_pages || 0) })])));
  parts.push(make("div", { class: "wide" }, make("table", { class: "compared" }, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows))));
  for (const line of work.verdict) parts.push(make("p", { class: "state", text: line }));
  return parts;
}

function againButton(work) {
  return make("button", { type: "button", text: text("runs.again"), click: () => start(`/api/started/${work.name}/again`, {}) });
}

async function start(path, body) {
  try {
    await ask(path, { body });
    await look();
    at("#now").scrollIntoView({ block: "nearest" });
    return true;
  } catch (error) {
    toast(error.message, "error");
    return false;
  }
}

at("#cancel").addEventListener("click", () => start(`/api/started/${possible.now.name}/cancel`, {}));

// ---------------------------------------------------------------- what can be started

function choices(select, first, names, chosen = "") {
  const key = JSON.stringify([first, names]);
  if (select.dataset.key === key) return;
  const before = select.value || chosen;
  select.dataset.key = key;
  select.replaceChildren(make("option", { value: "", text: first }), ...names.map(name => make("option", { value: name, text: name })));
  select.value = names.includes(before) ? before : "";
}

function showPossible() {
  choices(at("#sort-model"), text("runs.usual_model"), possible.models);
  choices(at("#teach-model"), text("runs.usual_start"), possible.models, possible.before);
  const known = at("#known-folders");
  if (known.childElementCount !== possible.folders.length) known.replaceChildren(...possible.folders.map(folder => make("option", { value: folder })));
  at("#folder-note").textContent = possible.any_folder ? text("runs.written_to", { output: possible.output }) : text("runs.named_only");
  const busy = possible.now?.state === "running";
  at("#sort [type=submit]").disabled = busy;
  at("#teach [type=submit]").disabled = busy || Boolean(possible.teaching);
  at("#teach-run").textContent = possible.run ? text("runs.teach_run", { run: possible.run }) : "";
  at("#teach-why").hidden = !possible.teaching;
  at("#teach-why").textContent = possible.teaching;
  at("#earlier").hidden = !possible.earlier.length;
  const key = JSON.stringify(possible.earlier);
  if (at("#earlier-list").dataset.key !== key) {
    at("#earlier-list").dataset.key = key;
    at("#earlier-list").replaceChildren(...possible.earlier.map(work => make("div", { class: "start" },
      make("h3", { text: text(`runs.now_${work.what}`, { folder: lastOf(work.folder), name: work.run }) }),
      make("p", {}, mark(work.state, work.what), ` ${work.why}`),
      ...learned(work),
      ...(work.goes_on ? [make("p", { class: "buttons" }, againButton(work))] : []))));
  }
}

at("#sort").addEventListener("submit", event => {
  event.preventDefault();
  start("/api/started/sort", { folder: at("#folder").value, model: at("#sort-model").value, report: at("#report").checked });
});

at("#teach").addEventListener("submit", event => {
  event.preventDefault();
  start("/api/started/train", { name: at("#new-name").value.trim(), model: at("#teach-model").value });
});

at("#new-name").value = `corrected-${new Date().toISOString().slice(0, 10)}`;

// ---------------------------------------------------------------- choosing a folder

at("#browse").addEventListener("click", async () => {
  const list = make("ul", { class: "folders" }), where = make("p", { class: "soft" }), count = make("p", { class: "soft", role: "status" });
  const take = make("button", { type: "button", class: "main", text: text("runs.take"), click: () => { at("#folder").value = where.textContent; opened.close(); at("#folder").focus(); } });
  const leave = make("button", { type: "button", text: text("frame.cancel"), click: () => opened.close() });
  const opened = dialog(text("runs.browse_title"), where, list, count, make("div", { class: "buttons" }, take, leave));
  const show = async path => {
    try {
      const view = await ask(`/api/started/folders?path=${encodeURIComponent(path)}`);
      where.textContent = view.path;
      const into = (name, to) => make("li", {}, make("button", { type: "button", text: name, click: () => show(to) }));
      const inside = name => (/[\\/]$/.test(view.path) ? view.path : `${view.path}${view.path.includes("\\") ? "\\" : "/"}`) + name;
      list.replaceChildren(...(view.parent ? [into(text("runs.up"), view.parent)] : []), ...view.folders.map(name => into(name, inside(name))));
      count.textContent = text("runs.pages_here", { n: view.pages }) + (view.more ? ` ${text("runs.more_folders")}` : "");
      (list.querySelector("button") || take).focus();
    } catch (error) {
      toast(error.message, "error");
      if (!where.textContent) opened.close();
    }
  };
  await show(at("#folder").value.trim());
});

// ---------------------------------------------------------------- runs

async function firstRuns() {
  const answer = await ask(`/api/runs?count=${Math.max(SEVERAL, Math.min(shown, 100))}`);
  shown = answer.runs.length;
  at("#runs").replaceChildren(...answer.runs.map(card));
  told(answer);
}

function told(answer) {
  at("#runs-count").textContent = answer.total ? text("runs.shown_of", { shown: number(shown), total: number(answer.total) }) : text("runs.none");
  at("#more").hidden = shown >= answer.total;
}

at("#more").addEventListener("click", async () => {
  try {
    const answer = await ask(`/api/runs?start=${shown}&count=${SEVERAL}`);
    shown += answer.runs.length;
    at("#runs").append(...answer.runs.map(card));
    told(answer);
  } catch (error) {
    toast(error.message, "error");
  }
});

function card(run) {
  const facts = [
    ["folder", run.folder], ["model", run.model ? `${run.model} (${run.model_hash})` : ""],
    ["pages", run.pages ? text("runs.pages_said", { pages: number(run.pages), done: number(run.done), failed: number(run.failed) }) : ""],
    ["speed", run.pages_per_second ? text("runs.per_second", { speed: number(run.pages_per_second, 1) }) : ""],
    ["table", run.table], ["report", run.report], ["go_on", run.go_on],
  ].filter(([, value]) => value);
  const one = make("article", { class: "run", "aria-label": run.name },
    make("h3", { text: `${lastOf(run.folder || run.name)} ` }, make("span", { class: "soft", text: when(run.started) })),
    make("p", {}, mark(run.state)),
    make("dl", {}, ...facts.flatMap(([name, value]) => [make("dt", { text: text(`runs.facts.${name}`) }), make("dd", {}, name === "go_on" ? make("code", { text: value }) : value)])));
  if (run.table && possible.any_folder) {
    one.append(make("p", { class: "buttons" }, openButton(run.name)));
  }
  if (run.per_category.some(category => category.pages)) {
    const said = run.per_category.filter(category => category.pages).map(category => `${category.name}: ${category.pages}`).join(", ");
    one.append(make("img", { class: "counts", loading: "lazy", src: `/api/runs/${encodeURIComponent(run.name)}/counts`, alt: text("runs.counts_of", { counts: said }) }));
  }
  if (run.failed) one.append(failures(run));
  if (run.warnings.length) one.append(make("details", {}, make("summary", { text: text("runs.warnings") }), reasons(run.warnings)));
  return one;
}

function openButton(run) {
  const here = possible.run === run;
  return make("button", { type: "button", class: "open", text: text(here ? "runs.review" : "runs.open"), click: () => (here ? location.assign("/review") : lay(run)) });
}

/** Lay a run on the desk, and go to its review once the desk is open again. */
async function lay(run) {
  try {
    const { table } = await ask(`/api/runs/${encodeURIComponent(run)}/open`, { body: {} });
    clearTimeout(look.timer);
    toast(text("runs.opening"));
    for (let tries = 0; tries < OPENING; tries += 1) {
      await new Promise(done => setTimeout(done, PAUSE / 2));
      const now = await ask("/api/started").catch(() => null);
      if (now?.table === table) break;
    }
    const { rooms, absent } = await ask("/api/health");
    if (rooms.includes("review")) location.assign("/review");
    else toast(absent.review || text("frame.no_answer"), "error");
  } catch (error) {
    toast(error.message, "error");
  }
}

const reasons = counts => make("table", {}, make("tbody", {}, ...counts.map(count =>
  make("tr", {}, make("td", { class: "number", text: number(count.pages) }), make("td", { text: count.name })))));

function failures(run) {
  const pages = make("div", { class: "wide" });
  const details = make("details", { toggle: async () => {
    if (!details.open || pages.childElementCount) return;
    try {
      const full = await ask(`/api/runs/${encodeURIComponent(run.name)}`);
      pages.append(make("table", {}, make("tbody", {}, ...full.failed_pages.map(page =>
        make("tr", {}, make("td", { text: page.path }), make("td", { class: "number", text: page.page }), make("td", { text: page.reason }))))));
      if (full.failed_pages.length < run.failed) pages.append(make("p", { class: "soft", text: text("runs.failures_of", { shown: number(full.failed_pages.length), total: number(run.failed) }) }));
    } catch (error) {
      toast(error.message, "error");
    }
  } }, make("summary", { text: text("runs.failures", { n: run.failed }) }), reasons(run.failures), pages);
  return details;
}

look();
