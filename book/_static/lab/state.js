/* What can be chosen, and the address that holds a choice, such as #tab=digits&seed=0&epochs=40&lossA=cce,rll:0.1@12&... */
(function () {
  "use strict";

  /* For each tab: the choices offered, the range that an address may name, and the choice at first. */
  Lab.TABS = {
    digits: {
      title: "Digits", count: "Images",
      eta: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], lr: [0.0003, 0.001, 0.003, 0.01, 0.03], n: [1000, 2000],
      first: { seed: 0, epochs: 40, eta: 0.4, lr: 0.003, n: 1000 }, longest: 400,
    },
    plane: {
      title: "Points in the plane", count: "Points",
      eta: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6], lr: [0.001, 0.002, 0.005, 0.01, 0.02], n: [75, 150, 300],
      first: { seed: 0, epochs: 900, eta: 0.3, lr: 0.005, n: 150 }, longest: 9000,
    },
  };
  Lab.SIDES = ["A", "B"];
  const FIRST_LOSSES = ["cce", "rll"];

  /* A loss as a phase of a run, with its default parameter where none is given. */
  Lab.phase = function phase(name, parameter, from = 0) {
    const declared = Lab.LOSSES[name].parameter;
    return { name, parameter: declared ? parameter ?? declared.default : null, from };
  };

  /* "RLL (α 0.1)" */
  Lab.lossName = function lossName({ name, parameter }) {
    const { name: shown, parameter: declared } = Lab.LOSSES[name];
    return declared ? `${shown} (${declared.symbol} ${parameter})` : shown;
  };

  /* A tab's choice at first: {tab, seed, epochs, sides: [{phases, eta, lr, n}, ...]}. */
  Lab.firstState = function firstState(tab) {
    const { seed, epochs, eta, lr, n } = Lab.TABS[tab].first;
    return { tab, seed, epochs, sides: FIRST_LOSSES.map((loss) => ({ phases: [Lab.phase(loss)], eta, lr, n })) };
  };

  Lab.toHash = function toHash({ tab, seed, epochs, sides }) {
    const losses = (phases) => phases
      .map(({ name, parameter, from }) => name + (parameter === null ? "" : `:${parameter}`) + (from ? `@${from}` : ""))
      .join(",");
    const side = ({ phases, eta, lr, n }, i) => Object.entries({ loss: losses(phases), eta, lr, n })
      .map(([key, value]) => `${key}${Lab.SIDES[i]}=${value}`);
    return "#" + [`tab=${tab}`, `seed=${seed}`, `epochs=${epochs}`, ...sides.flatMap(side)].join("&");
  };

  function within(text, low, high, whole) {
    const value = Number(text);
    if (text === "" || !(value >= low && value <= high) || (whole && !Number.isInteger(value)))
      throw new Error(`not ${whole ? "a whole number" : "a number"} from ${low} to ${high}`);
    return value;
  }

  function phases(text, longest) {
    let last = -1;
    return text.split(",").map((part) => {
      const [, name, parameter, from] = /^(\w+)(?::([^@]*))?(?:@(.*))?$/.exec(part) || [];
      if (!Object.hasOwn(Lab.LOSSES, name || "")) throw new Error(`no loss; there are ${Object.keys(Lab.LOSSES).join(", ")}`);
      const declared = Lab.LOSSES[name].parameter;
      if (parameter !== undefined && !declared) throw new Error(`${name} has no parameter`);
      const value = parameter === undefined ? undefined : within(parameter, declared.min, declared.max);
      if (last < 0 && from !== undefined) throw new Error("the first loss begins at epoch 0");
      const phase = Lab.phase(name, value, last < 0 ? 0 : within(from ?? "", last + 1, longest, true));
      last = phase.from;
      return phase;
    });
  }

  /* The choice that an address holds, and a sentence for everything in it that cannot be, which is left as at first. */
  Lab.fromHash = function fromHash(hash) {
    const given = new Map(hash.replace(/^#/, "").split("&").filter(Boolean).map((pair) => pair.split(/=(.*)/s)));
    const wrong = [], named = given.get("tab") || "digits", tab = Object.hasOwn(Lab.TABS, named) ? named : "digits";
    const state = Lab.firstState(tab), { longest, n: counts } = Lab.TABS[tab];
    if (tab !== named) wrong.push(`The address names a tab "${named}"; there are ${Object.keys(Lab.TABS).join(" and ")}.`);

    function take(key, target, name, read) {
      if (!given.has(key)) return;
      try {
        target[name] = read(decodeURIComponent(given.get(key) || ""));
      } catch (error) {
        wrong.push(`The address has ${key} = "${given.get(key)}": ${error.message}.`);
      }
    }
    take("seed", state, "seed", (text) => within(text, 0, 2 ** 31 - 1, true));
    take("epochs", state, "epochs", (text) => within(text, 1, longest, true));
    state.sides.forEach((side, i) => {
      const letter = Lab.SIDES[i];
      take(`loss${letter}`, side, "phases", (text) => phases(text, longest));
      take(`eta${letter}`, side, "eta", (text) => within(text, 0, 0.9));
      take(`lr${letter}`, side, "lr", (text) => within(text, 1e-6, 1));
      take(`n${letter}`, side, "n", (text) => {
        if (!counts.includes(Number(text))) throw new Error(`there are ${counts.join(", ")}`);
        return Number(text);
      });
    });
    return { state, wrong };
  };
})();
