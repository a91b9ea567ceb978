/* The part of a run's box that shows its mislabeled examples, and tells of one of them. */
(function () {
  "use strict";

  const { element } = Lab;
  const SIGNS = { memorized: "✕", recovered: "✓", neither: "?" };

  Object.assign(Lab.Side.prototype, {
    pictureParts() {
      this.legend = element("ul", { class: "lab-legend" }, this.box);
      this.canvas = element("canvas", { role: "img", class: "lab-picture" }, this.box);
      this.canvas.addEventListener("click", (event) => {
        const box = this.canvas.getBoundingClientRect(), i = this.picture.at(event.clientX - box.left, event.clientY - box.top);
        if (i >= 0 && i < this.shown.length) this.pick(i);
      });
      this.picture = this.panel.tab === "digits" ? new Lab.Wall(this.canvas) : new Lab.Disc(this.canvas);
      const label = element("label", { class: "lab-pick" }, this.box, "One of them (or click on it)");
      this.slider = element("input", { type: "range", min: 1, step: 1, name: "example" }, label);
      this.slider.addEventListener("input", () => this.pick(Number(this.slider.value) - 1));
      this.told = element("output", { class: "lab-told" }, this.box);
      this.more = element("button", { type: "button", name: "all" }, this.box);
      this.more.addEventListener("click", () => {
        this.all = !this.all;
        this.redraw();
      });
    },

    pick(i) {
      this.picked = i;
      this.redraw();
    },

    drawPicture(most) {
      const { examples } = this, digits = this.panel.tab === "digits", cut = digits && !this.all;
      this.shown = cut ? examples.slice(0, most) : [...examples];
      if (digits) this.shown.sort((a, b) => a.label - b.label);
      this.picked = Math.min(this.picked, Math.max(0, this.shown.length - 1));
      if (digits) this.picture.draw(this.shown, this.run.train, this.picked);
      else this.picture.draw(this.problem, this.run, this.shown, this.picked);
      this.more.hidden = !digits || examples.length <= most;
      this.more.textContent = this.all ? `Show ${most}` : `Show all ${examples.length}`;
      this.count();
      this.tell();
    },

    /* How many are memorized, recovered, neither: as text, and as the description of the picture. */
    count() {
      const counts = Object.keys(Lab.FATES).map((fate) => [fate, this.examples.filter((example) => example.fate === fate).length]);
      this.legend.replaceChildren(...counts.map(([fate, count]) => {
        const item = element("li", {});
        element("span", { class: `lab-sign lab-${fate}`, "aria-hidden": "true" }, item, SIGNS[fate]);
        item.append(` ${count} ${fate}`);
        return item;
      }));
      const words = counts.map(([fate, count]) => `${count} ${fate}`).join(", ");
      const what = this.panel.tab === "digits" ? `${this.shown.length} mislabeled digits, in frames` : "Points of a disc over the classes answered";
      this.canvas.setAttribute("aria-label", `Run ${this.letter}: ${what}. Of all ${this.examples.length} mislabeled: ${words}.`);
    },

    tell() {
      const example = this.shown[this.picked];
      this.slider.parentElement.hidden = !example;
      this.slider.max = Math.max(1, this.shown.length);
      this.slider.value = this.picked + 1;
      if (!example) {
        this.told.textContent = "No label is wrong.";
        return;
      }
      const kind = this.panel.tab === "digits" ? "A" : "A point of class", answer = this.run.train[example.index];
      const fate = example.fate === "neither" ? "neither memorized nor recovered" : example.fate;
      this.told.textContent = `${this.picked + 1} of ${this.shown.length}. ${kind} ${example.label}, labeled ${example.given}. `
        + `The network answers ${answer}: ${fate} since epoch ${example.since}.`;
    },
  });
})();
