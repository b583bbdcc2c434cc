// Lines of means with whiskers over a few named places: interactions, uses, tenths of the timesteps.
function lines(id) {
  const charts = data(`${id}-data`);
  const part = (name) => byId(`${id}-${name}`);
  const [host, select, log] = [part("chart"), part("choice"), part("log")];
  for (const chart of charts) select.append(make("option", { textContent: chart.name }));
  let plot = null;
  let shown = [];
  let entries = [];
  const chart = () => charts[select.selectedIndex];

  function choose() {
    shown = chart().lines.map((line) => line.first);
    entries = legend(part("legend"), chart().lines, (index) => shown[index], (index, on) => { shown[index] = on; draw(); });
    const { left_out: more } = chart();
    if (more > 0) part("legend").append(make("li", { textContent: `and ${more} lines that are not drawn` }));
    draw();
  }

  function tell(at) {
    const { x, y, places, lines } = chart();
    const place = at ?? places.length - 1;
    part("cursor").textContent = `${y}, ${x} ${places[place]}`;
    entries.forEach(({ value }, index) => {
      const { mean, low, high } = lines[index];
      const half = low[place] === null ? 0 : (high[place] - low[place]) / 2;
      value.textContent = mean[place] === null ? "" : measured(mean[place], half);
    });
  }

  function draw() {
    const { x, places, lines } = chart();
    const on = lines.filter((_, index) => shown[index]);
    const isLog = log.checked;
    // The lines are painted, each a little aside, so that no whisker hides another; uPlot finds the place under the pointer.
    const series = on.map(() => ({ paths: () => null, points: { show: false } }));
    const range = rangeOf(on.flatMap(({ mean, low, high }) => [...mean, ...low, ...high]), isLog);
    const crowded = places.join("").length * 8 + places.length * 12 > host.clientWidth - 80;
    plot?.destroy();
    plot = newPlot(host, {
      series: [{}, ...series],
      cursor: { drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: false, range: [-0.35, places.length - 0.65] },
        y: { distr: isLog ? 3 : 1, range },
      },
      axes: [
        { ...axis(), label: x, labelFont: FONT, labelSize: 20, size: crowded ? 74 : 30, rotate: crowded ? -40 : 0, splits: () => places.map((_, at) => at), values: () => places },
        measureAxis(),
      ],
      hooks: { setCursor: [(u) => tell(u.cursor.idx)], draw: [(u) => paintLines(u, on, isLog)] },
    }, [places.map((_, at) => at), ...on.map((line) => drawable(line.mean, isLog))]);
    tell(null);
  }

  function paintLines(u, on, isLog) {
    paint(u, (ctx, toX, toY, scale) => {
      const room = Math.min(0.6 * (toX(1) - toX(0)), 9 * scale * (on.length - 1));
      on.forEach((line, index) => {
        const aside = on.length > 1 ? (index / (on.length - 1) - 0.5) * room : 0;
        const known = drawable(line.mean, isLog).map((y, at) => [toX(at) + aside, y, at]).filter(([, y]) => y !== null);
        ctx.strokeStyle = toneOf(line);
        ctx.lineWidth = 2 * scale;
        ctx.setLineDash(dashOf(line).map((length) => length * scale));
        ctx.beginPath();
        for (const [x, y] of known) ctx.lineTo(x, toY(y));
        ctx.stroke();
        ctx.setLineDash([]);
        for (const [x, y, at] of known) {
          ctx.lineWidth = 1.4 * scale;
          const low = line.low[at];
          if (low !== null && !(isLog && low <= 0)) whisker(ctx, x, toY(low), toY(line.high[at]), scale);
          drawMark(ctx, line.mark, x, toY(y), 3.8 * scale, scale);
        }
      });
    });
  }

  select.addEventListener("change", choose);
  log.addEventListener("change", draw);
  onArrows(host, part("cursor"), (move) => {
    const { places } = chart();
    const at = plot.cursor.idx ?? (move > 0 ? -1 : places.length);
    plot.setCursor({ left: plot.valToPos(Math.min(Math.max(at + move, 0), places.length - 1), "x"), top: 10 });
  });
  keepDrawn(host, draw);
  choose();
}
