/* What can be chosen, and the address that holds a choice, such as
   #tab=digits&seed=0&epochs=40&lossA=cce,rll:0.1@12&etaA=0.4&... */
(function () {
  "use strict";

  /* For each tab: the choices offered, the choice at first, and the most epochs. */
  Lab.TABS = {
    digits: {
      title: "Digits", count: "Images", longest: 400,
      eta: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
      lr: [0.0003, 0.001, 0.003, 0.01, 0.03],
      n: [1000, 2000],
      first: { seed: 0, epochs: 40, eta: 0.4, lr: 0.003, n: 1000 },
    },
    plane: {
      title: "Points in the plane", count: "Points", longest: 9000,
      eta: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
      lr: [0.001, 0.002, 0.005, 0.01, 0.02],
      n: [75, 150, 300],
      first: { seed: 0, epochs: 900, eta: 0.3, lr: 0.005, n: 150 },
    },
  };
  Lab.SIDES = ["A", "B"];
  Lab.LARGEST_SEED = 2 ** 31 - 1;
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
    const sides = FIRST_LOSSES.map((loss) => ({ phases: [Lab.phase(loss)], eta, lr, n }));
    return { tab, seed, epochs, sides };
  };

  function writePhase({ name, parameter, from }) {
    return name + (parameter === null ? "" : `:${parameter}`) + (from ? `@${from}` : "");
  }

  Lab.toHash = function toHash({ tab, seed, epochs, sides }) {
    const parts = [`tab=${tab}`, `seed=${seed}`, `epochs=${epochs}`];
    sides.forEach(({ phases, eta, lr, n }, i) => {
      const values = { loss: phases.map(writePhase).join(","), eta, lr, n };
      const letter = Lab.SIDES[i];
      for (const [key, value] of Object.entries(values)) parts.push(`${key}${letter}=${value}`);
    });
    return "#" + parts.join("&");
  };

  function within(text, low, high, whole) {
    const value = Number(text), fits = text !== "" && value >= low && value <= high;
    if (!fits || (whole && !Number.isInteger(value))) {
      throw new Error(`it must be a ${whole ? "whole number" : "number"} from ${low} to ${high}`);
    }
    return value;
  }

  /* One loss of an address; earliest: the epoch after which it may take over, 0 for the first. */
  function readPhase(text, earliest, longest) {
    const [, name = "", parameter, from] = /^([\w-]+)(?::([^@]*))?(?:@(.*))?$/.exec(text) || [];
    if (!Object.hasOwn(Lab.LOSSES, name)) {
      throw new Error(`no loss has this name; there are ${Object.keys(Lab.LOSSES).join(", ")}`);
    }
    if (!earliest && from !== undefined) throw new Error("the first loss begins at epoch 0");
    const begin = earliest ? within(from ?? "", earliest, longest, true) : 0;
    if (parameter === undefined) return Lab.phase(name, undefined, begin);
    const declared = Lab.LOSSES[name].parameter;
    if (!declared) throw new Error(`${name} has no parameter`);
    return Lab.phase(name, within(parameter, declared.min, declared.max), begin);
  }

  function readPhases(text, longest) {
    let earliest = 0;
    return text.split(",").map((part) => {
      const phase = readPhase(part, earliest, longest);
      earliest = phase.from + 1;
      return phase;
    });
  }

  function readChoice(text, choices) {
    if (!choices.includes(Number(text))) throw new Error(`it must be one of ${choices.join(", ")}`);
    return Number(text);
  }

  /* The choice that an address holds, and a sentence for everything in it that cannot be; that is
     left as at first. */
  Lab.fromHash = function fromHash(hash) {
    const pairs = hash.replace(/^#/, "").split("&").filter(Boolean);
    const given = new Map(pairs.map((pair) => pair.split(/=(.*)/s))), wrong = [];
    const named = given.get("tab") || "digits";
    const tab = Object.hasOwn(Lab.TABS, named) ? named : "digits", { longest, n } = Lab.TABS[tab];
    const state = Lab.firstState(tab), tabs = Object.keys(Lab.TABS).join(" and ");
    if (tab !== named) wrong.push(`The address names a tab "${named}"; there are ${tabs}.`);

    function take(key, target, name, read) {
      if (!given.has(key)) return;
      try {
        target[name] = read(decodeURIComponent(given.get(key) || ""));
      } catch (error) {
        wrong.push(`The address has ${key} = "${given.get(key)}": ${error.message}.`);
      }
    }
    take("seed", state, "seed", (text) => within(text, 0, Lab.LARGEST_SEED, true));
    take("epochs", state, "epochs", (text) => within(text, 1, longest, true));
    state.sides.forEach((side, i) => {
      const letter = Lab.SIDES[i];
      take(`loss${letter}`, side, "phases", (text) => readPhases(text, longest));
      take(`eta${letter}`, side, "eta", (text) => within(text, 0, 0.9));
      take(`lr${letter}`, side, "lr", (text) => within(text, 1e-6, 1));
      take(`n${letter}`, side, "n", (text) => readChoice(text, n));
    });
    return { state, wrong };
  };
})();
