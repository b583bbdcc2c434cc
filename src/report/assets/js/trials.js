// The table of trials: sorted by a heading, filtered by words, a page at a time.
function trials() {
  const { columns, rows } = data("trial-data");
  const PAGE = 200;
  const [table, filter, more] = [byId("trial-table"), byId("trial-filter"), byId("trial-more")];
  const textOf = (cell) => typeof cell === "string" ? cell : Array.isArray(cell) ? cell[0] : `${cell.text} ${cell.note}`;
  const words = rows.map((row) => row.map(textOf));
  const all = words.map((cells) => cells.join("\n").toLowerCase());
  let order = rows.map((_, index) => index);
  let limit = PAGE;

  const headings = columns.map((name, index) => {
    const button = make("button", { type: "button" }, make("bdi", { textContent: name }));
    const heading = make("th", { scope: "col" }, button);
    button.addEventListener("click", () => sort(index, heading));
    return heading;
  });
  table.tHead.append(make("tr", {}, ...headings));

  // Numbers before text, empty cells last, whichever way the column is sorted.
  function sort(column, heading) {
    const way = heading.ariaSort === "ascending" ? -1 : 1;
    for (const other of headings) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
    const key = (index) => Array.isArray(rows[index][column]) ? rows[index][column][1] : words[index][column];
    order.sort((left, right) => {
      const [a, b] = [key(left), key(right)];
      if (a === "" || b === "") return (a === "") - (b === "") || left - right;
      if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
      return way * (typeof a === "number" ? a - b : a.localeCompare(b, "en")) || left - right;
    });
    show();
  }

  // Every word must be in the row; `column=text` asks for a whole cell.
  function matching() {
    const wanted = filter.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
    const tests = wanted.map((word) => {
      const [name, text] = word.split("=");
      const column = text === undefined ? -1 : columns.findIndex((it) => it.toLowerCase() === name);
      return column < 0 ? (index) => all[index].includes(word) : (index) => words[index][column].toLowerCase() === text;
    });
    return order.filter((index) => tests.every((test) => test(index)));
  }

  function cell(content) {
    if (Array.isArray(content)) return make("td", { className: "number", textContent: content[0] });
    if (typeof content === "string") return make("td", {}, make("bdi", { textContent: content }));
    return make("td", {}, make("bdi", { textContent: content.text }), make("small", { textContent: content.note }));
  }

  function show() {
    const found = matching();
    const visible = found.slice(0, limit).map((index) => make("tr", {}, ...rows[index].map(cell)));
    table.tBodies[0].replaceChildren(...visible);
    byId("trial-count").textContent = found.length === rows.length ? `${rows.length} trials` : `${found.length} of ${rows.length} trials`;
    more.hidden = found.length <= limit;
  }

  filter.addEventListener("input", () => { limit = PAGE; show(); });
  more.addEventListener("click", () => { limit += 5 * PAGE; show(); });
  show();
}
