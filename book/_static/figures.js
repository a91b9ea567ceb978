/* A click on a drawn figure, or its button, shows it large in a dialog; Escape, a click or the button closes it. */
(function () {
  function enlarge(figure) {
    const svg = figure.querySelector(".drawn-wide svg"), home = svg.parentElement;
    const dialog = document.createElement("dialog"), close = document.createElement("button");
    dialog.className = "drawn enlarged";
    dialog.setAttribute("aria-label", "The figure, enlarged");
    close.className = "enlarge";
    close.textContent = "✕";
    close.setAttribute("aria-label", "Close");
    dialog.append(svg, close);  // moved, not copied: its ids stay unique
    dialog.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      home.append(svg);
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  }
  window.addEventListener("DOMContentLoaded", () => {
    for (const figure of document.querySelectorAll(".bd-article .drawn")) {
      const button = document.createElement("button");
      button.className = "enlarge";
      button.textContent = "⤢";
      button.setAttribute("aria-label", "Enlarge the figure");
      button.addEventListener("click", () => enlarge(figure));
      figure.append(button);
      for (const svg of figure.querySelectorAll("svg")) svg.addEventListener("click", () => svg.closest("dialog") || enlarge(figure));
    }
  });
})();
