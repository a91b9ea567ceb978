/* Tables: numbers to the right, long texts on several lines, groups of rows in a table that is too wide or whose rows
   are tall, a note where one still scrolls; a table of class "sortable" is sorted by its heads and filtered by a form above it. */
(function () {
  const number = /^[−-]?[\d,]*\.?\d+(e[+−-]?\d+)?\s?%?$/i, nothing = /^[–-]?$/;

  function bodyRows(table) { return [...table.tBodies].flatMap((body) => [...body.rows]); }
  function columns(table) {  // each with its head, its cells and their texts; none where cells span several
    if (table.querySelector("[colspan]:not([colspan='1']), [rowspan]:not([rowspan='1'])")) return [];
    const rows = bodyRows(table), heads = [...table.tHead?.rows ?? []].at(-1);
    return [...rows[0]?.cells ?? []].map((_, i) => {
      const cells = rows.map((row) => row.cells[i]).filter(Boolean), texts = cells.map((cell) => cell.textContent.trim());
      return { head: heads?.cells[i], cells, texts };
    });
  }
  function tellApart(table) {  // columns of numbers and dashes alone, and of long texts
    for (const { head, cells, texts } of columns(table)) {
      const numbers = texts.some((t) => number.test(t)) && texts.every((t) => number.test(t) || nothing.test(t));
      const kind = numbers ? "number" : texts.some((t) => t.length > 16) ? "long" : null;
      if (kind) for (const cell of [...cells, head]) cell?.classList.add(kind);
    }
  }
  function group(table) {  // a first column that repeats becomes a row above each of its groups
    const [first] = columns(table);
    if (!first?.head || first.head.classList.contains("number")) return;
    const tall = first.cells.some((cell) => cell.offsetHeight > 2.5 * parseFloat(getComputedStyle(cell).lineHeight));
    if (table.scrollWidth <= table.clientWidth + 1 && !tall) return;
    const begins = first.cells.filter((_, i) => first.texts[i] !== first.texts[i - 1]);
    if (2 * begins.length > first.cells.length) return;
    for (const cell of begins) {
      const row = cell.parentElement, colSpan = row.cells.length - 1;
      row.before(element("tr", { className: "group" }, element("th", { colSpan, scope: "rowgroup" }, ...cell.childNodes)));
    }
    for (const cell of [...first.cells, first.head]) cell.remove();
  }
  function stack(table) {  // of long texts; on a phone, where a row becomes lines, each begins with its column's name
    const [, ...further] = columns(table);
    if (further.length < 2 || !table.querySelector("td.long")) return;
    table.classList.add("stacks");
    for (const { head, cells } of further)
      for (const cell of cells) cell.prepend(element("span", { className: "name" }, ...head.cloneNode(true).childNodes, ": "));
  }
  function noteScrolling(table) {
    const across = table.scrollWidth > table.clientWidth + 1, down = table.scrollHeight > table.clientHeight + 1;
    if (across || down) table.dataset.scrolls = `${across ? "\u2192" : ""}${down ? "\u2193" : ""}`;
    else delete table.dataset.scrolls;
  }

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
  window.addEventListener("load", async () => {
    await window.MathJax?.startup?.promise;
    all("table").forEach(tellApart);
    all("table.table").forEach(stack);
    all("table.numbers").forEach(group);
    all("table.sortable").forEach(makeSortable);
    all("table").forEach(noteScrolling);
  });
  window.addEventListener("resize", () => all("table").forEach(noteScrolling));
})();
