"use strict";
/* The canvas: points by hand into its pixels (no WebGL, so it is smooth without a graphics card and in a remote desktop),
   thumbnails from sprite sheets above them. Knows nothing of filters and panels: map.js tells it which page is drawn how.

   Pages come coarse to fine (data.js): the first ones are spread over the whole map, so whichever pages stand in a view,
   the first that find room are the ones to show, and their thumbnails lie in few sheets. */

const DIM = 0, SHOWN = 1, GONE = 2; // how a page is drawn: pale, in its colour, not at all
const SHEETS = 48; // sprite sheets kept decoded: 48 x 1280 x 1280 x 4 bytes = 315 MB at most

class Points {
  /* canvas; x, y: Float32Array [N] within -1 .. 1 (y upwards); thumbs: {cell, columns, rows, folder, width, height}. */
  constructor(canvas, x, y, thumbs) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.x = x; this.y = y; this.n = x.length;
    this.thumbs = thumbs;
    this.states = new Uint8Array(this.n).fill(SHOWN);
    this.colours = new Uint32Array(this.n); // as pixels: 0xAABBGGRR
    this.labels = []; // {x, y, text}
    this.selected = -1;
    this.hovered = -1;
    this.withThumbs = false;
    this.placed = []; // thumbnails of the last frame: {page, left, top, width, height}
    this.sheets = new Map();
    this.afterDraw = () => {};
    this.pending = false;
    this.grid();
    this.resize();
    this.fit();
    new ResizeObserver(() => { this.resize(); this.redraw(); }).observe(canvas);
  }

  /* Pages by place, so that the one under the pointer is found without looking at all: cell -> pages, as one array. */
  grid() {
    const side = this.side = Math.max(1, Math.min(1024, Math.ceil(Math.sqrt(this.n / 2))));
    const starts = this.starts = new Uint32Array(side * side + 1);
    const cells = new Uint32Array(this.n);
    for (let i = 0; i < this.n; i++) {
      cells[i] = this.cell(this.y[i]) * side + this.cell(this.x[i]);
      starts[cells[i] + 1]++;
    }
    for (let c = 0; c < side * side; c++) starts[c + 1] += starts[c];
    const next = starts.slice();
    this.inCells = new Uint32Array(this.n);
    for (let i = 0; i < this.n; i++) this.inCells[next[cells[i]]++] = i;
  }

  cell(value) {
    return Math.max(0, Math.min(this.side - 1, Math.floor((value + 1) / 2 * this.side)));
  }

  resize() {
    const box = this.canvas.getBoundingClientRect();
    this.ratio = Math.min(2, window.devicePixelRatio || 1);
    const width = Math.max(1, Math.round(box.width * this.ratio)), height = Math.max(1, Math.round(box.height * this.ratio));
    if (this.pixels && width === this.canvas.width && height === this.canvas.height) return;
    const fitted = !this.pixels || this.scale === this.whole;
    this.canvas.width = width; this.canvas.height = height;
    this.width = box.width; this.height = box.height;
    this.image = this.context.createImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    if (fitted) this.fit();
  }

  /* The whole map in view. */
  fit() {
    let left = Infinity, right = -Infinity, low = Infinity, high = -Infinity;
    for (let i = 0; i < this.n; i++) {
      left = Math.min(left, this.x[i]); right = Math.max(right, this.x[i]);
      low = Math.min(low, this.y[i]); high = Math.max(high, this.y[i]);
    }
    if (!this.n) { left = low = -1; right = high = 1; }
    const margin = Math.min(70, this.width * 0.1, this.height * 0.1);
    this.middleX = (left + right) / 2; this.middleY = (low + high) / 2;
    this.scale = this.whole = Math.min(
      (this.width - 2 * margin) / Math.max(right - left, 1e-6), (this.height - 2 * margin) / Math.max(high - low, 1e-6));
    if (this.n < 2) this.scale = this.whole = this.width / 2;
    this.redraw();
  }

  /* Where a page stands, in CSS pixels of the canvas. */
  screen(page) {
    return [(this.x[page] - this.middleX) * this.scale + this.width / 2,
      (this.middleY - this.y[page]) * this.scale + this.height / 2];
  }

  move(dx, dy) {
    this.middleX -= dx / this.scale; this.middleY += dy / this.scale;
    this.keep();
    this.redraw();
  }

  /* Zoom by a factor; what is at (px, py) stays there. */
  zoom(factor, px = this.width / 2, py = this.height / 2) {
    const scale = Math.max(this.whole * 0.5, Math.min(this.whole * 5000, this.scale * factor));
    this.middleX += (px - this.width / 2) * (1 / this.scale - 1 / scale);
    this.middleY -= (py - this.height / 2) * (1 / this.scale - 1 / scale);
    this.scale = scale;
    this.keep();
    this.redraw();
  }

  keep() { // the map never gets lost outside the window
    this.middleX = Math.max(-1.1, Math.min(1.1, this.middleX));
    this.middleY = Math.max(-1.1, Math.min(1.1, this.middleY));
  }

  centre(page) {
    this.middleX = this.x[page]; this.middleY = this.y[page];
    this.redraw();
  }

  redraw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => { this.pending = false; this.draw(); });
  }

  radius() { // CSS pixels: large where there are few, growing as one comes nearer
    const room = Math.sqrt(this.width * this.height / Math.max(1, this.n));
    return Math.max(1.1, Math.min(7, 0.3 * room)) * Math.max(1, Math.min(4, (this.scale / this.whole) ** 0.4));
  }

  draw() {
    const { pixels, states, colours, x, y, n } = this, width = this.canvas.width, height = this.canvas.height;
    const scale = this.scale * this.ratio, offX = width / 2 - this.middleX * scale, offY = height / 2 + this.middleY * scale;
    const radius = Math.min(9, this.radius()) * this.ratio, reach = Math.ceil(radius);
    const rows = []; // a disc: half its width in each row
    for (let row = -reach; row <= reach; row++) {
      const half = radius * radius - row * row;
      rows.push(half < 0 ? -1 : Math.floor(Math.sqrt(half)));
    }
    pixels.fill(0xffffffff);
    let inView = 0;
    for (const pass of [DIM, SHOWN]) { // pale ones below
      // from fine to coarse, so that a page whose thumbnail is shown lies on top
      for (let i = n - 1; i >= 0; i--) {
        if (states[i] !== pass) continue;
        const px = Math.round(x[i] * scale + offX), py = Math.round(offY - y[i] * scale);
        if (px < -reach || py < -reach || px >= width + reach || py >= height + reach) continue;
        const colour = pass === DIM ? 0xffe2e2e2 : colours[i];
        if (pass === SHOWN) inView++;
        for (let row = -reach; row <= reach; row++) {
          const line = py + row, half = rows[row + reach];
          if (line < 0 || line >= height || half < 0) continue;
          const end = Math.min(width - 1, px + half) + line * width;
          for (let at = Math.max(0, px - half) + line * width; at <= end; at++) pixels[at] = colour;
        }
      }
    }
    this.context.putImageData(this.image, 0, 0);
    this.context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.placed = [];
    if (this.withThumbs && this.thumbs) this.drawThumbs(inView);
    this.drawLabels();
    for (const page of [this.hovered, this.selected]) this.ring(page);
    this.inView = inView;
    this.afterDraw();
  }

  /* Thumbnails at their places, the coarse pages first, hardly one over another: a map of what is taken, in quarters of a
     side, fixed to the map and not to the window, so that moving it does not make them flicker. */
  drawThumbs(inView) {
    const room = Math.sqrt(this.width * this.height / Math.max(1, inView));
    const side = this.thumbSide = Math.round(Math.max(44, Math.min(150, 0.6 * room))), quarter = side / 4;
    const originX = Math.floor((-this.width / 2 + this.middleX * this.scale - side) / quarter);
    const originY = Math.floor((-this.height / 2 - this.middleY * this.scale - side) / quarter);
    const across = Math.ceil(this.width / quarter) + 10, down = Math.ceil(this.height / quarter) + 10;
    const taken = new Uint8Array(across * down);
    for (let page = 0; page < this.n; page++) {
      if (this.states[page] !== SHOWN) continue;
      const cx = Math.floor(this.x[page] * this.scale / quarter) - originX;
      const cy = Math.floor(-this.y[page] * this.scale / quarter) - originY;
      if (cx < 0 || cy < 0 || cx >= across || cy >= down || taken[cy * across + cx]) continue;
      const [px, py] = this.screen(page);
      const w = this.thumbs.width[page], h = this.thumbs.height[page], part = Math.min(side / w, side / h, 1.5);
      if (!w) continue; // it has no thumbnail: its point remains
      const right = Math.ceil(w * part / quarter - 0.2), below = Math.ceil(h * part / quarter - 0.2);
      for (let row = Math.max(0, cy - below); row <= Math.min(down - 1, cy + below); row++)
        taken.fill(1, row * across + Math.max(0, cx - right), row * across + Math.min(across - 1, cx + right) + 1);
      const box = { page, left: px - w * part / 2, top: py - h * part / 2, width: w * part, height: h * part };
      if (this.thumb(this.context, page, box.left, box.top, box.width, box.height)) {
        this.context.lineWidth = 2.5;
        this.context.strokeStyle = css(this.colours[page]);
        this.context.strokeRect(box.left, box.top, box.width, box.height);
        this.placed.push(box);
      }
    }
  }

  /* Draw a page's thumbnail into a box; false where its sheet is not there yet (a new frame follows when it is). */
  thumb(context, page, left, top, width, height, then = () => this.redraw()) {
    const { cell, columns, rows, folder } = this.thumbs, each = columns * rows, number = Math.floor(page / each);
    let sheet = this.sheets.get(number);
    if (sheet) { // the one used last stands last
      this.sheets.delete(number);
      this.sheets.set(number, sheet);
    } else {
      sheet = new Image();
      sheet.src = `${folder}/${String(number).padStart(5, "0")}.jpg`;
      this.sheets.set(number, sheet);
      if (this.sheets.size > SHEETS) this.sheets.delete(this.sheets.keys().next().value);
    }
    if (!sheet.complete) {
      sheet.addEventListener("load", then, { once: true });
      return false;
    }
    if (!sheet.naturalWidth) return false; // a sheet that was deleted from the folder: points remain
    const at = page % each;
    context.drawImage(sheet, at % columns * cell, Math.floor(at / columns) * cell,
      this.thumbs.width[page], this.thumbs.height[page], left, top, width, height);
    return true;
  }

  drawLabels() {
    const context = this.context;
    context.font = "600 14px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif";
    context.textAlign = "center"; context.textBaseline = "middle"; context.lineJoin = "round";
    const drawn = [], lift = this.placed.length ? 0.62 * this.thumbSide : 0; // above a thumbnail, not on it
    for (const label of this.labels) { // the largest groups first; one that has no room stays out
      const px = (label.x - this.middleX) * this.scale + this.width / 2;
      const py = (this.middleY - label.y) * this.scale + this.height / 2 - lift;
      const half = context.measureText(label.text).width / 2 + 3;
      if (drawn.some(other => Math.abs(other[0] - px) < other[2] + half && Math.abs(other[1] - py) < 17)) continue;
      drawn.push([px, py, half]);
      context.lineWidth = 4; context.strokeStyle = "#fff"; context.fillStyle = "#111";
      context.strokeText(label.text, px, py);
      context.fillText(label.text, px, py);
    }
  }

  ring(page) {
    if (page < 0) return;
    const box = this.placed.find(placed => placed.page === page), context = this.context;
    const [px, py] = this.screen(page);
    for (const [colour, wide] of [["#fff", 6], ["#000", 2.5]]) {
      context.lineWidth = wide; context.strokeStyle = colour;
      context.beginPath();
      if (box) context.rect(box.left - 2, box.top - 2, box.width + 4, box.height + 4);
      else context.arc(px, py, this.radius() + 4, 0, 7);
      context.stroke();
    }
  }

  /* The shown page at (px, py), CSS pixels of the canvas; -1 = none. */
  at(px, py) {
    for (const box of this.placed)
      if (px >= box.left && py >= box.top && px <= box.left + box.width && py <= box.top + box.height) return box.page;
    const reach = Math.max(8, this.radius() + 3) / this.scale;
    const wx = (px - this.width / 2) / this.scale + this.middleX, wy = this.middleY - (py - this.height / 2) / this.scale;
    let best = -1, least = reach * reach;
    for (let row = this.cell(wy - reach); row <= this.cell(wy + reach); row++) {
      const first = this.starts[row * this.side + this.cell(wx - reach)], last = this.starts[row * this.side + this.cell(wx + reach) + 1];
      for (let at = first; at < last; at++) {
        const page = this.inCells[at];
        const away = (this.x[page] - wx) ** 2 + (this.y[page] - wy) ** 2;
        if (this.states[page] === SHOWN && (away < least || (away === least && page < best))) { best = page; least = away; }
      }
    }
    return best;
  }

  /* Shown pages in the window, at most `most`, the coarse ones first. */
  visible(most) {
    const found = [], halfX = this.width / 2 / this.scale, halfY = this.height / 2 / this.scale;
    for (let page = 0; page < this.n && found.length < most; page++)
      if (this.states[page] === SHOWN && Math.abs(this.x[page] - this.middleX) <= halfX && Math.abs(this.y[page] - this.middleY) <= halfY)
        found.push(page);
    return found;
  }
}

function css(pixel) {
  return `rgb(${pixel & 255} ${(pixel >> 8) & 255} ${(pixel >> 16) & 255})`;
}

function pixel(colour) { // "#rrggbb"
  const value = parseInt(colour.slice(1), 16);
  return (0xff000000 | (value & 255) << 16 | (value & 0xff00) | value >> 16) >>> 0;
}
