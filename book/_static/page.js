/* What the scripts of pages share; loaded before them. */
(function () {
  "use strict";

  function element(name, attributes = {}, parent = null, text = "") {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    if (parent) parent.append(made);
    return made;
  }

  self.memutilsPage = { element };
})();
