/* The part of a run's box that shows its mislabeled examples, and tells of one of them. */
(function () {
  "use strict";

  const { element } = Lab, SIGNS = { memorized: "✕", recovered: "✓", neither: "?" };
  const SHOWN = 72;  // digits on the wall before the reader asks for all

  /* A mixin of Lab.Side. */
  Lab.examples = {
    exampleParts(parent) {
      this.legend = element("ul", { class: "lab-legend" }, parent);
      this.canvas = element("canvas", { role: "img", class: "lab-picture" }, parent);
      this.canvas.addEventListener("click", (event) => {
        const { left, top } = this.canvas.getBoundingClientRect();
        const i = this.picture.at(event.clientX - left, event.clientY - top);
        if (i >= 0 && i < this.shown.length) this.pick(i);
      });
      this.picture = new (this.digits ? Lab.Wall : Lab.Disc)(this.canvas);
      const words = "One of them (or click on it)";
      const label = element("label", { class: "lab-pick" }, parent, words);
      this.slider = element("input", { type: "range", min: 1, step: 1, name: "example" }, label);
      this.slider.addEventListener("input", () => this.pick(Number(this.slider.value) - 1));
      this.told = element("output", { class: "lab-told" }, parent);
      this.more = element("button", { type: "button", name: "all" }, parent);
      this.more.addEventListener("click", () => {
        this.all = !this.all;
        this.redraw();
      });
    },

    /* The mislabeled examples of a run that begins. */
    find(given, labels) {
      const wrong = Array.from(given.keys()).filter((i) => given[i] !== labels[i]);
      this.examples = wrong.map((index) => (
        { index, given: given[index], label: labels[index], fate: null, since: 0 }
      ));
      const { n } = this.settings, { seed } = this.panel.state;
      if (!this.digits) this.problem = Lab.PROBLEMS.plane(n, seed);
    },

    /* Since when each of them has been what it is. */
    follow(answers, epoch) {
      for (const example of this.examples) {
        const fate = Lab.fate(answers[example.index], example.given, example.label);
        if (fate !== example.fate) Object.assign(example, { fate, since: epoch });
      }
    },

    pick(i) {
      this.picked = i;
      this.redraw();
    },

    drawExamples() {
      const { examples, digits, run } = this;
      this.shown = digits && !this.all ? examples.slice(0, SHOWN) : [...examples];
      if (digits) this.shown.sort((a, b) => a.label - b.label);
      this.picked = Math.min(this.picked, Math.max(0, this.shown.length - 1));
      if (digits) this.picture.draw(this.shown, run.train, this.picked);
      else this.picture.draw(this.problem, run, this.shown, this.picked);
      this.more.hidden = !digits || examples.length <= SHOWN;
      this.more.textContent = this.all ? `Show ${SHOWN}` : `Show all ${examples.length}`;
      this.count();
      this.tell();
    },

    /* How many are memorized, recovered, neither: as text, and as the picture's description. */
    count() {
      const { examples, shown } = this, counts = { memorized: 0, recovered: 0, neither: 0 };
      for (const { fate } of examples) counts[fate] += 1;
      this.legend.replaceChildren(...Object.entries(counts).map(([fate, count]) => {
        const item = element("li"), look = { class: `lab-sign lab-${fate}`, "aria-hidden": "true" };
        element("span", look, item, SIGNS[fate]);
        item.append(` ${count} ${fate}`);
        return item;
      }));
      const wall = `${shown.length} mislabeled digits, in frames`;
      const what = this.digits ? wall : "Points of a disc over the classes that are answered";
      const words = Object.entries(counts).map(([fate, count]) => `${count} ${fate}`).join(", ");
      const all = `Of all ${examples.length} mislabeled: ${words}.`;
      this.canvas.setAttribute("aria-label", `Run ${this.letter}: ${what}. ${all}`);
    },

    tell() {
      const { shown, picked, slider } = this, example = shown[picked];
      slider.parentElement.hidden = !example;
      slider.max = Math.max(1, shown.length);
      slider.value = picked + 1;
      if (!example) {
        this.told.textContent = "No label is wrong.";
        return;
      }
      const { label, given, fate, since, index } = example;
      const kind = this.digits ? "A" : "A point of class", answer = this.run.train[index];
      const became = fate === "neither" ? "neither memorized nor recovered" : fate;
      const what = `${kind} ${label}, labeled ${given}`;
      this.told.textContent = `${picked + 1} of ${shown.length}. ${what}. `
        + `The network answers ${answer}: ${became} since epoch ${since}.`;
    },
  };
})();
