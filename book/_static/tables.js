/* Tables: numbers to the right, a note where one scrolls; a table of class "sortable" is sorted by its heads and filtered by a form above it. */
(function () {
  const number = /^[−-]?[\d,]*\.?\d+(e[+−-]?\d+)?\s?%?$/i, nothing = /^[–-]?$/;

  function bodyRows(table) { return [...table.tBodies].flatMap((body) => [...body.rows]); }
  function alignNumbers(table) {  // a column of numbers and dashes alone
    if (table.querySelector("[colspan]:not([colspan='1']), [rowspan]:not([rowspan='1'])")) return;
    const rows = bodyRows(table), head = table.tHead?.rows[table.tHead.rows.length - 1];
    for (let i = 0; i < (rows[0]?.cells.length ?? 0); i++) {
      const cells = rows.map((row) => row.cells[i]).filter(Boolean), texts = cells.map((cell) => cell.textContent.trim());
      if (texts.some((t) => number.test(t)) && texts.every((t) => number.test(t) || nothing.test(t)))
        for (const cell of [...cells, head?.cells[i]]) cell?.classList.add("number");
    }
  }
  function noteScrolling(table) { table.toggleAttribute("data-scrolls", table.scrollWidth > table.clientWidth + 1); }

  function element(name, attributes = {}, ...content) {
    const made = Object.assign(document.createElement(name), attributes);
    made.append(...content);
    return made;
  }
  function makeSortable(table) {
    const heads = [...table.tHead.rows[0].cells], rows = bodyRows(table), wanted = new URLSearchParams(location.search);
    for (const head of heads) if (head.classList.contains("number")) head.dataset.sortMethod = "number";
    new Tablesort(table);

    const text = element("input", { type: "search", name: "words", value: wanted.get("words") ?? "" });
    const lists = heads.map((head, i) => [head.textContent, i]).filter(([name]) => table.dataset.filters.split(",").includes(name)).map(([name, i]) => {
      const values = [...new Set(rows.map((row) => row.cells[i].textContent))].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
      const list = element("select", { name }, new Option("all", ""), ...values.map((value) => new Option(value)));
      if (values.includes(wanted.get(name))) list.value = wanted.get(name);
      return [name, i, list];
    });
    const count = element("output"), labels = lists.map(([name, , list]) => element("label", {}, name, list));
    const form = element("form", { className: "table-filter" }, ...labels, element("label", {}, "words", text), count);
    form.addEventListener("submit", (event) => event.preventDefault());
    function filter() {
      const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows) {
        const content = row.textContent.toLowerCase();
        row.hidden = !(lists.every(([, i, list]) => !list.value || row.cells[i].textContent === list.value) && words.every((word) => content.includes(word)));
      }
      count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
      noteScrolling(table);
    }
    form.addEventListener("input", filter);
    table.before(form);
    filter();
  }
  function all(selector) { return document.querySelectorAll(`.bd-article ${selector}`); }
  window.addEventListener("load", () => {
    all("table").forEach(alignNumbers);
    all("table.sortable").forEach(makeSortable);
    all("table").forEach(noteScrolling);
  });
  window.addEventListener("resize", () => all("table").forEach(noteScrolling));
})();
