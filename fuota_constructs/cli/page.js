// Filter and sort of the tables of devices. Without it a page is whole: failed devices come first.
for (const table of document.querySelectorAll("table.devices")) {
  const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
  const bar = document.createElement("p"), search = document.createElement("input"), shown = document.createElement("output");
  bar.className = "filter";
  search.type = "search";
  search.placeholder = "filter: name, status, ...";
  search.setAttribute("aria-label", "filter devices");
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      left += row.hidden ? 0 : 1;
    }
    shown.textContent = `${left.toLocaleString("en")} of ${rows.length.toLocaleString("en")} devices`;
  };
  search.addEventListener("input", filter);
  bar.append(search, shown);
  table.before(bar);
  filter();
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => row.cells[column].textContent;
      rows.sort((one, other) => value(one).localeCompare(value(other), "en", {numeric: true}) * (down ? -1 : 1));
      body.append(...rows);
    });
  });
}
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => { each.open = true; }));
