// The metric of every arm against what it costs.
function pareto() {
  const { metric, charts } = data("pareto-data");
  const looks = data("arm-data");
  const [host, select, log] = [byId("pareto-chart"), byId("pareto-choice"), byId("pareto-log")];
  // Within so many pixels of the pointer an arm is told.
  const NEAR = 40;
  for (const { cost } of charts) select.append(make("option", { textContent: cost }));
  let plot = null;
  let told = null;
  const points = () => charts[select.selectedIndex].points.toSorted((a, b) => a.x - b.x || a.y - b.y);

  function tell(point) {
    told = point;
    const { cost } = charts[select.selectedIndex];
    const number = (x) => x >= 1000 ? Math.round(x).toLocaleString("en") : String(+x.toPrecision(4));
    byId("pareto-cursor").textContent = point === null ? "" :
      `${looks[point.arm].label}: ${metric} ${measured(point.y, point.ends ? (point.ends[1] - point.ends[0]) / 2 : 0)} at ${number(point.x)} ${cost}${point.front ? ", beaten by none" : ""}`;
  }

  function nearest(u) {
    const { left, top } = u.cursor;
    if (left === undefined || left < 0) return null;
    const away = (point) => Math.hypot(u.valToPos(point.x, "x") - left, u.valToPos(point.y, "y") - top);
    const best = points().map((point) => [away(point), point]).sort(([a], [b]) => a - b)[0];
    return best && best[0] < NEAR ? best[1] : null;
  }

  function draw() {
    const list = points();
    const isLog = log.checked;
    const xs = list.map(({ x }) => x);
    const far = Math.min(...xs) > 0 && Math.max(...xs) / Math.min(...xs) > 20;
    // uPlot wants rising x: arms of one cost are told apart by the paint, not by the data.
    const columns = [xs, list.map(({ y }) => y)];
    plot?.destroy();
    plot = newPlot(host, {
      series: [{}, { paths: () => null, points: { show: false } }],
      cursor: { drag: { x: false, y: false }, points: { show: false }, x: false, y: false },
      scales: {
        x: { time: false, distr: far ? 3 : 1, range: rangeOf(xs, far) },
        y: { distr: isLog ? 3 : 1, range: rangeOf(list.flatMap(({ y, ends }) => [y, ...(ends ?? [])]), isLog) },
      },
      axes: [{ ...measureAxis(), size: 30, label: charts[select.selectedIndex].cost, labelFont: FONT, labelSize: 20 }, { ...measureAxis() }],
      hooks: {
        draw: [(u) => dots(u, list, isLog)],
        setCursor: [(u) => { const point = nearest(u); if (point !== null) tell(point); }],
      },
    }, columns);
    tell(told);
  }

  function dots(u, list, isLog) {
    paint(u, (ctx, toX, toY, scale) => {
      const front = list.filter((point) => point.front);
      ctx.strokeStyle = cssColour("--soft");
      ctx.lineWidth = 1.5 * scale;
      ctx.beginPath();
      front.forEach((point, at) => {
        if (at > 0) ctx.lineTo(toX(point.x), toY(front[at - 1].y));
        ctx[at === 0 ? "moveTo" : "lineTo"](toX(point.x), toY(point.y));
      });
      ctx.stroke();
      for (const point of list) {
        const tone = toneOf(looks[point.arm]);
        [ctx.strokeStyle, ctx.fillStyle, ctx.lineWidth] = [tone, tone, 1.4 * scale];
        if (point.ends && !(isLog && point.ends[0] <= 0)) whisker(ctx, toX(point.x), toY(point.ends[0]), toY(point.ends[1]), scale);
        ctx.beginPath();
        ctx.arc(toX(point.x), toY(point.y), (point.front ? 5.5 : 4) * scale, 0, 2 * Math.PI);
        ctx.fill();
      }
      names(u, ctx, front, toX, toY, scale);
    });
  }

  // The names of the front, above or below their dots; one that would hide another is left out.
  function names(u, ctx, front, toX, toY, scale) {
    const taken = [];
    [ctx.fillStyle, ctx.font, ctx.textBaseline] = [cssColour("--ink"), `${12 * scale}px system-ui, sans-serif`, "middle"];
    for (const point of front) {
      const { label } = looks[point.arm];
      const right = toX(point.x) > u.bbox.left + u.bbox.width * 0.6;
      const width = ctx.measureText(label).width;
      const x = toX(point.x) + (right ? -9 * scale - width : 9 * scale);
      const free = [-11, 11].map((away) => toY(point.y) + away * scale).find((y) =>
        taken.every((other) => Math.abs(other.y - y) > 14 * scale || other.x > x + width || other.x + other.width < x));
      if (free === undefined || x < u.bbox.left - 8) continue;
      taken.push({ x, y: free, width });
      ctx.textAlign = "left";
      ctx.fillText(label, x, free);
    }
  }

  for (const control of [select, log]) control.addEventListener("change", () => { if (control === select) told = null; draw(); });
  onArrows(host, byId("pareto-cursor"), (move) => {
    const list = points();
    const at = list.findIndex((point) => point.arm === told?.arm);
    tell(list[at < 0 ? (move > 0 ? 0 : list.length - 1) : Math.min(Math.max(at + move, 0), list.length - 1)]);
  });
  keepDrawn(host, draw);
  draw();
}
