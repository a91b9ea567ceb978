/* Where a number comes from: pointing at a number that names its runs, or reaching it by the keyboard
   or a tap, shows these runs. They are in runs.js, which is loaded when it is first asked for. */
(function () {
  "use strict";

  const { element } = self.memutilsPage;
  const FIRST = 3; // runs that are told of
  const source = new URL("runs.js", document.currentScript.src);

  let loading = null;
  function load() {
    loading = loading || new Promise((done) => {
      const script = element("script", { src: source.href });
      script.addEventListener("load", done);
      script.addEventListener("error", done); // then a run's name and its line are all that is told
      document.head.append(script);
    });
    return loading;
  }

  class Origin {
    constructor() {
      this.box = element("div", { id: "origin", class: "origin", role: "tooltip", hidden: "" }, document.body);
      this.box.addEventListener("pointerenter", () => clearTimeout(this.timer));
      this.box.addEventListener("pointerleave", () => this.leave());
      for (const name of ["scroll", "resize"]) window.addEventListener(name, () => this.place(), true);
      document.addEventListener("click", (event) => {
        const inside = event.target.closest(".from, .origin");
        if (!inside) this.hide();
      });
      document.addEventListener("keydown", (event) => {
        if (event.key === "Escape") this.hide();
      });
    }

    watch(number) {
      number.setAttribute("tabindex", 0);
      number.setAttribute("role", "button");
      number.setAttribute("aria-expanded", false);
      number.addEventListener("pointerenter", ({ pointerType }) => {
        if (pointerType === "mouse") this.soon(() => this.show(number), 150);
      });
      number.addEventListener("pointerleave", () => this.leave());
      number.addEventListener("focus", () => this.show(number));
      number.addEventListener("blur", () => this.hide());
      number.addEventListener("click", () => this.show(number));
      number.addEventListener("keydown", (event) => {
        if (!["Enter", " "].includes(event.key)) return;
        event.preventDefault();
        if (this.number === number) this.hide();
        else this.show(number);
      });
    }

    soon(action, milliseconds) {
      clearTimeout(this.timer);
      this.timer = setTimeout(action, milliseconds);
    }

    leave() {
      this.soon(() => document.activeElement !== this.number && this.hide(), 300);
    }

    async show(number) {
      clearTimeout(this.timer);
      if (this.number === number) return;
      this.hide();
      this.number = number;
      await load();
      if (this.number !== number) return; // another one was asked for in the meantime
      this.fill(number.dataset.runs.split(" "));
      number.setAttribute("aria-expanded", true);
      number.setAttribute("aria-describedby", "origin");
      this.box.hidden = false;
      this.place();
    }

    fill(names) {
      const more = names.length - FIRST;
      const count = names.length > 1 ? `This number comes from ${names.length} runs` : "This number comes from one run";
      const told = names.slice(0, FIRST).map((name) => this.run(name));
      this.box.replaceChildren(element("p", {}, null, count), ...told);
      if (more > 0) element("p", {}, this.box, `and ${more} more.`);
    }

    run(name) {
      const box = element("div"), known = (self.memutilsRuns || {})[name];
      const [scale, key] = name.split("/");
      if (known) {
        const { run, seed, images, machine, commit } = known;
        element("b", {}, box, `${run}, seed ${seed}`);
        element("p", {}, box, `${images} images; ${machine}; commit ${commit}`);
      }
      element("code", {}, box, `make replay SCALE=${scale} KEY=${key}`);
      return box;
    }

    /* Below the number, or above it where there is more room. */
    place() {
      if (!this.number || this.box.hidden) return;
      const { left, top, bottom } = this.number.getBoundingClientRect(), gap = 6;
      const { width, height } = this.box.getBoundingClientRect();
      const below = innerHeight - bottom > height + gap || innerHeight - bottom > top;
      const x = Math.max(gap, Math.min(left, document.documentElement.clientWidth - width - gap));
      this.box.style.left = `${x}px`;
      this.box.style.top = `${below ? bottom + gap : Math.max(gap, top - height - gap)}px`;
    }

    hide() {
      clearTimeout(this.timer);
      if (this.number) {
        this.number.setAttribute("aria-expanded", false);
        this.number.removeAttribute("aria-describedby");
      }
      this.number = null;
      this.box.hidden = true;
    }
  }

  window.addEventListener("DOMContentLoaded", () => {
    const numbers = document.querySelectorAll(".bd-article .from");
    if (!numbers.length) return;
    const origin = new Origin();
    for (const number of numbers) origin.watch(number);
  });
})();
