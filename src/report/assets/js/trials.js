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

  // Words, or a column with =, < or > and a value; quotes keep spaces together.
  const TERM = /([^\s"=<>]+)(<=|>=|=|<|>)(?:"([^"]*)"?|(\S*))|"([^"]*)"?|\S+/g;
  const WAYS = { "=": (a, b) => a === b, "<": (a, b) => a < b, ">": (a, b) => a > b, "<=": (a, b) => a <= b, ">=": (a, b) => a >= b };

  // Whether a row fits a term; a column asks for its whole cell, a number for the cell's value.
  function test([term, name, way, quoted, plain, phrase]) {
    const column = name === undefined ? -1 : columns.findIndex((it) => it.toLowerCase() === name);
    if (column < 0) return (index) => all[index].includes(phrase ?? term);
    const value = quoted ?? plain;
    // Not yet written to its end.
    if (value === "" && quoted === undefined) return () => true;
    const number = value.trim() === "" ? NaN : Number(value.replace("−", "-"));
    const fits = (cell) => Array.isArray(cell) && WAYS[way](cell[1], number);
    return (index) => fits(rows[index][column]) || (way === "=" && words[index][column].toLowerCase() === value);
  }

  // Every term must fit.
  function matching() {
    const tests = [...filter.value.toLowerCase().matchAll(TERM)].map(test);
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
