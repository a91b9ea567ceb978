/* One tab of the lab: the buttons, and its two runs. */
(function () {
  "use strict";

  const { element } = Lab;

  Lab.Panel = class Panel {
    constructor(tab, parent) {
      Object.assign(this, { tab, state: Lab.firstState(tab), shown: false, sides: [] });
      const id = `lab-panel-${tab}`, label = `lab-tab-${tab}`;
      this.box = element("div", { role: "tabpanel", id, "aria-labelledby": label }, parent);
      this.bar = element("div", { class: "lab-bar" }, this.box);
      this.buttons();
      this.numbers();
      this.said = element("p", { role: "status", class: "lab-said" }, this.bar);
      const both = element("div", { class: "lab-sides" }, this.box);
      this.sides = Lab.SIDES.map((_, i) => new Lab.Side(this, i, both));
      this.fill();
    }

    buttons() {
      const button = (name, text, act) => {
        const made = element("button", { type: "button", name }, this.bar, text);
        made.addEventListener("click", act);
        return made;
      };
      const trainOrStop = () => (this.running ? this.stop() : this.train());
      this.trainButton = button("train", "Train", trainOrStop);
      button("step", "Step", () => this.step());
      button("reset", "Reset", () => this.reset());
    }

    numbers() {
      const ranges = { epochs: [1, Lab.TABS[this.tab].longest], seed: [0, Lab.LARGEST_SEED] };
      this.inputs = Object.entries(ranges).map(([name, [min, max]]) => {
        const label = element("label", {}, this.bar, name[0].toUpperCase() + name.slice(1));
        const input = element("input", { type: "number", name, min, max, step: 1 }, label);
        input.addEventListener("change", () => this.choose(name, input));
        return [name, input];
      });
    }

    fill() {
      for (const [name, input] of this.inputs) input.value = this.state[name];
    }

    get running() {
      return this.sides.some((side) => side.running);
    }

    say(text) {
      this.said.textContent = text;
    }

    /* The number of epochs only says when to stop; another seed begins both runs anew. */
    choose(name, input) {
      if (!input.value || !input.checkValidity()) {
        this.say(input.validationMessage || "A number is needed.");
        this.fill();
        return;
      }
      this.state[name] = Number(input.value);
      if (name === "seed") this.reset();
      else if (this.running) this.train();
      this.changed();
      for (const side of this.sides) side.redraw();
    }

    /* Takes a state over, and shows it at epoch 0. */
    take(state) {
      this.state = state;
      this.fill();
      this.reset();
    }

    reset() {
      for (const side of this.sides) side.start();
      this.rested();
      this.say("Both runs wait at epoch 0.");
    }

    /* To the last epoch; from the first, where both runs have reached it. */
    train() {
      const { epochs } = this.state;
      const behind = () => this.sides.filter((side) => side.epoch < epochs);
      if (!behind().length) for (const side of this.sides) side.start();
      this.go(behind(), epochs);
    }

    /* One evaluation further; a run that is ahead waits for the other. */
    step() {
      if (this.running) return;
      const least = Math.min(...this.sides.map((side) => side.epoch));
      const behind = this.sides.filter((side) => side.epoch === least);
      this.go(behind, least + Lab.EVERY[this.tab]);
    }

    go(sides, until) {
      for (const side of sides) side.train(until);
      this.trainButton.textContent = "Stop";
      this.say("Training.");
    }

    stop() {
      for (const side of this.sides) if (side.running) side.stop();
    }

    /* When nothing trains any more: what came of it. */
    rested() {
      if (this.running) return;
      this.trainButton.textContent = "Train";
      if (!this.sides.some((side) => side.epoch)) return;
      const trained = this.sides.filter((side) => side.reports.length);
      this.say(trained.map((side) => {
        const { memorized, test_accuracy: tested } = side.reports[side.reports.length - 1].values;
        return `Run ${side.letter}, ${Lab.lossName(side.phase)}, after epoch ${side.epoch}: `
          + `memorized ${Lab.fraction(memorized)}, test accuracy ${Lab.fraction(tested)}.`;
      }).join(" "));
    }

    changed() {
      if (this.shown) history.replaceState(null, "", Lab.toHash(this.state));
    }

    redraw() {
      if (this.shown) for (const side of this.sides) side.redraw();
    }

    show(shown) {
      this.shown = shown;
      this.box.hidden = !shown;
      if (!shown) this.stop();
      for (const side of this.sides) if (shown && !side.engine) side.start();
      this.redraw();
    }
  };
})();
