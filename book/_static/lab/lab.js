/* The lab: two tabs of two runs each, the buttons that drive them, and the address that holds the choice. */
(function () {
  "use strict";

  const { element } = Lab, root = document.getElementById("lab");
  if (!root) return;

  /* One tab: the buttons, and its two runs. */
  Lab.Panel = class Panel {
    constructor(tab, parent) {
      Object.assign(this, { tab, state: Lab.firstState(tab), shown: false, sides: [] });
      this.box = element("div", { role: "tabpanel", id: `lab-panel-${tab}`, "aria-labelledby": `lab-tab-${tab}` }, parent);
      this.toolbar();
      const both = element("div", { class: "lab-sides" }, this.box);
      for (const i of [0, 1]) this.sides.push(new Lab.Side(this, i, both));
      this.fill();
    }

    fill() {
      for (const [name, input] of this.numbers) input.value = this.state[name];
    }

    toolbar() {
      const bar = element("div", { class: "lab-bar" }, this.box);
      const button = (name, text, act) => {
        const made = element("button", { type: "button", name }, bar, text);
        made.addEventListener("click", act);
        return made;
      };
      this.trainButton = button("train", "Train", () => (this.running ? this.stop() : this.train()));
      button("step", "Step", () => this.step());
      button("reset", "Reset", () => this.reset());
      const { longest } = Lab.TABS[this.tab];
      this.numbers = [["epochs", "Epochs", 1, longest], ["seed", "Seed", 0, 2 ** 31 - 1]].map(([name, text, min, max]) => {
        const input = element("input", { type: "number", name, min, max, step: 1 }, element("label", {}, bar, text));
        input.addEventListener("change", () => this.choose(name, input));
        return [name, input];
      });
      this.said = element("p", { role: "status", class: "lab-said" }, bar);
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
        input.value = this.state[name];
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
      const { epochs } = this.state, behind = () => this.sides.filter((side) => side.epoch < epochs);
      if (!behind().length) for (const side of this.sides) side.start();
      this.go(behind(), epochs);
    }

    go(sides, until) {
      for (const side of sides) side.train(until);
      this.trainButton.textContent = "Stop";
      this.say("Training.");
    }

    stop() {
      for (const side of this.sides) if (side.running) side.stop();
    }

    /* One evaluation further; a run that is ahead waits for the other. */
    step() {
      if (this.running) return;
      const least = Math.min(...this.sides.map((side) => side.epoch));
      this.go(this.sides.filter((side) => side.epoch === least), least + Lab.EVERY[this.tab]);
    }

    /* When nothing trains any more: what came of it. */
    rested() {
      if (this.running) return;
      this.trainButton.textContent = "Train";
      if (!this.sides.some((side) => side.epoch)) return;
      this.say(this.sides.filter((side) => side.reports.length).map((side) => {
        const { memorized, test_accuracy: tested } = side.reports[side.reports.length - 1].values;
        return `Run ${side.letter}, ${Lab.lossName(side.phase)}, after epoch ${side.epoch}: `
          + `memorized ${Lab.fraction(memorized)}, test accuracy ${Lab.fraction(tested)}.`;
      }).join(" "));
    }

    changed() {
      if (this.shown) history.replaceState(null, "", Lab.toHash(this.state));
    }

    show(shown) {
      this.shown = shown;
      this.box.hidden = !shown;
      if (!shown) this.stop();
      for (const side of this.sides) {
        if (shown && !side.engine) side.start();
        side.redraw();
      }
    }
  };

  const list = element("div", { role: "tablist", "aria-label": "What is learned", class: "lab-tabs" }, root);
  const panels = {}, tabs = {};
  for (const [tab, { title }] of Object.entries(Lab.TABS)) {
    tabs[tab] = element("button", { role: "tab", id: `lab-tab-${tab}`, type: "button", "aria-controls": `lab-panel-${tab}` }, list, title);
    tabs[tab].addEventListener("click", () => {
      open(tab);
      panels[tab].changed();
    });
    panels[tab] = new Lab.Panel(tab, root);
  }

  function open(chosen) {
    for (const [tab, button] of Object.entries(tabs)) {
      button.setAttribute("aria-selected", String(tab === chosen));
      button.tabIndex = tab === chosen ? 0 : -1;
      panels[tab].show(tab === chosen);
    }
  }

  list.addEventListener("keydown", (event) => {
    const names = Object.keys(tabs), at = names.findIndex((name) => tabs[name] === document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const tab = tabs[names[(to + names.length) % names.length]];
    tab.focus();
    tab.click();
  });

  /* An address that begins with #tab= is a choice; any other leads to a place on the page, and is left alone. */
  function read() {
    if (!location.hash.startsWith("#tab=")) return false;
    const { state, wrong } = Lab.fromHash(location.hash);
    open(state.tab);
    panels[state.tab].take(state);
    if (wrong.length) panels[state.tab].say(wrong.join(" "));
    return true;
  }
  if (!read()) open("digits");
  window.addEventListener("hashchange", () => {
    if (read()) root.scrollIntoView();
  });

  const redraw = () => Object.values(panels).forEach((panel) => panel.shown && panel.sides.forEach((side) => side.redraw()));
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  let width = 0;
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === width) return;
    width = contentRect.width;
    redraw();
  }).observe(root);
  document.documentElement.classList.add("lab-live");
})();
