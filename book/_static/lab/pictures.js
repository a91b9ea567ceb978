/* What wall and disc share: the fate of a mislabeled example, its sign, and a canvas in the colors of the page. */
(function () {
  "use strict";

  /* What became of each mislabeled example. Shown by color, by the frame's weight and by a sign. */
  Lab.FATES = {
    memorized: { sign: "cross", weight: 3.5 },
    recovered: { sign: "check", weight: 1.5 },
    neither: { sign: "none", weight: 1.5 },
  };
  Lab.fate = function fate(answer, given, label) {
    return answer === given ? "memorized" : answer === label ? "recovered" : "neither";
  };

  /* Draws a cross, a check mark or a question mark around a point. */
  Lab.sign = function sign(context, kind, x, y, size, color) {
    context.strokeStyle = context.fillStyle = color;
    context.lineWidth = Math.max(1.5, size / 4);
    context.beginPath();
    const path = { cross: [[-1, -1], [1, 1], null, [-1, 1], [1, -1]], check: [[-1, 0], [-0.3, 0.9], [1, -1]] }[kind] || [];
    path.forEach((point, i) => {
      if (!point) return;
      const [px, py] = [x + (point[0] * size) / 2, y + (point[1] * size) / 2];
      if (i === 0 || !path[i - 1]) context.moveTo(px, py);
      else context.lineTo(px, py);
    });
    context.stroke();
    if (kind === "none") {
      context.font = `bold ${size + 4}px sans-serif`;
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillText("?", x, y);
    }
  };

  /* A canvas that is as wide as its box, sharp on every screen, in the colors of the page's theme. */
  Lab.Picture = class Picture {
    constructor(canvas) {
      this.canvas = canvas;
      this.context = canvas.getContext("2d");
    }

    color(name) {
      return getComputedStyle(this.canvas).getPropertyValue(`--lab-${name}`).trim() || "gray";
    }

    resize(width, height) {
      const ratio = window.devicePixelRatio || 1;
      this.canvas.style.height = `${height}px`;
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
      this.context.clearRect(0, 0, width, height);
    }
  };
})();
