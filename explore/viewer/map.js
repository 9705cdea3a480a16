"use strict";
/* The page around the canvas: search, legend, panels, keys. Everything from data.js is text: it enters by textContent and by
   encodeURIComponent only, never as markup. */

(() => {
  const $ = id => document.getElementById(id);
  if (!window.PAGES) {
    $("shown").textContent = "data.js is missing: the whole folder belongs together";
    return;
  }
  const data = window.PAGES, n = data.names.length;
  const whole = new Intl.NumberFormat("en");
  const OPENS = /\.(jpe?g|png|gif|webp|bmp|avif|pdf)$/i; // what browsers show themselves
  const LISTED = 100; // pages of the list

  function numbers(text, Kind) { // base64 -> typed array, little-endian as all of today's machines are
    const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
    return new Kind(bytes.buffer);
  }

  const folders = numbers(data.folder, Uint32Array), documents = numbers(data.document, Uint32Array);
  const pageNumbers = numbers(data.page, Int32Array), years = numbers(data.year, Int16Array);
  const frames = numbers(data.frame, Int32Array);
  for (const facet of data.facets) facet.codes = numbers(facet.codes, Uint16Array);
  const thumbs = data.thumbs && { ...data.thumbs, width: numbers(data.thumbs.width, Uint8Array), height: numbers(data.thumbs.height, Uint8Array) };
  const points = new Points($("map"), numbers(data.x, Float32Array), numbers(data.y, Float32Array), thumbs);

  const state = {
    facet: data.facets[0], words: [], highlighted: -1,
    hidden: new Map(data.facets.map(facet => [facet, new Uint8Array(facet.groups.length)])),
  };
  let shown = 0, matching = new Uint8Array(n).fill(1), stepping = [], texts = null;

  const documentOf = page => data.documents[documents[page]];
  const pathOf = page => data.folders[folders[page]][0] + data.names[page];
  const groupOf = (facet, page) => facet.groups[facet.codes[page]];
  const linkOf = page => data.folders[folders[page]][1] + (data.tails[page] ?? encodeURIComponent(data.names[page]))
    + (frames[page] >= 0 && /\.pdf$/i.test(data.names[page]) ? `#page=${frames[page] + 1}` : "");

  function folded(text) { // case and accents do not matter: "zapis" finds "Zápis"
    return text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
  }

  function facts(page) {
    const found = [["Document", documentOf(page)]];
    if (pageNumbers[page] >= 0) found.push(["Page", String(pageNumbers[page])]);
    if (years[page] >= 0) found.push(["Year", String(years[page])]);
    for (const facet of data.facets) if (facet.key !== "year") found.push([facet.title, groupOf(facet, page).name]);
    return found;
  }

  // ---- what is shown -------------------------------------------------------------------------------------------

  function filter() {
    if (state.words.length && !texts) {
      texts = data.names.map((_, page) => folded([pathOf(page), documentOf(page), years[page] >= 0 ? years[page] : "",
        ...data.facets.filter(facet => facet.key === "category").map(facet => groupOf(facet, page).name)].join(" ")));
    }
    for (let page = 0; page < n; page++) matching[page] = state.words.every(word => texts[page].includes(word)) ? 1 : 0;
    paint();
  }

  function paint() {
    const { facet, hidden } = state, codes = facet.codes;
    const counts = new Uint32Array(facet.groups.length), colours = facet.groups.map(group => pixel(group.colour));
    const others = data.facets.filter(other => other !== facet && hidden.get(other).includes(1));
    shown = 0;
    for (let page = 0; page < n; page++) {
      const inside = matching[page] && others.every(other => !hidden.get(other)[other.codes[page]]);
      if (inside) counts[codes[page]]++;
      const visible = inside && !hidden.get(facet)[codes[page]];
      if (visible) shown++;
      points.states[page] = visible && (state.highlighted < 0 || codes[page] === state.highlighted) ? SHOWN : DIM;
      points.colours[page] = colours[codes[page]];
    }
    document.querySelectorAll("#groups .count").forEach((place, group) => { place.textContent = whole.format(counts[group]); });
    points.labels = facet.groups.map((group, at) => ({ ...group, at, count: counts[at] })).sort((a, b) => b.count - a.count).filter(group => group.label && group.count && !hidden.get(facet)[group.at])
      .map(group => ({ x: group.label[0], y: group.label[1], text: group.name }));
    $("shown").textContent = `${whole.format(shown)} of ${whole.format(n)} pages shown`;
    $("elsewhere").hidden = !others.length;
    $("elsewhere").textContent = others.length ? `Also filtered by: ${others.map(other => other.title.toLowerCase()).join(", ")}` : "";
    points.hovered = -1;
    $("tip").hidden = true;
    points.redraw();
  }

  function legend() {
    const facet = state.facet, hidden = state.hidden.get(facet);
    $("legend-title").textContent = facet.title;
    $("groups").replaceChildren(...facet.groups.map((group, at) => {
      const row = document.createElement("label"), box = document.createElement("input");
      const swatch = document.createElement("span"), name = document.createElement("span"), count = document.createElement("span");
      box.type = "checkbox"; box.checked = !hidden[at];
      box.addEventListener("change", () => {
        hidden[at] = box.checked ? 0 : 1;
        state.highlighted = -1;
        paint();
      });
      swatch.className = "swatch"; swatch.style.background = group.colour;
      name.className = "name"; name.textContent = group.name;
      count.className = "count";
      row.append(box, swatch, name, count);
      // under the mouse or the keyboard's focus the group stands out; a finger only switches it
      const highlight = to => { state.highlighted = hidden[at] ? -1 : to; paint(); };
      row.addEventListener("pointerenter", event => { if (event.pointerType === "mouse") highlight(at); });
      row.addEventListener("pointerleave", () => highlight(-1));
      box.addEventListener("focus", () => { if (box.matches(":focus-visible")) highlight(at); });
      box.addEventListener("blur", () => highlight(-1));
      return row;
    }));
    paint();
  }

  function every(value) {
    state.hidden.get(state.facet).fill(value);
    if (!value) { // everything means everything
      for (const hidden of state.hidden.values()) hidden.fill(0);
      $("search").value = "";
      state.words = [];
      matching.fill(1);
    }
    legend();
  }

  // ---- one page ------------------------------------------------------------------------------------------------

  function picture(canvas, page, side) {
    const context = canvas.getContext("2d"), w = thumbs ? thumbs.width[page] : 0, h = thumbs ? thumbs.height[page] : 0;
    canvas.hidden = !w;
    if (!w) return;
    const part = Math.min(side / w, side / h);
    canvas.width = Math.round(w * part); canvas.height = Math.round(h * part);
    canvas.dataset.page = page;
    points.thumb(context, page, 0, 0, canvas.width, canvas.height, () => {
      if (canvas.dataset.page === String(page)) picture(canvas, page, side);
    });
  }

  function hover(page, px, py) {
    const tip = $("tip");
    if (page !== points.hovered) {
      points.hovered = page;
      $("map").classList.toggle("over", page >= 0);
      points.redraw();
      tip.hidden = page < 0;
      if (page >= 0) {
        picture($("tip-picture"), page, 218);
        $("tip-text").replaceChildren(...[data.names[page], ...facts(page).map(([key, value]) => `${key}: ${value}`)]
          .map(text => Object.assign(document.createElement("div"), { textContent: text })));
      }
    }
    if (page >= 0) {
      const left = px + 18 + tip.offsetWidth > points.width ? px - 18 - tip.offsetWidth : px + 18;
      tip.style.left = `${Math.max(4, left)}px`;
      tip.style.top = `${Math.max(4, Math.min(py - 30, points.height - tip.offsetHeight - 4))}px`;
    }
  }

  function choose(page) {
    points.selected = page;
    $("chosen").hidden = page < 0;
    if (page >= 0) {
      $("chosen-name").textContent = data.names[page];
      $("chosen-picture").setAttribute("aria-label", `Thumbnail of ${data.names[page]}`);
      picture($("chosen-picture"), page, 250);
      $("chosen-data").replaceChildren(...[...facts(page), ["File", pathOf(page)]].flatMap(([key, value]) => [
        Object.assign(document.createElement("dt"), { textContent: key }), Object.assign(document.createElement("dd"), { textContent: value })]));
      $("chosen-link").href = linkOf(page);
      const note = OPENS.test(data.names[page]) ? "" : "Browsers do not show files of this kind: the link saves it, or opens it in another program.";
      $("chosen-note").textContent = note;
    }
    document.querySelectorAll("#list button").forEach(button => mark(button));
    points.redraw();
  }

  function mark(button) {
    button.setAttribute("aria-current", button.dataset.page === String(points.selected));
  }

  function open(page) { // a link, as the person's own click: no pop-up blocker minds it
    choose(page);
    if (page >= 0 && OPENS.test(data.names[page])) $("chosen-link").click();
  }

  // ---- the list of pages in view: the map for those who cannot see it -----------------------------------------------

  let waiting = 0;
  points.afterDraw = () => {
    clearTimeout(waiting);
    waiting = setTimeout(list, 200);
  };

  function list() {
    const found = points.visible(LISTED).sort((a, b) => data.names[a] < data.names[b] ? -1 : data.names[a] > data.names[b] ? 1 : a - b);
    stepping = found;
    const all = points.inView > found.length ? `${found.length} of ${whole.format(points.inView)}` : String(found.length);
    $("list-title").textContent = `Pages in view (${all})`;
    $("list").replaceChildren(...found.map(page => {
      const item = document.createElement("li"), button = document.createElement("button");
      button.type = "button"; button.dataset.page = page;
      button.textContent = data.names[page];
      button.addEventListener("click", () => choose(page));
      button.addEventListener("mouseenter", () => { points.hovered = page; points.redraw(); });
      button.addEventListener("mouseleave", () => { points.hovered = -1; points.redraw(); });
      mark(button);
      item.append(button);
      return item;
    }));
  }

  // ---- mouse, fingers, keys ------------------------------------------------------------------------------------

  const canvas = $("map"), fingers = new Map();
  let moved = 0, spread = 0;
  const place = event => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };

  canvas.addEventListener("pointerdown", event => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, place(event));
    moved = spread = 0;
  });
  canvas.addEventListener("pointermove", event => {
    const [px, py] = place(event), before = fingers.get(event.pointerId);
    if (!before) { hover(points.at(px, py), px, py); return; }
    moved += Math.abs(px - before[0]) + Math.abs(py - before[1]);
    fingers.set(event.pointerId, [px, py]);
    if (moved <= 5) return; // a click with an unsteady hand
    hover(-1);
    canvas.classList.add("moving");
    points.move((px - before[0]) / fingers.size, (py - before[1]) / fingers.size);
    if (fingers.size === 2) {
      const [a, b] = [...fingers.values()], now = Math.hypot(a[0] - b[0], a[1] - b[1]);
      if (spread) points.zoom(now / spread, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
      spread = now;
    }
  });
  for (const ending of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(ending, event => {
      if (!fingers.delete(event.pointerId)) return;
      canvas.classList.remove("moving");
      if (ending === "pointerup" && moved <= 5 && !fingers.size) {
        const page = points.at(...place(event));
        if (page >= 0) open(page);
      }
    });
  }
  canvas.addEventListener("pointerleave", () => hover(-1));
  canvas.addEventListener("wheel", event => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 30 : event.deltaMode === 2 ? 400 : 1;
    points.zoom(Math.exp(-Math.max(-300, Math.min(300, event.deltaY * lines)) * 0.0022), ...place(event));
  }, { passive: false });

  const STEP = 60;
  const keys = {
    ArrowLeft: () => points.move(STEP, 0), ArrowRight: () => points.move(-STEP, 0),
    ArrowUp: () => points.move(0, STEP), ArrowDown: () => points.move(0, -STEP),
    "+": () => points.zoom(1.4), "=": () => points.zoom(1.4), "-": () => points.zoom(1 / 1.4), 0: () => points.fit(),
    n: () => step(1), p: () => step(-1), Enter: () => open(points.selected), Escape: () => choose(-1),
  };
  function step(by) {
    list();
    if (!stepping.length) return;
    const at = stepping.indexOf(points.selected);
    choose(stepping[at < 0 ? (by > 0 ? 0 : stepping.length - 1) : (at + by + stepping.length) % stepping.length]);
  }
  canvas.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  document.addEventListener("keydown", event => {
    if (event.key === "/" && document.activeElement !== $("search")) {
      event.preventDefault();
      $("search").focus();
    }
  });

  $("search").addEventListener("input", () => {
    state.words = folded($("search").value).split(/\s+/).filter(Boolean);
    filter();
  });
  $("colour").append(...data.facets.map((facet, at) => Object.assign(document.createElement("option"), { value: at, textContent: facet.title })));
  $("colour").addEventListener("change", () => { state.facet = data.facets[$("colour").value]; state.highlighted = -1; legend(); });
  $("thumbnails").addEventListener("change", () => { points.withThumbs = $("thumbnails").checked; points.redraw(); });
  $("thumbnails").disabled = !thumbs;
  $("thumbnails").checked = points.withThumbs = Boolean(thumbs) && n <= 2000;
  $("all").addEventListener("click", () => every(0));
  $("none").addEventListener("click", () => every(1));
  $("in").addEventListener("click", () => points.zoom(1.6));
  $("out").addEventListener("click", () => points.zoom(1 / 1.6));
  $("fit").addEventListener("click", () => points.fit());
  $("close").addEventListener("click", () => choose(-1));
  document.title = $("title").textContent = data.title;
  $("note").textContent = data.note;
  legend();
  window.pageMap = { points, linkOf, pathOf, choose }; // for tests, and for the curious
})();
