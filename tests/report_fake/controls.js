// Uses every control of the page and writes into its title what each one did.
addEventListener("load", () => {
  const seen = [];
  const by = (id) => document.getElementById(id);
  const change = (element, type) => element.dispatchEvent(new Event(type, { bubbles: true }));
  const canvas = () => document.querySelector("#chart canvas").toDataURL();
  const differs = (name, act) => {
    const before = canvas();
    act();
    // uPlot draws in a microtask.
    return new Promise((done) => setTimeout(() => { seen.push(`${name}=${canvas() !== before}`); done(); }, 60));
  };
  const toggle = (id) => () => { by(id).checked = !by(id).checked; change(by(id), "change"); };
  (async () => {
    await differs("seeds", toggle("curve-seeds"));
    await differs("band", toggle("curve-band"));
    await differs("log", toggle("curve-log"));
    await differs("arm", () => document.querySelector("#legend input").click());
    await differs("metric", () => { by("curve-metric").selectedIndex = 1; change(by("curve-metric"), "change"); });
    await differs("zoom", () => { by("curve-from").value = 5; by("curve-to").value = 9; change(by("curve-to"), "change"); });
    await differs("whole", () => by("curve-reset").click());
    by("chart").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
    await new Promise((done) => setTimeout(done, 60));
    seen.push(`key=${by("cursor-epoch").textContent.endsWith("epoch 1")}`);
    const image = document.querySelector("[data-frames]");
    const before = image.src;
    by("picture-epoch").value = 0;
    change(by("picture-epoch"), "input");
    seen.push(`picture=${image.src !== before && image.alt.endsWith("epoch 5")}`);
    const cells = () => [...by("trial-table").tBodies[0].rows].map((row) => row.cells[3].textContent);
    by("trial-table").tHead.rows[0].cells[3].querySelector("button").click();
    const up = cells().map(Number);
    seen.push(`sorted=${up.every((x, i) => i === 0 || up[i - 1] <= x)}`);
    by("trial-table").tHead.rows[0].cells[3].querySelector("button").click();
    seen.push(`reversed=${Number(cells()[0]) === Math.max(...up)}`);
    document.title = "SEEN " + seen.join(" ");
  })();
});
