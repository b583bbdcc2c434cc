// The page's interactive parts: learning curves, the epoch of the pictures, sorting. Without it all text stays readable.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = (id) => JSON.parse(byId(id).textContent);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  for (const controls of document.querySelectorAll(".controls")) controls.hidden = false;

  function curves() {
    const { arms, metrics } = data("curve-data");
    const DASHES = [[], [8, 4], [3, 3], [9, 3, 2, 3]];
    const chart = byId("chart");
    const [select, from, to] = [byId("curve-metric"), byId("curve-from"), byId("curve-to")];
    const shown = arms.map(() => true);
    let plot = null;
    let range = null;

    for (const metric of metrics) select.append(make("option", { textContent: metric.name }));
    if (arms.length > 6) byId("curve-seeds").checked = false;
    const values = arms.map((arm, index) => {
      const swatchClass = arm.colour === null ? "neutral" : `c${arm.colour}`;
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("class", `swatch ${swatchClass} d${arm.dash}`);
      svg.setAttribute("viewBox", "0 0 22 8");
      svg.setAttribute("width", "22");
      svg.setAttribute("height", "8");
      svg.setAttribute("aria-hidden", "true");
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", "M1 4H21");
      svg.append(path);
      const box = make("input", { type: "checkbox", checked: true });
      box.addEventListener("change", () => { shown[index] = box.checked; draw(); });
      const value = make("output");
      const name = make("bdi", { className: "name", textContent: arm.label, title: arm.label });
      byId("legend").append(make("li", {}, make("label", {}, box, svg, name, value)));
      return value;
    });

    const metric = () => metrics[select.selectedIndex];
    const number = (x) => Math.abs(x) >= 1e-3 && Math.abs(x) < 1e5 ? x.toPrecision(4) : x.toExponential(2);
    const minus = (text) => text.replace(/-/g, "−");

    function tell(at) {
      const { epochs, arms: lines } = metric();
      const known = at !== null && at !== undefined;
      const epoch = known ? at : epochs.length - 1;
      byId("cursor-epoch").textContent = `${metric().name} after epoch ${epochs[epoch]}`;
      values.forEach((value, index) => {
        const { mean, low, high } = lines[index];
        const half = low[epoch] === null ? "" : ` ± ${number((high[epoch] - low[epoch]) / 2)}`;
        value.textContent = mean[epoch] === null ? "" : minus(number(mean[epoch]) + half);
      });
    }

    function draw() {
      const { epochs, arms: lines } = metric();
      const [band, single, log] = ["curve-band", "curve-seeds", "curve-log"].map((id) => byId(id).checked);
      // A logarithm of what is not positive cannot be drawn.
      const scaled = (list) => log ? list.map((x) => x !== null && x > 0 ? x : null) : list;
      const columns = [epochs], series = [{}], bands = [];
      const add = (list, options) => { columns.push(scaled(list)); series.push({ spanGaps: true, points: { show: false }, ...options }); };
      arms.forEach((arm, index) => {
        if (!shown[index]) return;
        const stroke = colour(arm.colour === null ? "--neutral" : `--c${arm.colour}`);
        const dash = DASHES[arm.dash % DASHES.length];
        const line = lines[index];
        if (single) for (const seed of line.seeds) add(seed, { stroke: stroke + "59", width: 1, dash });
        if (band) {
          add(line.high, { stroke: "transparent", width: 0 });
          add(line.low, { stroke: "transparent", width: 0 });
          bands.push({ series: [series.length - 2, series.length - 1], fill: stroke + "2b" });
        }
        add(line.mean, { stroke, width: 2.2, dash, points: { show: epochs.length === 1, size: 7, fill: stroke } });
      });
      const axis = { stroke: colour("--soft"), font: "12px system-ui, sans-serif", grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
      const ends = [epochs[0], epochs[epochs.length - 1]];
      const [first, last] = range ?? ends;
      plot?.destroy();
      plot = new uPlot({
        width: Math.max(chart.clientWidth, 200),
        height: Math.max(Math.min(chart.clientWidth * 0.46, 430), 240),
        series, bands,
        legend: { show: false },
        cursor: { drag: { x: true, y: false, setScale: true }, points: { show: false } },
        scales: {
          x: { time: false, min: first, max: last > first ? last : first + 1 },
          y: { distr: log ? 3 : 1 },
        },
        axes: [
          { ...axis, label: "epoch", labelFont: axis.font, labelSize: 20, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000] },
          { ...axis, size: 62, values: (_, ticks) => ticks.map((x) => x === null ? "" : minus(String(+x.toPrecision(6)))) },
        ],
        hooks: {
          setCursor: [(u) => tell(u.cursor.idx)],
          setScale: [(u, key) => { if (key === "x") remember(u.scales.x, ends); }],
        },
      }, columns, chart);
      tell(null);
    }

    function remember({ min, max }, ends) {
      if (min === null || min === undefined) return;
      range = min <= ends[0] && max >= ends[1] ? null : [min, max];
      [from.value, to.value] = [Math.ceil(min), Math.floor(Math.min(max, Math.max(ends[1], min)))];
    }

    function zoom() {
      const [min, max] = [from.valueAsNumber, to.valueAsNumber];
      if (min < max) { range = [min, max]; draw(); }
    }

    function step(event) {
      const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!move) return;
      event.preventDefault();
      const { epochs } = metric();
      const at = plot.cursor.idx ?? (move > 0 ? -1 : epochs.length);
      const next = Math.min(Math.max(at + move, 0), epochs.length - 1);
      plot.setCursor({ left: plot.valToPos(epochs[next], "x"), top: 10 });
    }

    for (const id of ["curve-metric", "curve-band", "curve-seeds", "curve-log"]) byId(id).addEventListener("change", draw);
    select.addEventListener("change", () => { range = null; draw(); });
    for (const end of [from, to]) end.addEventListener("change", zoom);
    byId("curve-reset").addEventListener("click", () => { range = null; draw(); });
    chart.addEventListener("keydown", step);
    let width = chart.clientWidth;
    new ResizeObserver(() => { if (chart.clientWidth !== width) { width = chart.clientWidth; draw(); } }).observe(chart);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    // Paper is white whatever the screen is.
    const paper = (on) => () => { document.documentElement.classList.toggle("paper", on); draw(); };
    addEventListener("beforeprint", paper(true));
    addEventListener("afterprint", paper(false));
    draw();
  }

  function pictures() {
    const slider = byId("picture-epoch");
    const frames = data("picture-data");
    const epochs = slider.dataset.epochs.split(" ").map(Number);
    slider.addEventListener("input", () => {
      const epoch = epochs[slider.valueAsNumber];
      byId("picture-epoch-shown").textContent = epoch;
      slider.setAttribute("aria-valuetext", `epoch ${epoch}`);
      for (const image of document.querySelectorAll("[data-frames]")) {
        const list = frames[image.dataset.frames];
        const [at, url] = list.findLast(([taken]) => taken <= epoch) ?? list[0];
        image.src = url;
        image.alt = `${image.dataset.alt}, after epoch ${at}`;
      }
    });
  }

  function sorting() {
    const table = byId("trial-table");
    const headings = [...table.tHead.rows[0].cells];
    const key = (row, index) => {
      const cell = row.cells[index];
      return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
    };
    // Numbers before text, empty cells last, whichever way the column is sorted.
    const order = (a, b, way) => {
      if (a === "" || b === "") return (a === "") - (b === "");
      if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
      return way * (typeof a === "number" ? a - b : a.localeCompare(b, "en"));
    };
    headings.forEach((heading, index) => {
      const button = make("button", { type: "button" });
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const way = heading.ariaSort === "ascending" ? -1 : 1;
        for (const other of headings) other.removeAttribute("aria-sort");
        heading.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
        const rows = [...table.tBodies[0].rows];
        rows.sort((a, b) => order(key(a, index), key(b, index), way));
        table.tBodies[0].append(...rows);
      });
    });
  }

  if (byId("curve-data")) curves();
  if (byId("picture-data")) pictures();
  sorting();
})();
