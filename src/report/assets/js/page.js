// Without these scripts all text stays readable; they draw the charts, turn the pictures, and list the trials.
"use strict";
const byId = (id) => document.getElementById(id);
const data = (id) => JSON.parse(byId(id).textContent);
const cssColour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const toneOf = (arm) => cssColour(arm.colour === null ? "--neutral" : `--c${arm.colour}`);

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

const swatch = (arm) => {
  const draw = (tag, attributes, ...children) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const tone = arm.colour === null ? "neutral" : `c${arm.colour}`;
  const about = { class: `swatch ${tone} d${arm.dash % 4}`, viewBox: "0 0 22 8", width: 22, height: 8, "aria-hidden": "true" };
  return draw("svg", about, draw("path", { d: "M1 4H21" }));
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
    list.append(make("li", {}, make("label", {}, box, swatch(arm), name, value)));
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
