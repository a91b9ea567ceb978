/* What wall and disc share: the fate of a mislabeled example, its sign, and a canvas in the colors
   of the page. */
(function () {
  "use strict";

  /* What became of each mislabeled example, shown by color, by the frame's weight and by a sign. */
  Lab.FATES = {
    memorized: { sign: "cross", weight: 3.5 },
    recovered: { sign: "check", weight: 1.5 },
    neither: { sign: "question", weight: 1.5 },
  };
  Lab.fate = function fate(answer, given, label) {
    return answer === given ? "memorized" : answer === label ? "recovered" : "neither";
  };

  const STROKES = {  // in a square from -1 to 1
    cross: [[[-1, -1], [1, 1]], [[-1, 1], [1, -1]]],
    check: [[[-1, 0], [-0.3, 0.9], [1, -1]]],
  };

  /* Draws a sign of some pixels' size around a point. */
  Lab.sign = function sign(context, kind, x, y, size, color) {
    context.strokeStyle = context.fillStyle = color;
    if (kind === "question") {
      context.font = `bold ${size + 4}px sans-serif`;
      [context.textAlign, context.textBaseline] = ["center", "middle"];
      context.fillText("?", x, y);
      return;
    }
    context.lineWidth = Math.max(1.5, size / 4);
    for (const stroke of STROKES[kind]) {
      context.beginPath();
      for (const [dx, dy] of stroke) context.lineTo(x + (dx * size) / 2, y + (dy * size) / 2);
      context.stroke();
    }
  };

  /* A canvas that is as wide as its box, sharp on every screen, in the colors of the theme. */
  Lab.Picture = class Picture {
    constructor(canvas) {
      this.canvas = canvas;
      this.context = canvas.getContext("2d");
    }

    get width() {
      return this.canvas.clientWidth || 300;
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
