for (const controls of document.querySelectorAll(".controls")) controls.hidden = false;
if (byId("curve-data")) curves();
for (const block of document.querySelectorAll(".chart-block")) lines(block.id);
if (byId("pareto-data")) pareto();
for (const id of ["picture", "chain", "use-picture"]) if (byId(`${id}-data`)) pictures(id);
trials();
