/* Small helpers for elements, and the curves of one run: an SVG, and a table that says the same in numbers. */
(function () {
  "use strict";

  const SVG = new Set(["svg", "path", "text", "line", "g"]);

  /* A new element; text is set as text, never read as markup. */
  Lab.element = function element(name, attributes = {}, parent = null, text = "") {
    const made = SVG.has(name) ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    if (parent) parent.append(made);
    return made;
  };
  const { element } = Lab;

  Lab.METRICS = {
    j1: { label: "J1: training labels", dash: "", mark: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0" },
    j2: { label: "J2: true labels", dash: "7 4", mark: "M-3.5-3.5h7v7h-7z" },
    memorized: { label: "memorized, of the mislabeled", dash: "2 3", mark: "M0-5L4.5 4h-9z" },
    recovered: { label: "recovered, of the mislabeled", dash: "9 3 2 3", mark: "M0-5L5 0L0 5L-5 0z" },
    test_accuracy: { label: "test accuracy", dash: "14 4", mark: "M-4-4L4 4M-4 4L4-4" },
  };

  /* A fraction with three digits, or a dash where there is none (nothing is mislabeled). */
  Lab.fraction = (value) => (Number.isFinite(value) ? value.toFixed(3) : "–");

  const line = (name) => ({
    d: "", fill: "none", stroke: `var(--lab-${name})`, "stroke-width": 2, "stroke-dasharray": Lab.METRICS[name].dash,
  });

  const DOTTED = { fill: "none", stroke: "currentColor", "stroke-dasharray": "1 3" };

  function mark(name, x, y, parent) {
    const color = `var(--lab-${name})`, crossed = name === "test_accuracy";
    const paint = crossed ? { stroke: color, "stroke-width": 1.5, fill: "none" } : { fill: color };
    element("path", { d: Lab.METRICS[name].mark, transform: `translate(${x} ${y})`, ...paint }, parent);
  }

  Lab.Curves = class Curves {
    constructor(parent, title) {
      this.title = title;
      this.reports = [];
      this.svg = element("svg", { role: "img", class: "lab-curves" }, parent);
      const table = element("table", { class: "lab-values" }, parent);
      this.caption = element("caption", {}, table);
      const body = element("tbody", {}, table);
      this.cells = Object.entries(Lab.METRICS).map(([name, { label }]) => {
        const row = element("tr", {}, body), head = element("th", { scope: "row" }, row);
        const swatch = element("svg", { viewBox: "0 0 44 12", class: "lab-swatch", "aria-hidden": "true" }, head);
        element("path", { ...line(name), d: "M0 6H44" }, swatch);
        mark(name, 22, 6, swatch);
        head.append(label);
        return [name, element("td", {}, row)];
      });
      const row = element("tr", {}, body), head = element("th", { scope: "row" }, row);
      const swatch = element("svg", { viewBox: "0 0 44 12", class: "lab-swatch", "aria-hidden": "true" }, head);
      element("path", { d: "M0 6H44", ...DOTTED }, swatch);
      head.append("share of right labels");
      this.right = element("td", {}, row);
    }

    /* reports: {epoch, values}, in order; last: the end of the axis; noise: the share of wrong labels; phases: of the loss. */
    draw(reports, last, noise, phases) {
      Object.assign(this, { reports, last, noise, phases });
      const width = Math.max(240, this.svg.clientWidth || this.svg.getBoundingClientRect().width), height = 200;
      const [left, right, top, bottom] = [38, width - 12, 14, height - 38];
      this.x = (epoch) => left + ((right - left) * epoch) / Math.max(1, last);
      this.y = (value) => bottom + (top - bottom) * value;
      this.svg.replaceChildren();
      this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      this.axes(left, right, top, bottom, height);
      for (const name of Object.keys(Lab.METRICS)) this.curve(name);
      this.tell();
    }

    text(attributes, words) {
      return element("text", attributes, this.svg, words);
    }

    axes(left, right, top, bottom, height) {
      const { x, y, svg, last } = this, middle = { "text-anchor": "middle" };
      for (const value of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
        element("line", { x1: left, x2: right, y1: y(value), y2: y(value), stroke: "var(--lab-line)" }, svg);
        this.text({ x: left - 5, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(1));
      }
      const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000].find((s) => last / s <= 5) || 5000;
      for (let epoch = 0; epoch <= last; epoch += step) this.text({ x: x(epoch), y: bottom + 17, ...middle }, String(epoch));
      this.text({ x: (left + right) / 2, y: height - 4, ...middle }, "epoch");
      element("path", { d: `M${left} ${y(1 - this.noise)}H${right}`, ...DOTTED }, svg);
      for (const phase of this.phases.slice(1)) {
        if (phase.from > last) continue;
        const at = x(phase.from), late = phase.from > last / 2;
        element("line", { x1: at, x2: at, y1: top, y2: bottom, stroke: "currentColor" }, svg);
        this.text({ x: at + (late ? -4 : 4), y: top - 3, "text-anchor": late ? "end" : "start", class: "lab-small" },
          `then ${Lab.lossName(phase)}`);
      }
    }

    curve(name) {
      const points = this.reports.filter(({ values }) => Number.isFinite(values[name]))
        .map(({ epoch, values }) => [this.x(epoch).toFixed(1), this.y(values[name]).toFixed(1)]);
      if (!points.length) return;
      element("path", { ...line(name), d: "M" + points.map((point) => point.join(" ")).join("L") }, this.svg);
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
      const words = Object.entries(Lab.METRICS).map(([name, { label }]) => `${label} ${Lab.fraction(values[name])}`);
      this.svg.setAttribute("aria-label", `${this.title}: curves over epochs. After epoch ${epoch}: ${words.join("; ")}.`);
    }
  };
})();
