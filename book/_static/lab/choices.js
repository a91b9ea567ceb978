/* The part of a run's box in which its settings are chosen. */
(function () {
  "use strict";

  const { element } = Lab;

  /* A mixin of Lab.Side. */
  Lab.choices = {
    choiceParts() {
      const grid = element("div", { class: "lab-choices" }, this.box);
      const labeled = (text, name, attributes) => (
        element(name, attributes, element("label", {}, grid, text))
      );
      this.loss = labeled("Loss", "select", { name: "loss" });
      const names = Object.entries(Lab.LOSSES);
      this.loss.append(...names.map(([name, loss]) => new Option(loss.name, name)));
      this.loss.addEventListener("change", () => this.choose(Lab.phase(this.loss.value)));
      const lists = { eta: "Noise rate η", lr: "Learning rate", n: this.tab.count };
      this.lists = Object.entries(lists).map(([name, text]) => {
        const select = labeled(text, "select", { name });
        select.addEventListener("change", () => {
          this.settings[name] = Number(select.value);
          this.restart();
        });
        return [name, select];
      });
      this.parameter = labeled("α", "input", { name: "parameter", type: "number", step: "any" });
      this.parameter.addEventListener("change", () => this.chooseParameter());
      this.plan = element("p", { class: "lab-plan" }, this.box);
    },

    /* A loss: while a run is under way it takes over, else the run begins anew with it. */
    choose(loss) {
      if (this.underWay) {
        this.engine.switchTo(loss);
      } else {
        this.settings.phases = [loss];
        this.restart();
      }
    },

    chooseParameter() {
      const { parameter } = this;
      if (parameter.value && parameter.checkValidity()) {
        this.choose(Lab.phase(this.phase.name, Number(parameter.value)));
      } else {
        const why = parameter.validationMessage || "a number is needed";
        this.panel.say(`Run ${this.letter}: ${why}`);
        this.fill();
      }
    },

    restart() {
      this.start();
      this.panel.changed();
    },

    /* Sets the controls to the settings. */
    fill() {
      const { phase, settings, parameter } = this, declared = Lab.LOSSES[phase.name].parameter;
      this.filled = phase;
      this.loss.value = phase.name;
      // Its place stays where a loss has none, so that both runs align.
      parameter.parentElement.style.visibility = declared ? "" : "hidden";
      const { min, max, symbol } = declared || { min: "", max: "", symbol: "α" };
      parameter.parentElement.firstChild.textContent = symbol;
      Object.assign(parameter, { min, max, value: phase.parameter ?? "" });
      for (const [name, select] of this.lists) {
        const values = new Set([...this.tab[name], settings[name]]);
        const text = (value) => value.toLocaleString("en", { maximumFractionDigits: 6 });
        const sorted = [...values].sort((a, b) => a - b);
        select.replaceChildren(...sorted.map((value) => new Option(text(value), value)));
        select.value = settings[name];
      }
      this.fillPlan();
    },

    /* In words: which loss trains, and which takes over when. */
    fillPlan() {
      const [first, ...later] = this.settings.phases;
      const words = later.map((phase) => `, then ${Lab.lossName(phase)} after epoch ${phase.from}`);
      const rest = later.length ? words.join("") : " from the first epoch to the last";
      this.plan.replaceChildren(`${Lab.lossName(first)}${rest}. `);
      if (!later.length) return;
      const button = element("button", { type: "button" }, this.plan, "Without the switch");
      button.addEventListener("click", () => {
        this.settings.phases = [first];
        this.restart();
        this.loss.focus();
      });
    },
  };
})();
