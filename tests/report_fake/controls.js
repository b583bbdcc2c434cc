// Uses every control of the page and writes into its title what each one did.
addEventListener("load", () => {
  const seen = [];
  const by = (id) => document.getElementById(id);
  const fire = (element, type) => element.dispatchEvent(new Event(type, { bubbles: true }));
  const pause = () => new Promise((done) => setTimeout(done, 60));
  const tell = (name, is) => seen.push(`${name}=${is}`);
  const arrow = (id, key) => by(id).dispatchEvent(new KeyboardEvent("keydown", { key }));
  const toggle = (id) => () => { by(id).checked = !by(id).checked; fire(by(id), "change"); };
  const choose = (id, index) => () => { by(id).selectedIndex = index; fire(by(id), "change"); };
  // Whether a chart looks otherwise than before; uPlot draws in a microtask.
  const differs = async (name, host, act) => {
    const picture = () => by(host).querySelector("canvas").toDataURL();
    const before = picture();
    act();
    await pause();
    tell(name, picture() !== before);
  };

  const curves = async () => {
    await differs("seeds", "chart", toggle("curve-seeds"));
    await differs("band", "chart", toggle("curve-band"));
    await differs("log", "chart", toggle("curve-log"));
    await differs("arm", "chart", () => by("legend").querySelector("input").click());
    await differs("metric", "chart", choose("curve-metric", 1));
    await differs("zoom", "chart", () => { by("curve-from").value = 5; by("curve-to").value = 9; fire(by("curve-to"), "change"); });
    await differs("whole", "chart", () => by("curve-reset").click());
    await differs("hidden", "chart", () => by("curve-none").click());
    await differs("shown", "chart", () => by("curve-none").click());
    arrow("chart", "ArrowRight");
    await pause();
    tell("key", by("cursor-epoch").textContent.endsWith("epoch 1"));
  };

  const lines = async (id, last) => {
    const choices = by(`${id}-choice`).options.length;
    if (choices > 1) await differs(`${id}-choice`, `${id}-chart`, choose(`${id}-choice`, choices - 1));
    await differs(`${id}-log`, `${id}-chart`, toggle(`${id}-log`));
    await differs(`${id}-line`, `${id}-chart`, () => by(`${id}-legend`).querySelector("input").click());
    arrow(`${id}-chart`, "ArrowLeft");
    await pause();
    tell(`${id}-key`, by(`${id}-cursor`).textContent.endsWith(last));
  };

  const pareto = async () => {
    await differs("pareto-choice", "pareto-chart", choose("pareto-choice", 1));
    await differs("pareto-log", "pareto-chart", toggle("pareto-log"));
    arrow("pareto-chart", "ArrowRight");
    tell("pareto-key", by("pareto-cursor").textContent.startsWith("skip.at [] · depth 1: test.bce"));
    const over = by("pareto-chart").querySelector(".u-over");
    const { left, top, width, height } = over.getBoundingClientRect();
    const before = by("pareto-cursor").textContent;
    for (let x = 0; x < width; x += 20) for (let y = 0; y < height; y += 20) over.dispatchEvent(new MouseEvent("mousemove", { clientX: left + x, clientY: top + y, bubbles: true }));
    await pause();
    tell("pareto-hover", by("pareto-cursor").textContent !== before);
  };

  const pictures = (id, first) => {
    const image = document.querySelector(`[data-frames="${id}"]`);
    const before = image.src;
    by(`${id}-step`).value = 0;
    fire(by(`${id}-step`), "input");
    tell(id, image.src !== before && image.alt.endsWith(first) && by(`${id}-shown`).textContent !== "");
  };

  const chosen = (id) => {
    const figure = document.querySelector(`[data-gallery="${id}"]`);
    by(`${id}-arms`).querySelector("input").click();
    tell(`${id}-arm`, figure.hidden);
  };

  const trials = () => {
    const rows = () => [...by("trial-table").tBodies[0].rows];
    const cells = () => rows().map((row) => row.cells[5].textContent).filter((text) => text !== "");
    const heading = by("trial-table").tHead.rows[0].cells[5];
    heading.querySelector("button").click();
    const up = cells().map(Number);
    tell("sorted", heading.ariaSort === "ascending" && up.every((x, i) => i === 0 || up[i - 1] <= x));
    heading.querySelector("button").click();
    tell("reversed", Number(cells()[0]) >= Math.max(...up));
    tell("paged", rows().length === 200);
    by("trial-more").click();
    tell("more", rows().length === 216 && by("trial-more").hidden);
    const filter = (text) => { by("trial-filter").value = text; fire(by("trial-filter"), "input"); return rows().length; };
    tell("filtered", filter("diverged") === 1 && by("trial-count").textContent === "1 of 216 trials");
    tell("column", filter("seed=3") === 9 && filter("seed=3 [14,") === 3 && filter("seed=3 [14] COMPLETED") === 3 && filter("nowhere") === 0 && filter("") === 200);
    tell("number", filter("test.bce<0") === 0 && filter("test.bce>0") === 200 && by("trial-count").textContent === "215 of 216 trials" && filter("depth<=2 seed=0") === 6 && filter("DEPTH=2.0 seed=0") === 3);
    tell("quoted", filter("arm=\"skip.at [14] · depth 2\"") === 24 && filter("\"[14, 28] · depth\" seed=0") === 3 && filter("skip.at=\"[]\" seed=1") === 3);
    const names = [...by("trial-table").tHead.rows[0].cells].map((cell) => cell.textContent);
    tell("columns", ["skip.at", "depth", "params", "MACs"].every((name) => names.includes(name)) && !names.includes("test.bce_floor"));
  };

  (async () => {
    await curves();
    await lines("interaction", "depth 3");
    await pareto();
    pictures("picture", "after epoch 5");
    chosen("picture");
    await lines("use", "rule renoise");
    await lines("tenth", "10");
    pictures("use-picture", "used with passes 1");
    trials();
    document.title = "SEEN " + seen.join(" ");
  })();
});
