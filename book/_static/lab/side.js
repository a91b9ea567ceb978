/* One of the two runs: its choices, its curves, its examples, and the run itself. */
(function () {
  "use strict";

  const { element } = Lab;

  Lab.Side = class Side {
    /* panel: of Lab.Panel, whose state holds the settings {phases, eta, lr, n}; i: 0 or 1. */
    constructor(panel, i, parent) {
      Object.assign(this, { panel, i, letter: Lab.SIDES[i], tab: Lab.TABS[panel.tab] });
      Object.assign(this, { digits: panel.tab === "digits", reports: [], picked: 0, all: false });
      this.box = element("fieldset", { class: "lab-side" }, parent);
      element("legend", {}, this.box, `Run ${this.letter}`);
      this.choiceParts();
      this.outcome = element("div", { hidden: "" }, this.box);  // until there is one
      this.curves = new Lab.Curves(this.outcome, `Run ${this.letter}`);
      this.exampleParts(this.outcome);
    }

    get settings() {
      return this.panel.state.sides[this.i];
    }

    get epoch() {
      return this.reports.length ? this.reports[this.reports.length - 1].epoch : 0;
    }

    get underWay() {
      return this.epoch > 0 && (this.running || this.epoch < this.panel.state.epochs);
    }

    /* The loss that trains now, or will when training begins. */
    get phase() {
      return this.settings.phases.filter((phase) => phase.from <= this.epoch).pop();
    }

    /* Begins the run anew; it waits at epoch 0. */
    start() {
      this.engine = this.engine || new Lab.Engine((message) => this[message.type](message));
      Object.assign(this, { reports: [], run: null, running: false });
      this.fill();
      const { tab, state } = this.panel;
      this.engine.reset({ problem: tab, seed: state.seed, ...this.settings });
    }

    train(until) {
      this.running = true;
      this.engine.train(until);
    }

    stop() {
      this.engine.stop();
    }

    redraw() {
      if (this.drawing) return;
      this.drawing = requestAnimationFrame(() => {
        this.drawing = null;
        if (!this.run || !this.reports.length) return;
        this.outcome.hidden = false;
        const last = Math.max(this.panel.state.epochs, this.epoch);
        this.curves.draw(this.reports, last, this.run.noise, this.settings.phases);
        this.drawExamples();
      });
    }

    /* What the engine answers, by the answer's type. */
    begin({ given, labels }) {
      this.find(given, labels);
      this.run = { given, noise: this.examples.length / given.length };
    }

    report({ epoch, values, train, test }) {
      this.reports.push({ epoch, values });
      Object.assign(this.run, { train, test });
      this.follow(train, epoch);
      if (this.phase !== this.filled) this.fill();  // another loss has taken over, as planned
      this.redraw();
    }

    phases({ phases }) {
      this.settings.phases = phases;
      this.panel.say(`Run ${this.letter}: ${Lab.lossName(phases[phases.length - 1])} takes over.`);
      this.panel.changed();
      this.fill();
    }

    rest() {
      this.running = false;
      this.panel.rested();
    }
  };
  Object.assign(Lab.Side.prototype, Lab.choices, Lab.examples);
})();
