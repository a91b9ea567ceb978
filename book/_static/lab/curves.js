/* A helper that makes elements, and the curves of one run: an SVG, and a table that says the same
   in numbers. */
(function () {
  "use strict";

  const SVG = new Set(["svg", "path", "text", "line"]), SPACE = "http://www.w3.org/2000/svg";

  /* A new element; text is set as text, never read as markup. */
  Lab.element = function element(name, attributes = {}, parent = null, text = "") {
    const space = SVG.has(name) ? SPACE : document.documentElement.namespaceURI;
    const made = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    if (parent) parent.append(made);
    return made;
  };
  const { element } = Lab;

  const CIRCLE = "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0", DIAMOND = "M0-5L5 0L0 5L-5 0z";
  Lab.METRICS = {
    j1: { label: "J1: training labels", dash: "", mark: CIRCLE },
    j2: { label: "J2: true labels", dash: "7 4", mark: "M-3.5-3.5h7v7h-7z" },
    memorized: { label: "memorized, of the mislabeled", dash: "2 3", mark: "M0-5L4.5 4h-9z" },
    recovered: { label: "recovered, of the mislabeled", dash: "9 3 2 3", mark: DIAMOND },
    test_accuracy: { label: "test accuracy", dash: "14 4", mark: "M-4-4L4 4M-4 4L4-4" },
  };

  /* A fraction with three digits, or a dash where there is none (nothing is mislabeled). */
  Lab.fraction = (value) => (Number.isFinite(value) ? value.toFixed(3) : "–");

  const DOTTED = { fill: "none", stroke: "currentColor", "stroke-dasharray": "1 3" };
  const paint = (name) => ({
    fill: "none", stroke: `var(--lab-${name})`,
    "stroke-width": 2, "stroke-dasharray": Lab.METRICS[name].dash,
  });

  function mark(name, x, y, parent) {
    const color = `var(--lab-${name})`, open = { fill: "none", stroke: color, "stroke-width": 1.5 };
    const look = name === "test_accuracy" ? open : { fill: color };
    const transform = `translate(${x} ${y})`;
    element("path", { d: Lab.METRICS[name].mark, transform, ...look }, parent);
  }

  Lab.Curves = class Curves {
    constructor(parent, title) {
      this.title = title;
      this.svg = element("svg", { role: "img", class: "lab-curves" }, parent);
      const table = element("table", { class: "lab-values" }, parent);
      this.caption = element("caption", {}, table);
      this.body = element("tbody", {}, table);
      this.cells = Object.entries(Lab.METRICS).map(([name, { label }]) => {
        const { swatch, cell } = this.row(label, paint(name));
        mark(name, 22, 6, swatch);
        return [name, cell];
      });
      this.right = this.row("share of right labels", DOTTED).cell;
    }

    row(label, look) {
      const row = element("tr", {}, this.body), head = element("th", { scope: "row" }, row);
      const hidden = { viewBox: "0 0 44 12", class: "lab-swatch", "aria-hidden": "true" };
      const swatch = element("svg", hidden, head);
      element("path", { d: "M0 6H44", ...look }, swatch);
      head.append(label);
      return { swatch, cell: element("td", {}, row) };
    }

    /* reports: {epoch, values}, in order; last: the end of the axis; noise: the share of wrong
       labels; phases: of the loss. */
    draw(reports, last, noise, phases) {
      Object.assign(this, { reports, last, noise, phases });
      const width = Math.max(240, this.svg.getBoundingClientRect().width), height = 200;
      const [left, right, top, bottom] = [38, width - 12, 14, height - 38];
      this.x = (epoch) => left + ((right - left) * epoch) / Math.max(1, last);
      this.y = (value) => bottom + (top - bottom) * value;
      this.svg.replaceChildren();
      this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      this.axes(left, right, bottom);
      this.switches(top, bottom);
      for (const name of Object.keys(Lab.METRICS)) this.curve(name);
      this.tell();
    }

    text(words, x, y, anchor = "middle") {
      element("text", { x, y, "text-anchor": anchor }, this.svg, words);
    }

    axes(left, right, bottom) {
      const { x, y, svg, last } = this;
      for (const value of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
        const [y1, y2] = [y(value), y(value)];
        element("line", { x1: left, x2: right, y1, y2, stroke: "var(--lab-line)" }, svg);
        this.text(value.toFixed(1), left - 5, y1 + 4, "end");
      }
      const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000];
      const step = steps.find((size) => last / size <= 5);
      for (let e = 0; e <= last; e += step) this.text(String(e), x(e), bottom + 17);
      this.text("epoch", (left + right) / 2, bottom + 34);
      element("path", { d: `M${left} ${y(1 - this.noise)}H${right}`, ...DOTTED }, svg);
    }

    /* A line where another loss takes over. */
    switches(top, bottom) {
      for (const phase of this.phases.slice(1)) {
        if (phase.from > this.last) continue;
        const x = this.x(phase.from), late = phase.from > this.last / 2;
        element("line", { x1: x, x2: x, y1: top, y2: bottom, stroke: "currentColor" }, this.svg);
        const words = `then ${Lab.lossName(phase)}`;
        this.text(words, late ? x - 4 : x + 4, top - 3, late ? "end" : "start");
      }
    }

    curve(name) {
      const there = this.reports.filter(({ values }) => Number.isFinite(values[name]));
      const points = there.map(({ epoch, values }) => [this.x(epoch), this.y(values[name])]);
      if (!points.length) return;
      const path = points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");
      element("path", { ...paint(name), d: `M${path}` }, this.svg);
      const every = Math.max(1, Math.ceil(points.length / 8));
      points.forEach(([x, y], i) => {
        if ((points.length - 1 - i) % every === 0) mark(name, x, y, this.svg);
      });
    }

    /* The last values, in the table and in the picture's description. */
    tell() {
      const { epoch, values } = this.reports[this.reports.length - 1];
      this.caption.textContent = `After epoch ${epoch}`;
      for (const [name, cell] of this.cells) cell.textContent = Lab.fraction(values[name]);
      this.right.textContent = Lab.fraction(1 - this.noise);
      const metrics = Object.entries(Lab.METRICS);
      const words = metrics.map(([name, { label }]) => `${label} ${Lab.fraction(values[name])}`);
      const description = `curves over epochs. After epoch ${epoch}: ${words.join("; ")}.`;
      this.svg.setAttribute("aria-label", `${this.title}: ${description}`);
    }
  };
})();
