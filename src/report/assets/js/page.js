// Without these scripts all text stays readable; they draw the charts, turn the pictures, and list the trials.
"use strict";
const byId = (id) => document.getElementById(id);
const data = (id) => JSON.parse(byId(id).textContent);
const cssColour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const toneOf = (arm) => cssColour(`--${arm.tone}`);

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

// Outlines of marks within a circle of one, told apart by shape; every odd mark is hollow.
const SHAPES = [
  Array.from({ length: 24 }, (_, at) => [Math.cos(at * Math.PI / 12), Math.sin(at * Math.PI / 12)]),
  [[-0.85, -0.85], [0.85, -0.85], [0.85, 0.85], [-0.85, 0.85]],
  [[0, -1.1], [1.05, 0.8], [-1.05, 0.8]],
  [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]],
  [[0, 1.1], [1.05, -0.8], [-1.05, -0.8]],
  [[-0.4, -1.1], [0.4, -1.1], [0.4, -0.4], [1.1, -0.4], [1.1, 0.4], [0.4, 0.4], [0.4, 1.1], [-0.4, 1.1], [-0.4, 0.4], [-1.1, 0.4], [-1.1, -0.4], [-0.4, -0.4]],
];
const shapeOf = (mark) => SHAPES[(mark >> 1) % SHAPES.length];

// A piece of an arm's line, with its mark where it has one, or its mark alone.
const swatch = (arm, mark = null, line = true) => {
  const draw = (tag, attributes, ...children) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const about = { class: `swatch ${arm.tone} d${arm.dash}`, viewBox: "0 0 26 10", width: 26, height: 10, "aria-hidden": "true" };
  const svg = draw("svg", about);
  if (line) svg.append(draw("path", { d: "M1 5H25" }));
  if (mark !== null) {
    const outline = shapeOf(mark).map(([x, y]) => `${(13 + 3.6 * x).toFixed(1)} ${(5 + 3.6 * y).toFixed(1)}`).join("L");
    svg.append(draw("path", { class: mark % 2 ? "mark hollow" : "mark", d: `M${outline}Z` }));
  }
  return svg;
};

const minus = (text) => text.replace(/-/g, "−");

// Two digits of the uncertainty, and as many of the value.
const measured = (value, half) => {
  if (!(half > 0)) return minus(value.toPrecision(4));
  const digits = 1 - Math.floor(Math.log10(half));
  const text = digits > 8 ? value.toExponential(3) : [value, half].map((x) => x.toFixed(Math.max(digits, 0))).join(" ± ");
  return minus(text);
};

// A list of lines with a box to switch each on or off; gives the boxes and the places for their values.
const legend = (list, arms, isShown, changed) => {
  list.replaceChildren();
  return arms.map((arm, index) => {
    const box = make("input", { type: "checkbox", checked: isShown(index) });
    box.addEventListener("change", () => changed(index, box.checked));
    const value = make("span", { className: "value" });
    const name = make("bdi", { className: "name", textContent: arm.label, title: arm.label });
    list.append(make("li", {}, make("label", {}, box, swatch(arm, arm.mark), name, value)));
    return { box, value };
  });
};

// Draws anew when the place, the theme or the paper changes.
const keepDrawn = (host, draw) => {
  let width = host.clientWidth;
  new ResizeObserver(() => { if (host.clientWidth !== width) { width = host.clientWidth; draw(); } }).observe(host);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  addEventListener("beforeprint", draw);
  addEventListener("afterprint", draw);
};
// Paper is white whatever the screen is; this listener comes before all others.
addEventListener("beforeprint", () => document.documentElement.classList.add("paper"));
addEventListener("afterprint", () => document.documentElement.classList.remove("paper"));

// Calls with −1 or +1 when an arrow key is pressed on the element. What is told then is spoken; what a mouse passes over is not.
const onArrows = (element, told, step) => {
  element.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!move) return;
    event.preventDefault();
    told.setAttribute("aria-live", "polite");
    step(move);
  });
  element.addEventListener("pointermove", () => told.setAttribute("aria-live", "off"));
};
