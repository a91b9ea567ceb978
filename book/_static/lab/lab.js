/* The lab: its two tabs, and the address that holds the choice. */
(function () {
  "use strict";

  const { element } = Lab, root = document.getElementById("lab");
  if (!root) return;

  const bar = { role: "tablist", "aria-label": "What is learned", class: "lab-tabs" };
  const list = element("div", bar, root), names = Object.keys(Lab.TABS), panels = {}, tabs = {};
  for (const name of names) {
    const role = { role: "tab", id: `lab-tab-${name}`, "aria-controls": `lab-panel-${name}` };
    tabs[name] = element("button", { type: "button", ...role }, list, Lab.TABS[name].title);
    tabs[name].addEventListener("click", () => {
      open(name);
      panels[name].changed();
    });
    panels[name] = new Lab.Panel(name, root);
  }

  function open(chosen) {
    for (const name of names) {
      tabs[name].setAttribute("aria-selected", String(name === chosen));
      tabs[name].tabIndex = name === chosen ? 0 : -1;
      panels[name].show(name === chosen);
    }
  }

  list.addEventListener("keydown", (event) => {
    const at = names.findIndex((name) => tabs[name] === document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const tab = tabs[names[(to + names.length) % names.length]];
    tab.focus();
    tab.click();
  });

  /* An address that begins with #tab= is a choice; any other leads to a place on the page. */
  function read() {
    if (!location.hash.startsWith("#tab=")) return false;
    const { state, wrong } = Lab.fromHash(location.hash);
    open(state.tab);
    panels[state.tab].take(state);
    if (wrong.length) panels[state.tab].say(wrong.join(" "));
    return true;
  }
  if (!read()) open(names[0]);
  window.addEventListener("hashchange", () => {
    if (read()) root.scrollIntoView();
  });

  const redraw = () => names.forEach((name) => panels[name].redraw());
  const theme = { attributeFilter: ["data-theme"] };
  new MutationObserver(redraw).observe(document.documentElement, theme);
  new ResizeObserver(redraw).observe(list);  // its width is the lab's, and its height stays
  document.documentElement.classList.add("lab-live");
})();
