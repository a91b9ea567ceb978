/* Follow an image: a wall of mislabeled training images; of the one that is picked, what each loss's
   network predicted at every evaluation. What is shown was recorded, and since when an image is
   memorized was found when the book was built (memutils.report.images); the page looks it up. */
(function () {
  "use strict";

  const { element } = self.memutilsPage;

  const SIGNS = { memorized: "✕", recovered: "✓", neither: "?" };
  const listed = (words) => words.join(", ").replace(/, ([^,]*)$/, " and $1");

  /* A set of runs: the same images under several losses. */
  class Runs {
    constructor(data) {
      Object.assign(this, data);
      this.last = this.epochs.length - 1;
      this.all = this.places.map((_, i) => i);
      this.cce = this.courses.findIndex(({ loss }) => loss === "cce");
    }

    predicted(course, i, at) {
      return parseInt(course.predicted[i][at], 36);
    }

    fate(course, i, at = this.last) {
      const found = this.predicted(course, i, at);
      if (found === this.given[i]) return "memorized";
      return found === this.true[i] ? "recovered" : "neither";
    }

    memorized(course, i) {
      return course.since[i] <= this.last;
    }

    count(i) {
      return this.courses.filter((course) => this.memorized(course, i)).length;
    }

    /* What may be shown: key, name, and whether an image belongs to it. */
    get filters() {
      const n = this.courses.length, { cce } = this;
      const found = [
        ["all", "All images", () => true],
        ["every", "Memorized with all losses", (i) => this.count(i) === n],
        ["none", "Memorized with none (never)", (i) => this.count(i) === 0],
      ];
      const alone = (i) => this.count(i) === 1 && this.memorized(this.courses[cce], i);
      if (cce >= 0) found.splice(2, 0, ["cce", "Memorized with cross entropy only", alone]);
      return found;
    }

    /* In which order: key, name, and the number that images are sorted by. */
    get orders() {
      const each = this.courses.map((course) => [
        `since-${course.loss}`, `Memorized earliest with ${course.name}`, (i) => course.since[i],
      ]);
      return [
        ["class", "True class", (i) => this.true[i]],
        ["most", "Memorized with most losses", (i) => -this.count(i)],
        ...each,
      ];
    }

    shown(filter, order) {
      const keep = this.filters.find(([key]) => key === filter)[2];
      const rank = this.orders.find(([key]) => key === order)[2];
      return this.all.filter(keep).sort((a, b) => rank(a) - rank(b) || a - b);
    }

    /* Stretches of evaluations with one prediction: {from, to, predicted}, by their places. */
    stretches(course, i) {
      const found = [];
      for (let at = 0; at <= this.last; at++) {
        const predicted = this.predicted(course, i, at), before = found.at(-1);
        if (before && before.predicted === predicted) before.to = at;
        else found.push({ from: at, to: at, predicted });
      }
      return found;
    }

    between(from, to) {
      const [first, last] = [this.epochs[from], this.epochs[to]];
      return first === last ? `epoch ${first}` : `epochs ${first} to ${last}`;
    }

    /* In words, when an image was memorized and whether it was recovered. */
    told(course, i) {
      const since = course.since[i], { epochs, last } = this;
      const right = epochs.filter((_, at) => this.fate(course, i, at) === "recovered");
      const end = since > 0 ? `memorized since epoch ${epochs[since]}` : "memorized at every evaluation";
      const first = since <= last ? end : "not memorized at the end";
      if (!right.length) return `${first}; never recovered`;
      const of = `${right.length} of ${epochs.length} evaluations`;
      return `${first}; recovered at ${of}, last in epoch ${right.at(-1)}`;
    }

    classesOf(i) {
      const { classes } = this;
      return `${classes[this.true[i]]}, labeled ${classes[this.given[i]]}`;
    }

    label(i) {
      const own = this.courses.filter((course) => this.memorized(course, i));
      const names = own.map(({ name }) => name);
      return `${this.classesOf(i)}; memorized with ${names.length ? listed(names) : "no loss"}`;
    }
  }

  function image(runs, i, parent) {
    const { columns, places } = runs, rows = Math.ceil(places.length / columns);
    const span = element("span", { class: runs.gray ? "follow-image gray" : "follow-image" }, parent);
    const part = (at, n) => (n > 1 ? `${(100 * at) / (n - 1)}%` : "0");
    span.style.backgroundSize = `${100 * columns}% ${100 * rows}%`;
    span.style.backgroundPosition = `${part(i % columns, columns)} ${part(Math.floor(i / columns), rows)}`;
    return span;
  }

  /* The images, of which one is picked by a click, Enter or the space bar; arrows move. */
  class Wall {
    constructor(parent, pick) {
      this.pick = pick;
      this.box = element("div", { class: "follow-wall", role: "listbox" }, parent);
      this.box.setAttribute("aria-label", "Mislabeled images");
      this.box.addEventListener("click", (event) => this.take(event.target.closest("[role=option]")));
      this.box.addEventListener("keydown", (event) => this.key(event));
    }

    show(runs, shown) {
      const tiles = shown.map((i) => {
        const tile = element("div", { role: "option", tabindex: -1, "aria-label": runs.label(i) });
        tile.dataset.image = i;
        image(runs, i, tile);
        const marks = element("span", { class: "follow-marks" }, tile);
        for (const course of runs.courses) element("i", { class: runs.fate(course, i) }, marks);
        return tile;
      });
      this.box.replaceChildren(...tiles);
      this.box.hidden = !tiles.length;
    }

    /* Marks the picked image; the wall is one stop of the keyboard, at that image or the first. */
    mark(i) {
      const tiles = [...this.box.children];
      const picked = tiles.find((tile) => Number(tile.dataset.image) === i);
      for (const tile of tiles) {
        tile.setAttribute("aria-selected", tile === picked);
        tile.tabIndex = -1;
      }
      if (tiles.length) (picked || tiles[0]).tabIndex = 0;
    }

    take(tile) {
      if (tile) this.pick(Number(tile.dataset.image));
    }

    key(event) {
      const tiles = [...this.box.children], at = tiles.indexOf(event.target);
      const row = tiles.filter((tile) => tile.offsetTop === tiles[0].offsetTop).length;
      const to = {
        ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - row, ArrowDown: at + row,
        Home: 0, End: tiles.length - 1, Enter: at, " ": at,
      }[event.key];
      if (to === undefined || at < 0) return;
      event.preventDefault();
      if (to === at) this.take(event.target);
      else if (tiles[to]) {
        for (const tile of tiles) tile.tabIndex = tile === tiles[to] ? 0 : -1;
        tiles[to].focus();
      }
    }
  }

  /* The picked image, and a row for each loss: its predictions from the first evaluation to the last. */
  class Detail {
    constructor(parent) {
      this.box = element("section", { class: "follow-detail", "aria-label": "The image picked" }, parent);
      this.head = element("div", { class: "follow-head" }, this.box);
      this.strips = element("div", { class: "follow-strips", role: "region", tabindex: 0 }, this.box);
      this.strips.setAttribute("aria-label", "Predictions at each evaluation");
    }

    show(runs, i) {
      this.head.replaceChildren();
      image(runs, i, this.head);
      const told = element("p", {}, this.head);
      element("strong", {}, told, runs.classesOf(i));
      element("span", {}, told, `Image ${runs.places[i]} of the training set`);
      const narrow = runs.classes.every((name) => name.length < 3) ? "0" : "1.5rem";
      const n = runs.epochs.length;
      this.strips.style.setProperty("--columns", `repeat(${n}, minmax(${narrow}, 1fr))`);
      const rows = runs.courses.map((course) => this.row(runs, course, i));
      this.strips.replaceChildren(this.axis(runs), ...rows);
    }

    axis(runs) {
      const line = element("div", { class: "follow-row follow-axis", "aria-hidden": "true" });
      const { last } = runs, every = Math.ceil((last + 1) / 14);
      element("b", {}, line, "epoch");
      runs.epochs.forEach((epoch, at) => element("span", {}, line, (last - at) % every ? "" : String(epoch)));
      return line;
    }

    row(runs, course, i) {
      const line = element("div", { class: "follow-row" }), { classes } = runs;
      element("b", {}, line, course.name);
      const stretches = runs.stretches(course, i);
      const history = stretches.map(({ from, to, predicted }) => (
        `${classes[predicted]} in ${runs.between(from, to)}`
      ));
      const strip = element("div", { class: "follow-strip", role: "img" }, line);
      strip.setAttribute("aria-label", `${course.name}: ${history.join(", ")}`);
      stretches.forEach(({ from, to, predicted }, k) => {
        const fate = runs.fate(course, i, from);
        const part = element("span", { class: fate, title: history[k] }, strip, classes[predicted]);
        part.style.gridColumn = `span ${to - from + 1}`;
      });
      const end = runs.fate(course, i);
      element("p", {}, line, `${SIGNS[end]} ${runs.told(course, i)}`);
      return line;
    }
  }

  class Page {
    constructor(root) {
      const { sets } = JSON.parse(root.querySelector("script").textContent);
      Object.assign(this, { root, sets: sets.map((set) => new Runs(set)) });
      root.classList.add("follow-live");
      const bar = element("div", { class: "follow-bar" }, root);
      this.lists = {};
      for (const [name, title] of [["runs", "Runs"], ["show", "Show"], ["order", "Order"]]) {
        const label = element("label", {}, bar, `${title} `);
        this.lists[name] = element("select", { name }, label);
        this.lists[name].addEventListener("change", () => this.choose(name));
      }
      this.sets.forEach(({ title }, k) => element("option", { value: k }, this.lists.runs, title));
      this.said = element("p", { role: "status" }, root);
      this.legend = element("p", { class: "follow-legend" }, root);
      this.wall = new Wall(root, (i) => this.pick(i));
      this.detail = new Detail(root);
      const fromAddress = this.address();
      this.take(fromAddress || {});
      window.addEventListener("hashchange", () => {
        const choice = this.address();
        if (choice) this.take(choice);
      });
    }

    /* What the address asks for; null where it is a place on the page, or nothing. */
    address() {
      return location.hash.includes("=") ? Object.fromEntries(new URLSearchParams(location.hash.slice(1))) : null;
    }

    take({ runs = 0, show = "all", order = "class", image: place }) {
      this.lists.runs.value = runs in this.sets ? runs : 0;
      this.refill(show, order);
      const picked = this.runs.places.indexOf(Number(place));
      this.picked = picked < 0 ? this.runs.all[0] : picked;
      this.draw();
    }

    get runs() {
      return this.sets[this.lists.runs.value];
    }

    /* The lists that depend on the runs; keeps what was chosen where these have it too. */
    refill(show, order) {
      const fill = (list, entries, wanted) => {
        list.replaceChildren(...entries.map(([key, text]) => element("option", { value: key }, null, text)));
        list.value = entries.some(([key]) => key === wanted) ? wanted : entries[0][0];
      };
      const counted = this.runs.filters.map(([key, text, keep]) => (
        [key, `${text} (${this.runs.all.filter(keep).length})`]
      ));
      fill(this.lists.show, counted, show);
      fill(this.lists.order, this.runs.orders, order);
    }

    choose(name) {
      const { show, order } = this.lists;
      if (name === "runs") {
        this.refill(show.value, order.value);
        [this.picked] = this.runs.all;
      }
      this.draw();
      this.keep();
    }

    pick(i) {
      this.picked = i;
      this.wall.mark(i);
      this.detail.show(this.runs, i);
      this.keep();
    }

    keep() {
      const { runs, show, order } = this.lists;
      const choice = { runs: runs.value, show: show.value, order: order.value };
      choice.image = this.runs.places[this.picked];
      history.replaceState(null, "", `#${new URLSearchParams(choice)}`);
    }

    draw() {
      const { runs } = this, shown = runs.shown(this.lists.show.value, this.lists.order.value);
      this.root.style.setProperty("--sprite", `url("${runs.sprite}")`);
      this.said.textContent = `${shown.length || "None"} of ${runs.all.length} images`;
      const names = listed(runs.courses.map(({ name }) => name));
      this.legend.replaceChildren("The marks under an image say what it is predicted as at the end, with ", names, ": ");
      for (const fate of Object.keys(SIGNS)) {
        const word = element("span", { class: "follow-marks" }, this.legend);
        element("i", { class: fate }, word);
        word.append(fate === "neither" ? " neither." : ` ${fate}, `);
      }
      this.wall.show(runs, shown);
      if (shown.length && !shown.includes(this.picked)) [this.picked] = shown;
      this.wall.mark(this.picked);
      this.detail.show(runs, this.picked);
    }
  }

  window.addEventListener("DOMContentLoaded", () => {
    const root = document.querySelector(".follow");
    if (root) new Page(root);
  });
})();
