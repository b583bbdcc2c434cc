// What all charts share: uPlot with the page's colours.
const DASHES = [[], [8, 4], [3, 3], [9, 3, 2, 3], [15, 4], [9, 2.5, 2, 2.5, 2, 2.5]];
const FONT = "12px system-ui, sans-serif";

const dashOf = (arm) => DASHES[arm.dash];

const axis = () => ({ stroke: cssColour("--soft"), font: FONT, grid: { stroke: cssColour("--line"), width: 1 }, ticks: { show: false } });

const measureAxis = () => ({ ...axis(), size: 62, values: (_, ticks) => ticks.map((x) => x === null ? "" : minus(String(+x.toPrecision(6)))) });

const newPlot = (host, options, columns) => new uPlot({
  width: Math.max(host.clientWidth, 200),
  height: Math.max(Math.min(host.clientWidth * 0.46, 430), 240),
  legend: { show: false },
  ...options,
}, columns, host);

// From the lowest to the highest of what is drawn, with some air; decades of their own on a log scale.
const rangeOf = (values, log) => {
  const known = values.filter((x) => x !== null && (!log || x > 0));
  if (known.length === 0) return [log ? 1 : 0, log ? 10 : 1];
  const [low, high] = [Math.min(...known), Math.max(...known)];
  if (log) return [low / 1.15, high * 1.15];
  const air = 0.06 * (high - low) || Math.abs(high) * 0.1 || 1;
  return [low - air, high + air];
};

// A logarithm of what is not positive cannot be drawn.
const drawable = (list, log) => log ? list.map((x) => x !== null && x > 0 ? x : null) : list;

// Paints with the plot's canvas in its own pixels, clipped to the plot.
const paint = (plot, act) => {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left - 8, bbox.top - 8, bbox.width + 16, bbox.height + 16);
  ctx.clip();
  act(ctx, (x) => plot.valToPos(x, "x", true), (y) => plot.valToPos(y, "y", true), devicePixelRatio || 1);
  ctx.restore();
};

const whisker = (ctx, x, low, high, scale) => {
  const cap = 3.5 * scale;
  ctx.beginPath();
  for (const [fromX, fromY, toX, toY] of [[x, low, x, high], [x - cap, low, x + cap, low], [x - cap, high, x + cap, high]]) {
    ctx.moveTo(fromX, fromY);
    ctx.lineTo(toX, toY);
  }
  ctx.stroke();
};

// A mark in the colour that is set, filled or with the ground in it.
const drawMark = (ctx, mark, x, y, radius, scale) => {
  ctx.beginPath();
  for (const [dx, dy] of shapeOf(mark)) ctx.lineTo(x + dx * radius, y + dy * radius);
  ctx.closePath();
  const tone = ctx.strokeStyle;
  ctx.fillStyle = mark % 2 ? cssColour("--ground") : tone;
  ctx.fill();
  ctx.lineWidth = 1.5 * scale;
  ctx.stroke();
};
