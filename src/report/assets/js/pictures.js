// A slider over the steps of a gallery: each strip shows its last picture that is not later.
function pictures(id) {
  const { slider: name, steps, strips } = data(`${id}-data`);
  const slider = byId(`${id}-step`);
  const images = [...document.querySelectorAll(`[data-frames="${id}"]`)];
  slider.addEventListener("input", () => {
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
}
