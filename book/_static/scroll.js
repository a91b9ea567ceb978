/* Wide content on narrow pages: formulas shrink to fit, none is parted from the mark after it, and whatever still scrolls
   inside itself is reachable by the keyboard. */
(function () {
  const wide = ["table", "div.math", "mjx-container[display=true]", "pre", ".text_html", ".cell_output"].map((name) => `.bd-article ${name}`).join(", ");
  const smallest = 0.6;  // of the text's size; below that a formula scrolls

  function shrink() {
    for (const formula of document.querySelectorAll(".bd-article mjx-container > svg")) {
      const box = formula.closest("div.math, p, li, dd, td"), container = formula.parentElement;
      if (!box || box.tagName === "TD") continue;
      container.style.fontSize = "";
      const room = container.hasAttribute("display") ? container.clientWidth : box.clientWidth;
      for (let size = 1, step = 0; step < 4 && size > smallest && formula.getBoundingClientRect().width > room + 0.5; step++) {
        size = Math.max(smallest, (0.98 * size * room) / formula.getBoundingClientRect().width);
        container.style.fontSize = `${100 * size}%`;  // not exactly in proportion: fonts round, so measure again
      }
    }
  }
  function keepMarks() {  // a formula may end a line, and a comma or a full stop must not begin the next
    for (const formula of document.querySelectorAll(".bd-article mjx-container:not([display])")) {
      const text = (formula.closest(".math") ?? formula).nextSibling, [marks] = text?.data?.match(/^[.,:;?!)\]’”]+/) ?? [];
      if (!marks) continue;
      const whole = document.createElement("span"), of = text.previousSibling;
      whole.style.whiteSpace = "nowrap";
      of.replaceWith(whole);
      whole.append(of, marks);
      text.deleteData(0, marks.length);
    }
  }
  function mark() {
    for (const element of document.querySelectorAll(wide)) {
      const style = getComputedStyle(element), can = (overflow) => /auto|scroll/.test(overflow);
      const across = element.scrollWidth > element.clientWidth && can(style.overflowX);
      const scrolls = across || (element.scrollHeight > element.clientHeight && can(style.overflowY));
      if (scrolls) element.tabIndex = 0;
      else if (element.tabIndex === 0) element.removeAttribute("tabindex");
    }
  }
  function fit() {
    shrink();
    mark();
  }
  function watch() {  // what other scripts add to a table, or a late font, makes it scroll as well
    const observer = new ResizeObserver(mark);
    for (const element of document.querySelectorAll(wide)) observer.observe(element);
  }
  window.addEventListener("load", () => Promise.resolve(window.MathJax?.startup?.promise).then(keepMarks).then(fit).then(watch));
  window.addEventListener("resize", fit);
})();
