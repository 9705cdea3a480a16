"use strict";
// The curve of a training: loss on training and validation pages, and the share of validation pages that are right.
//
//     curve([{ epoch: 1, loss: 1.9, validation_loss: 1.7, validation_accuracy: 0.62 }, ...])      // an <svg>

import { number, text } from "/static/frame.js";

const WIDTH = 560, HEIGHT = 240, LEFT = 46, RIGHT = 46, TOP = 34, BOTTOM = 34;
const LINES = [["loss", "#0b4aa8", ""], ["validation_loss", "#0b4aa8", "5 4"], ["validation_accuracy", "#12602b", ""]];

function part(tag, attributes, said = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = said;
  return element;
}

/** points: of each epoch what is known of it. */
export function curve(points) {
  const last = points[points.length - 1], epochs = Math.max(2, last.epoch);
  const most = Math.max(...points.flatMap(point => [point.loss || 0, point.validation_loss || 0]), 0.1);
  const x = epoch => LEFT + (WIDTH - LEFT - RIGHT) * (epoch - 1) / (epochs - 1);
  const y = share => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share;
  const said = text("runs.curve", { epoch: last.epoch, loss: number(last.loss ?? 0, 3), accuracy: last.validation_accuracy === undefined ? "–" : `${number(100 * last.validation_accuracy, 1)} %` });
  const picture = part("svg", { class: "curve", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": said });
  picture.append(part("path", { d: `M${LEFT},${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}V${TOP}`, fill: "none", stroke: "#999" }));
  const label = (at, top, anchor, words) => picture.append(part("text", { x: at, y: top, "text-anchor": anchor }, words));
  label(LEFT - 6, TOP + 5, "end", number(most, 1));
  label(LEFT - 6, HEIGHT - BOTTOM, "end", "0");
  label(WIDTH - RIGHT + 6, TOP + 5, "start", "100 %");
  label(WIDTH - RIGHT + 6, HEIGHT - BOTTOM, "start", "0 %");
  label(LEFT, HEIGHT - 12, "start", last.epoch > 1 ? "1" : text("runs.epochs", { n: 1 }));
  if (last.epoch > 1) label(WIDTH - RIGHT, HEIGHT - 12, "end", text("runs.epochs", { n: last.epoch }));
  LINES.forEach(([name, colour, dashes], place) => {
    const known = points.filter(point => point[name] !== undefined);
    if (!known.length) return;
    const height = point => y(name === "validation_accuracy" ? point[name] : point[name] / most);
    const path = known.map((point, at) => `${at ? "L" : "M"}${x(point.epoch).toFixed(1)},${height(point).toFixed(1)}`).join("");
    picture.append(part("path", { d: path, fill: "none", stroke: colour, "stroke-width": 2, "stroke-dasharray": dashes }));
    if (known.length === 1) picture.append(part("circle", { cx: x(known[0].epoch), cy: height(known[0]), r: 3, fill: colour }));
    const left = LEFT + place * 165;
    picture.append(part("path", { d: `M${left},14h22`, stroke: colour, "stroke-width": 2, "stroke-dasharray": dashes }));
    label(left + 28, 18, "start", text(`runs.lines.${name}`));
  });
  return picture;
}
