/* What scrolls inside itself must be reachable by the keyboard: tables, formulas and outputs that are wider than the page. */
(function () {
  const wide = "table, div.math, mjx-container[display=true], pre, .text_html";
  function mark() {
    for (const element of document.querySelectorAll(wide.split(", ").map((name) => `.bd-article ${name}`).join(", "))) {
      const scrolls = element.scrollWidth > element.clientWidth && /auto|scroll/.test(getComputedStyle(element).overflowX);
      if (scrolls) element.tabIndex = 0;
      else if (element.tabIndex === 0) element.removeAttribute("tabindex");
    }
  }
  window.addEventListener("load", () => Promise.resolve(window.MathJax?.startup?.promise).then(mark));
  window.addEventListener("resize", mark);
})();
