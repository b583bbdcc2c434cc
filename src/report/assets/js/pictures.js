// A gallery: a slider over its steps, at which each strip shows its last picture that is not later, and a choice of arms.
function pictures(id) {
  const { slider: name, steps, strips } = data(`${id}-data`);
  const slider = byId(`${id}-step`);
  const images = [...document.querySelectorAll(`[data-frames="${id}"]`)];
  slider?.addEventListener("input", () => {
    const step = slider.valueAsNumber;
    byId(`${id}-shown`).textContent = steps[step];
    slider.setAttribute("aria-valuetext", `${name} ${steps[step]}`);
    for (const image of images) {
      const frames = strips[image.dataset.strip];
      const frame = frames.findLast((frame) => frame.step <= step) ?? frames[0];
      image.src = frame.url;
      image.alt = `${image.dataset.alt}, ${name} ${steps[frame.step]}`;
    }
  });

  const looks = data("arm-data");
  const figures = [...document.querySelectorAll(`[data-gallery="${id}"]`)];
  const arms = [...new Set(figures.map((figure) => Number(figure.dataset.arm)))];
  const show = (arm, on) => { for (const figure of figures) if (Number(figure.dataset.arm) === arm) figure.hidden = !on; };
  for (const arm of arms) show(arm, looks[arm].first);
  legend(byId(`${id}-arms`), arms.map((arm) => looks[arm]), (index) => looks[arms[index]].first, (index, on) => show(arms[index], on));

  // What went in stands above what came out, however far to the side.
  const rows = [...byId(`${id}-gallery`).querySelectorAll(".strips")];
  for (const row of rows) row.addEventListener("scroll", () => { for (const other of rows) other.scrollLeft = row.scrollLeft; });
}
