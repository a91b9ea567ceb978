/* The disc: points, the class that is answered around them, and the borders of the true rule. */
(function () {
  "use strict";

  const lattice = Lab.lattice();
  const MARKERS = [  // of the three classes: a circle, a square, a triangle
    (context, x, y, r) => context.arc(x, y, r, 0, 2 * Math.PI),
    (context, x, y, r) => context.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r),
    (context, x, y, r) => [[0, -1.2], [1.1, 0.8], [-1.1, 0.8]].forEach(([dx, dy]) => context.lineTo(x + dx * r, y + dy * r)),
  ];

  Lab.Disc = class Disc extends Lab.Picture {
    /* problem: of Lab.PROBLEMS.plane; run: {given, train, test}, labels and answers; examples: the mislabeled ones. */
    draw(problem, run, examples, picked) {
      const width = this.canvas.clientWidth || 300, { context } = this;
      this.resize(width, width);
      [this.radius, this.middle] = [width / 2 - 10, width / 2];
      const classes = [0, 1, 2].map((k) => this.color(`class${k}`)), [text, ground] = [this.color("text"), this.color("ground")];
      this.regions(run.test, classes);
      this.rule(text);
      this.spots = examples.map(({ index }) => this.place(problem.points[index]));
      problem.points.forEach((point, i) => {
        if (problem.labels[i] === run.given[i]) this.point(point, run.given[i], 4, classes, ground, 1);
      });
      examples.forEach(({ index, given, label }, i) => {
        const fate = Lab.fate(run.train[index], given, label), [x, y] = this.spots[i];
        this.point(problem.points[index], given, 8, classes, i === picked ? text : ground, i === picked ? 4 : 1.5);
        Lab.sign(context, Lab.FATES[fate].sign, x, y, 7, this.color("sign"));
      });
    }

    place([x, y]) {
      return [this.middle + this.radius * x, this.middle - this.radius * y];
    }

    /* The class that the network answers in each cell of the lattice, drawn pale. */
    regions(answers, classes) {
      const small = document.createElement("canvas"), { context } = this;
      [small.width, small.height] = [Lab.CELLS, Lab.CELLS];
      const cells = small.getContext("2d"), cell = (value) => Math.round(((value + 1) * Lab.CELLS - 1) / 2);
      lattice.forEach(([x, y], i) => {
        cells.fillStyle = classes[answers[i]];
        cells.fillRect(cell(x), cell(-y), 1, 1);
      });
      cells.globalCompositeOperation = "destination-over";
      cells.drawImage(small, -1, -1, Lab.CELLS + 2, Lab.CELLS + 2);  // the rim, as far as the circle
      context.save();
      context.beginPath();
      context.arc(this.middle, this.middle, this.radius, 0, 2 * Math.PI);
      context.clip();
      [context.globalAlpha, context.imageSmoothingEnabled] = [0.35, false];
      context.drawImage(small, this.middle - this.radius, this.middle - this.radius, 2 * this.radius, 2 * this.radius);
      context.restore();
    }

    /* The borders of the true rule: three arms of a spiral, at the angle 2 pi k / 3 - TWIST r. */
    rule(color) {
      const { context } = this;
      context.strokeStyle = color;
      context.lineWidth = 1;
      for (let k = 0; k < 3; k++) {
        context.beginPath();
        for (let r = 0; r <= 1.001; r += 0.02) {
          const angle = (2 * Math.PI * k) / 3 - Lab.TWIST * r;
          context.lineTo(...this.place([r * Math.cos(angle), r * Math.sin(angle)]));
        }
        context.stroke();
      }
    }

    point(point, label, radius, classes, edge, weight) {
      const { context } = this, [x, y] = this.place(point);
      context.beginPath();
      MARKERS[label](context, x, y, radius);
      context.closePath();
      [context.fillStyle, context.strokeStyle, context.lineWidth] = [classes[label], edge, weight];
      context.fill();
      context.stroke();
    }

    /* The mislabeled example nearest to a point of the canvas, within 20 pixels; -1 for none. */
    at(x, y) {
      const distances = this.spots.map(([sx, sy]) => Math.hypot(sx - x, sy - y)), nearest = Math.min(...distances);
      return nearest <= 20 ? distances.indexOf(nearest) : -1;
    }
  };
})();
