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
  let entries = new Map();
  const points = () => charts[select.selectedIndex].points.toSorted((a, b) => a.x - b.x || a.y - b.y);
  // A mark alone: its shape goes with the dashes of the arm's line.
  const markOf = (look) => 2 * look.dash;
  const number = (x) => x >= 1000 ? Math.round(x).toLocaleString("en") : String(+x.toPrecision(4));
  const reached = ({ y, ends, x }) => `${measured(y, ends ? (ends[1] - ends[0]) / 2 : 0)} at ${number(x)}`;

  function tell(point) {
    told = point;
    const { cost } = charts[select.selectedIndex];
    byId("pareto-cursor").textContent = point === null ? `${metric} at its ${cost}` :
      `${looks[point.arm].label}: ${metric} ${reached(point)} ${cost}${point.front ? ", beaten by none" : ""}`;
    for (const [arm, entry] of entries) entry.classList.toggle("told", arm === point?.arm);
    plot.redraw(false);
  }

  // Every arm by its mark, from left to right: no pointer is needed to know which is which.
  function list() {
    entries = new Map(points().map((point) => {
      const look = looks[point.arm];
      const name = make("bdi", { className: "name", textContent: look.label });
      const value = make("span", { className: "value", textContent: reached(point) });
      const entry = make("li", { className: point.front ? "front" : "" }, make("label", {}, swatch(look, markOf(look), false), name, value));
      for (const event of ["pointerenter", "click"]) entry.addEventListener(event, () => tell(point));
      return [point.arm, entry];
    }));
    byId("pareto-legend").replaceChildren(...entries.values());
  }

  function nearest(u, { left, top }) {
    if (left === undefined || left < 0) return null;
    const away = (point) => Math.hypot(u.valToPos(point.x, "x") - left, u.valToPos(point.y, "y") - top);
    const best = points().map((point) => [away(point), point]).sort(([a], [b]) => a - b)[0];
    return best && best[0] < NEAR ? best[1] : null;
  }

  function pointed(u, place) {
    const point = nearest(u, place);
    if (point !== null && point.arm !== told?.arm) tell(point);
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
        setCursor: [(u) => pointed(u, u.cursor)],
        ready: [(u) => u.over.addEventListener("click", (tap) => pointed(u, { left: tap.offsetX, top: tap.offsetY }))],
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
        drawMark(ctx, markOf(looks[point.arm]), toX(point.x), toY(point.y), (point.front ? 5 : 4) * scale, scale);
      }
      const ringed = list.find((point) => point.arm === told?.arm);
      if (ringed) {
        [ctx.strokeStyle, ctx.lineWidth] = [cssColour("--ink"), 1.5 * scale];
        ctx.beginPath();
        ctx.arc(toX(ringed.x), toY(ringed.y), 9 * scale, 0, 2 * Math.PI);
        ctx.stroke();
      }
      names(u, ctx, list, toX, toY, scale);
    });
  }

  // The names of the front, each where it hides no mark and no other name, on no whisker where that is possible. One without
  // such a place is left to the list.
  function names(u, ctx, list, toX, toY, scale) {
    const size = 12 * scale;
    [ctx.font, ctx.textBaseline, ctx.textAlign, ctx.lineJoin] = [`${size}px system-ui, sans-serif`, "middle", "left", "round"];
    const around = (x, y, dx, dy) => ({ left: x - dx, right: x + dx, top: y - dy, bottom: y + dy });
    const taken = list.map((point) => around(toX(point.x), toY(point.y), 7 * scale, 7 * scale));
    const whiskers = list.filter(({ ends }) => ends).map(({ x, ends }) => ({ left: toX(x), right: toX(x), top: toY(ends[1]), bottom: toY(ends[0]) }));
    const meets = (a) => (b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    const field = { left: u.bbox.left, right: u.bbox.left + u.bbox.width, top: u.bbox.top, bottom: u.bbox.top + u.bbox.height };
    const inside = (box) => box.left >= field.left && box.right <= field.right && box.top >= field.top && box.bottom <= field.bottom;
    for (const point of list.filter(({ front }) => front)) {
      const { label } = looks[point.arm];
      const half = ctx.measureText(label).width / 2;
      const [x, y] = [toX(point.x), toY(point.y)];
      const places = [-14, 14, 0].flatMap((dy) => [1, -1, 0].map((side) => around(x + side * (half + 10 * scale), y + dy * scale, half, size / 2)));
      const free = places.filter((box) => inside(box) && !taken.some(meets(box)));
      const place = free.find((box) => !whiskers.some(meets(box))) ?? free[0];
      if (place === undefined) continue;
      taken.push(place);
      // A rim of the ground keeps the letters clear of lines.
      [ctx.strokeStyle, ctx.fillStyle, ctx.lineWidth] = [cssColour("--ground"), cssColour("--ink"), 4 * scale];
      ctx.strokeText(label, place.left, (place.top + place.bottom) / 2);
      ctx.fillText(label, place.left, (place.top + place.bottom) / 2);
    }
  }

  for (const control of [select, log]) control.addEventListener("change", () => { if (control === select) { told = null; list(); } draw(); });
  onArrows(host, byId("pareto-cursor"), (move) => {
    const all = points();
    const at = all.findIndex((point) => point.arm === told?.arm);
    tell(all[at < 0 ? (move > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + move, 0), all.length - 1)]);
  });
  keepDrawn(host, draw);
  list();
  draw();
}
