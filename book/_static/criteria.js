/* The criteria moved: a slider for each threshold, and the verdicts on the page follow. Nothing is
   judged here: every verdict was judged when the book was built (memutils.report.claims.criteria), and is
   looked up. */
(function () {
  "use strict";

  const { element } = self.memutilsPage;

  const FOLLOWING = Node.DOCUMENT_POSITION_FOLLOWING;
  const number = (digit) => parseInt(digit, 36);

  /* What was judged. A choice is a Map from a threshold's name to a place among its values; a
     threshold that is not in it is ours. */
  class Table {
    constructor(data) {
      Object.assign(this, data);
      this.threshold = Object.fromEntries(this.thresholds.map((one) => [one.name, one]));
    }

    concerns(name, claim) {
      const { claims } = this.threshold[name];
      return !claims.length || claims.includes(claim);
    }

    /* Whether two thresholds may be moved at once: they were, or no claim hangs on both. */
    compatible(a, b) {
      const [of, others] = [a, b].map((name) => this.threshold[name].claims);
      const apart = of.length && others.length && !of.some((claim) => others.includes(claim));
      return apart || this.groups.some((group) => group.includes(a) && group.includes(b));
    }

    moved(choice, claim) {
      return [...choice.keys()].filter((name) => this.concerns(name, claim));
    }

    /* The place among the words of verdict i. */
    word(choice, i) {
      const { claim, place } = this.verdicts[i], moved = this.moved(choice, claim), [name] = moved;
      if (!moved.length) return number(this.usual[i]);
      if (moved.length === 1) return number(this.threshold[name].words[choice.get(name)][i]);
      const grid = this.together.find(({ claim: its, thresholds }) => (
        its === claim && moved.every((one) => thresholds.includes(one))
      ));
      const row = grid.thresholds.reduce((before, one) => {
        const { values, ours } = this.threshold[one];
        return before * values.length + (choice.get(one) ?? ours);
      }, 0);
      return number(grid.words[row][place]);
    }

    /* The verdicts that a choice changes: {i, from, to}, words by their places. */
    changes(choice) {
      const from = [...this.usual].map(number);
      const found = from.map((usual, i) => ({ i, from: usual, to: this.word(choice, i) }));
      return found.filter((change) => change.from !== change.to);
    }

    toHash(choice) {
      const pairs = [...choice].map(([name, at]) => `${name}=${this.threshold[name].values[at]}`);
      return "#" + pairs.join("&");
    }

    /* What an address says: moves as [name, place], and a sentence for everything in it that cannot
       be. */
    fromHash(hash) {
      const moves = [], wrong = [];
      for (const pair of hash.slice(1).split("&").filter(Boolean)) {
        const [name, value] = pair.split(/=(.*)/s);
        const values = Object.hasOwn(this.threshold, name) ? this.threshold[name].values : [];
        const at = values.indexOf(Number(value)), offered = values.join(", ");
        if (at >= 0) moves.push([name, at]);
        else if (offered) wrong.push(`The address has ${name} = ${value}, not one of ${offered}.`);
        else wrong.push(`The address names a threshold “${name}”, which is not on this page.`);
      }
      return { moves, wrong };
    }
  }

  /* The words of the verdicts where they stand: in the strip, in a claim's heading and below it. */
  class Page {
    constructor(table) {
      this.table = table;
      const strip = document.querySelectorAll("table.strip tbody tr");
      const lines = [...document.querySelectorAll("table.evidence")];
      const after = (claim) => {
        const heading = document.getElementById(`claim-${claim}`);
        const below = (line) => heading.compareDocumentPosition(line) & FOLLOWING;
        return heading && lines.find(below);
      };
      this.places = table.verdicts.map(({ claim, place, row, cell }) => {
        const line = after(claim)?.querySelectorAll("tbody tr")[place];
        const found = [strip[row]?.querySelectorAll("td")[cell], line]
          .map((around) => around?.querySelector(".verdict"));
        return found.filter(Boolean).map((badge) => (
          { badge, usual: [...badge.childNodes], name: badge.className }
        ));
      });
      this.headings = new Map();
      table.verdicts.forEach(({ claim }, i) => {
        const heading = document.getElementById(`claim-${claim}`);
        if (!heading) return;
        const own = this.headings.get(heading) || { usual: [...heading.childNodes], of: [] };
        own.of.push(i);
        this.headings.set(heading, own);
      });
    }

    label({ word, symbol }) {
      return element("b", {}, null, `${symbol} ${word}`);
    }

    /* Shows a choice's words. What stands below a word (seeds, inconclusive runs) is of our
       thresholds, and shown with these alone. */
    show(choice) {
      const { table } = this, { verdicts, words } = table;
      const now = verdicts.map((_, i) => words[table.word(choice, i)]);
      const changed = new Map(table.changes(choice).map(({ i, from }) => [i, words[from]]));
      verdicts.forEach(({ claim }, i) => {
        const touched = table.moved(choice, claim).length > 0, ours = changed.get(i);
        const kinds = ["verdict", now[i].kind, ...(ours ? ["criteria-changed"] : [])].join(" ");
        for (const { badge, usual, name } of this.places[i]) {
          badge.className = touched ? kinds : name;
          badge.replaceChildren(...(touched ? [this.label(now[i])] : usual));
          if (ours) element("small", {}, badge, `ours: ${ours.word}`);
        }
      });
      for (const [heading, { usual, of }] of this.headings) {
        const own = [...new Set(of.map((i) => now[i]))].flatMap((word) => {
          const badge = element("span", { class: `verdict ${word.kind}` });
          badge.append(this.label(word));
          return [" ", badge];
        });
        const other = of.some((i) => changed.has(i));
        heading.replaceChildren(...(other ? [usual[0], ...own] : usual));
      }
    }
  }

  /* A threshold's slider, with a dot for each value, filled where a verdict changes. */
  class Slider {
    constructor(panel, threshold, parent) {
      Object.assign(this, { panel, threshold });
      const { name, meaning, claims, values, ours } = threshold;
      this.box = element("div", { class: "criteria-one" }, parent);
      const label = element("label", {}, this.box, `${meaning} `);
      element("small", {}, label, claims.length ? claims.join(", ") : "all claims");
      const range = { type: "range", name, min: 0, max: values.length - 1, step: 1, value: ours };
      this.input = element("input", range, label);
      this.input.addEventListener("input", () => panel.move(name, Number(this.input.value)));
      const dots = element("span", { class: "criteria-dots", "aria-hidden": "true" }, label);
      values.forEach((_, at) => {
        const some = at !== ours && panel.table.changes(new Map([[name, at]])).length > 0;
        element("i", { class: some ? "criteria-some" : "" }, dots);
      });
      this.output = element("output", {}, this.box);
    }

    show(at = this.threshold.ours) {
      const { values, ours } = this.threshold;
      const text = at === ours ? `${values[at]} (ours)` : `${values[at]} (ours: ${values[ours]})`;
      this.input.value = at;
      this.input.setAttribute("aria-valuetext", text);
      this.output.textContent = text;
      this.box.classList.toggle("criteria-moved", at !== ours);
    }
  }

  class Panel {
    constructor(root) {
      this.table = new Table(JSON.parse(root.querySelector("script").textContent));
      Object.assign(this, { root, choice: new Map(), page: new Page(this.table) });
      root.classList.add("criteria-live");
      const bar = element("div", { class: "criteria-bar" }, root);
      const back = element("button", { type: "button" }, bar, "Back to ours");
      back.addEventListener("click", () => this.reset());
      this.said = element("p", { role: "status" }, bar);
      this.list = element("ul", { tabindex: 0, "aria-label": "Verdicts that change" }, bar);
      this.sliders = new Map();
      const { groups, thresholds } = this.table, first = groups.flat();
      groups.forEach((group, i) => this.fieldset(`P${i}: these move together`, group, root));
      const rest = thresholds.map(({ name }) => name).filter((name) => !first.includes(name));
      const more = element("details", {}, root);
      element("summary", {}, more, `The other ${rest.length} thresholds`);
      this.fieldset("One at a time for each claim", rest, more);
    }

    fieldset(title, names, parent) {
      const box = element("fieldset", {}, parent);
      element("legend", {}, box, title);
      for (const name of names) {
        this.sliders.set(name, new Slider(this, this.table.threshold[name], box));
      }
    }

    /* Moves one threshold in the choice; returns those that go back to ours for it. */
    put(name, at) {
      const { threshold } = this.table;
      const others = [...this.choice.keys()].filter((one) => one !== name);
      const back = others.filter((other) => !this.table.compatible(name, other));
      for (const other of back) this.choice.delete(other);
      if (at === threshold[name].ours) this.choice.delete(name);
      else this.choice.set(name, at);
      const why = "is back at ours, since a claim hangs on both";
      return back.map((other) => `“${threshold[other].meaning}” ${why}.`);
    }

    move(name, at) {
      const told = this.put(name, at), bare = location.href.split("#")[0];
      history.replaceState(null, "", this.choice.size ? this.table.toHash(this.choice) : bare);
      this.show(told);
    }

    reset() {
      this.choice.clear();
      history.replaceState(null, "", location.href.split("#")[0]);
      this.show();
    }

    /* Takes over what an address says. */
    take({ moves, wrong }) {
      this.choice.clear();
      const told = moves.flatMap(([name, at]) => this.put(name, at));
      for (const name of this.choice.keys()) {
        const folded = this.sliders.get(name).box.closest("details");
        if (folded) folded.open = true;
      }
      this.show([...wrong, ...told]);
    }

    show(told = []) {
      const { words, verdicts } = this.table, found = this.table.changes(this.choice);
      for (const [name, slider] of this.sliders) slider.show(this.choice.get(name));
      this.page.show(this.choice);
      const verb = found.length > 1 ? "change" : "changes";
      const count = `${found.length || "None"} of ${verdicts.length} verdicts ${verb}.`;
      const first = this.choice.size ? count : "All thresholds are ours.";
      this.said.textContent = [first, ...told].join(" ");
      const lines = found.map(({ i, from, to }) => (
        `${verdicts[i].name}: ${words[from].word} → ${words[to].word}`
      ));
      this.list.replaceChildren(...lines.map((line) => element("li", {}, null, line)));
    }

    /* An address with an equals sign is a choice; any other leads to a place on the page. */
    read() {
      if (!location.hash.includes("=")) return false;
      this.take(this.table.fromHash(decodeURIComponent(location.hash)));
      return true;
    }
  }

  window.addEventListener("DOMContentLoaded", () => {
    const root = document.querySelector(".criteria");
    if (!root) return;
    const panel = new Panel(root);
    if (!panel.read()) panel.show();
    window.addEventListener("hashchange", () => panel.read());
  });
})();
