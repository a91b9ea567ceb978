/* One of the two runs: its choices, its curves, its picture, and the run itself. */
(function () {
  "use strict";

  const { element } = Lab;
  const SHOWN = 72;  // digits on the wall before the reader asks for all

  Lab.Side = class Side {
    /* panel: of Lab.Panel; i: 0 or 1; settings: {phases, eta, lr, n}, changed by the reader's choices. */
    constructor(panel, i, parent) {
      Object.assign(this, { panel, letter: Lab.SIDES[i], tab: Lab.TABS[panel.tab], reports: [], picked: 0, all: false });
      this.box = element("fieldset", { class: "lab-side" }, parent);
      element("legend", {}, this.box, `Run ${this.letter}`);
      this.controls();
      this.plan = element("p", { class: "lab-plan" }, this.box);
      this.curves = new Lab.Curves(this.box, `Run ${this.letter}`);
      this.pictureParts();
    }

    get settings() {
      return this.panel.state.sides[this.panel.sides.indexOf(this)];
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

    controls() {
      const grid = element("div", { class: "lab-choices" }, this.box);
      const labeled = (text, name, attributes) => element(name, attributes, element("label", {}, grid, text));
      this.loss = labeled("Loss", "select", { name: "loss" });
      for (const [name, { name: shown }] of Object.entries(Lab.LOSSES)) this.loss.append(new Option(shown, name));
      this.loss.addEventListener("change", () => this.choose(Lab.phase(this.loss.value)));
      this.lists = [["eta", "Noise rate η"], ["lr", "Learning rate"], ["n", this.tab.count]].map(([name, text]) => {
        const select = labeled(text, "select", { name });
        select.addEventListener("change", () => {
          this.settings[name] = Number(select.value);
          this.restart();
        });
        return [name, select];
      });
      this.parameter = labeled("α", "input", { name: "parameter", type: "number", step: "any" });
      this.parameter.addEventListener("change", () => this.chooseParameter());
    }

    chooseParameter() {
      if (this.parameter.value && this.parameter.checkValidity()) {
        this.choose(Lab.phase(this.phase.name, Number(this.parameter.value)));
      } else {
        this.panel.say(`Run ${this.letter}: ${this.parameter.validationMessage || "a number is needed"}`);
        this.fill();
      }
    }

    /* A loss: while a run is under way it takes over from here, else the run begins anew with it. */
    choose(loss) {
      if (this.underWay) {
        this.engine.switchTo(loss);
      } else {
        this.settings.phases = [loss];
        this.restart();
      }
    }

    restart() {
      this.start();
      this.panel.changed();
    }

    /* The controls and the plan, as the settings are. */
    fill() {
      const { phase, settings } = this, declared = Lab.LOSSES[phase.name].parameter;
      this.filled = phase;
      this.loss.value = phase.name;
      this.parameter.parentElement.style.visibility = declared ? "" : "hidden";  // its place stays, so that both runs align
      if (declared) {
        this.parameter.parentElement.firstChild.textContent = declared.symbol;
        Object.assign(this.parameter, { min: declared.min, max: declared.max, value: phase.parameter });
      } else Object.assign(this.parameter, { min: "", max: "", value: "" });
      for (const [name, select] of this.lists) {
        const values = [...new Set([...this.tab[name], settings[name]])].sort((a, b) => a - b);
        select.replaceChildren(...values.map((value) => new Option(value.toLocaleString("en", { maximumFractionDigits: 6 }), value)));
        select.value = settings[name];
      }
      this.fillPlan();
    }

    fillPlan() {
      const [first, ...later] = this.settings.phases;
      const words = later.map((phase) => `, then ${Lab.lossName(phase)} after epoch ${phase.from}`).join("");
      this.plan.replaceChildren(`${Lab.lossName(first)}${words || " from the first epoch to the last"}. `);
      if (!later.length) return;
      const button = element("button", { type: "button" }, this.plan, "Without the switch");
      button.addEventListener("click", () => {
        this.settings.phases = [first];
        this.restart();
        this.loss.focus();
      });
    }

    /* Begins the run anew; it waits at epoch 0. */
    start() {
      this.engine = this.engine || new Lab.Engine((message) => this.listen(message));
      Object.assign(this, { reports: [], run: null, running: false });
      this.fill();
      this.engine.reset({ problem: this.panel.tab, seed: this.panel.state.seed, ...this.settings });
    }

    train(until) {
      this.running = true;
      this.engine.train(until);
    }

    stop() {
      this.engine.stop();
    }

    listen(message) {
      const answers = {
        start: ({ given, labels }) => this.begin(given, labels),
        phases: ({ phases }) => {
          this.settings.phases = phases;
          this.panel.say(`Run ${this.letter}: ${Lab.lossName(phases[phases.length - 1])} takes over.`);
          this.panel.changed();
          this.fill();
        },
        report: (report) => {
          this.reports.push({ epoch: report.epoch, values: report.values });
          Object.assign(this.run, { train: report.train, test: report.test });
          this.follow(report.epoch);
          if (this.phase !== this.filled) this.fill();
          this.redraw();
        },
        rest: () => {
          this.running = false;
          this.panel.rested();
        },
      };
      answers[message.type](message);
    }

    begin(given, labels) {
      const wrong = Array.from(given.keys()).filter((i) => given[i] !== labels[i]);
      this.examples = wrong.map((index) => ({ index, given: given[index], label: labels[index], fate: null, since: 0 }));
      this.run = { given, noise: wrong.length / given.length };
      if (this.panel.tab === "plane") this.problem = Lab.PROBLEMS.plane(this.settings.n, this.panel.state.seed);
    }

    /* Since when each mislabeled example has been what it is. */
    follow(epoch) {
      for (const example of this.examples) {
        const fate = Lab.fate(this.run.train[example.index], example.given, example.label);
        if (fate !== example.fate) Object.assign(example, { fate, since: epoch });
      }
    }

    redraw() {
      if (this.frame) return;
      this.frame = requestAnimationFrame(() => {
        this.frame = null;
        if (!this.run || !this.reports.length) return;
        this.curves.draw(this.reports, Math.max(this.panel.state.epochs, this.epoch), this.run.noise, this.settings.phases);
        this.drawPicture(SHOWN);
      });
    }
  };
})();
