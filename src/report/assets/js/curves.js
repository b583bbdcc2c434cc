function curves() {
  const { arms: drawn, metrics } = data("curve-data");
  const looks = data("arm-data");
  const arms = drawn.map((index) => looks[index]);
  const chart = byId("chart");
  const [select, from, to] = [byId("curve-metric"), byId("curve-from"), byId("curve-to")];
  const shown = arms.map((arm) => arm.first);
  let plot = null;
  let range = null;

  for (const metric of metrics) select.append(make("option", { textContent: metric.name }));
  if (shown.filter((is) => is).length > 6) byId("curve-seeds").checked = false;
  const entries = legend(byId("legend"), arms, (index) => shown[index], (index, on) => { shown[index] = on; draw(); });
  const metric = () => metrics[select.selectedIndex];

  function tell(at) {
    const { epochs, arms: lines } = metric();
    const known = at !== null && at !== undefined;
    const epoch = known ? at : epochs.length - 1;
    byId("cursor-epoch").textContent = `${metric().name} after epoch ${epochs[epoch]}`;
    entries.forEach(({ value }, index) => {
      const { mean, low, high } = lines[index];
      const half = low[epoch] === null ? 0 : (high[epoch] - low[epoch]) / 2;
      value.textContent = mean[epoch] === null ? "" : measured(mean[epoch], half);
    });
  }

  function draw() {
    const { epochs, arms: lines, floor } = metric();
    const [band, single, log] = ["curve-band", "curve-seeds", "curve-log"].map((id) => byId(id).checked);
    const columns = [epochs], series = [{}], bands = [];
    const add = (list, options) => { columns.push(drawable(list, log)); series.push({ spanGaps: true, points: { show: false }, ...options }); };
    arms.forEach((arm, index) => {
      if (!shown[index]) return;
      const [stroke, dash, line] = [toneOf(arm), dashOf(arm), lines[index]];
      if (single) for (const seed of line.seeds) add(seed, { stroke: stroke + "59", width: 1, dash });
      if (band) {
        add(line.high, { stroke: "transparent", width: 0 });
        add(line.low, { stroke: "transparent", width: 0 });
        bands.push({ series: [series.length - 2, series.length - 1], fill: stroke + "2b" });
      }
      add(line.mean, { stroke, width: 2.2, dash, points: { show: epochs.length === 1, size: 7, fill: stroke } });
    });
    if (floor !== null) add(epochs.map(() => floor), { stroke: cssColour("--soft"), width: 1.2, dash: [2, 4] });
    const ends = [epochs[0], epochs[epochs.length - 1]];
    const [first, last] = range ?? ends;
    plot?.destroy();
    plot = newPlot(chart, {
      series, bands,
      cursor: { drag: { x: true, y: false, setScale: true }, points: { show: false } },
      scales: {
        x: { time: false, min: first, max: last > first ? last : first + 1 },
        y: { distr: log ? 3 : 1 },
      },
      axes: [
        { ...axis(), label: "epoch", labelFont: FONT, labelSize: 18, size: 30, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000] },
        measureAxis(),
      ],
      hooks: {
        setCursor: [(u) => tell(u.cursor.idx)],
        setScale: [(u, key) => { if (key === "x") remember(u.scales.x, ends); }],
      },
    }, columns);
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

  for (const id of ["curve-band", "curve-seeds", "curve-log"]) byId(id).addEventListener("change", draw);
  select.addEventListener("change", () => { range = null; draw(); });
  for (const end of [from, to]) end.addEventListener("change", zoom);
  byId("curve-reset").addEventListener("click", () => { range = null; draw(); });
  byId("curve-none").addEventListener("click", () => {
    const on = !shown.some((is) => is);
    shown.fill(on);
    for (const { box } of entries) box.checked = on;
    byId("curve-none").textContent = on ? "hide all arms" : "show all arms";
    draw();
  });
  onArrows(chart, byId("cursor-epoch"), (move) => {
    const { epochs } = metric();
    const at = plot.cursor.idx ?? (move > 0 ? -1 : epochs.length);
    const next = Math.min(Math.max(at + move, 0), epochs.length - 1);
    plot.setCursor({ left: plot.valToPos(epochs[next], "x"), top: 10 });
  });
  keepDrawn(chart, draw);
  draw();
}
