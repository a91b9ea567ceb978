/* The disc: points, the class that is answered around them, and the borders of the true rule. */
(function () {
  "use strict";

  const lattice = Lab.lattice(), TRIANGLE = [[0, -1.2], [1.1, 0.8], [-1.1, 0.8]];
  const MARKERS = [  // one a class
    (context, x, y, r) => context.arc(x, y, r, 0, 2 * Math.PI),
    (context, x, y, r) => context.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r),
    (context, x, y, r) => TRIANGLE.forEach(([dx, dy]) => context.lineTo(x + dx * r, y + dy * r)),
  ];

  Lab.Disc = class Disc extends Lab.Picture {
    /* problem: of Lab.PROBLEMS.plane; run: {given, train, test}, labels and answers; examples: the
       mislabeled ones; picked: the place among them of the one that is told of. */
    draw(problem, run, examples, picked) {
      const { width } = this, text = this.color("text"), ground = this.color("ground");
      this.resize(width, width);
      [this.radius, this.middle] = [width / 2 - 10, width / 2];
      this.classes = [0, 1, 2].map((k) => this.color(`class${k}`));
      this.regions(run.test);
      this.rule(text);
      problem.points.forEach((point, i) => {
        if (problem.labels[i] === run.given[i]) this.point(point, run.given[i], 4, ground, 1);
      });
      this.spots = examples.map(({ index }) => this.place(problem.points[index]));
      examples.forEach(({ index, given, label }, i) => {
        const { sign } = Lab.FATES[Lab.fate(run.train[index], given, label)];
        const edge = i === picked ? [text, 4] : [ground, 1.5];
        this.point(problem.points[index], given, 8, ...edge);
        Lab.sign(this.context, sign, ...this.spots[i], 7, this.color("sign"));
      });
    }

    place([x, y]) {
      return [this.middle + this.radius * x, this.middle - this.radius * y];
    }

    /* The class that the network answers in each cell of the lattice, drawn pale. */
    regions(answers) {
      const { context, middle, radius } = this, small = document.createElement("canvas");
      [small.width, small.height] = [Lab.CELLS, Lab.CELLS];
      const cells = small.getContext("2d");
      const cell = (center) => Math.round(((center + 1) * Lab.CELLS - 1) / 2);
      lattice.forEach(([x, y], i) => {
        cells.fillStyle = this.classes[answers[i]];
        cells.fillRect(cell(x), cell(-y), 1, 1);
      });
      cells.globalCompositeOperation = "destination-over";  // fills the rim, as far as the circle
      cells.drawImage(small, -1, -1, Lab.CELLS + 2, Lab.CELLS + 2);
      context.save();
      context.beginPath();
      context.arc(middle, middle, radius, 0, 2 * Math.PI);
      context.clip();
      [context.globalAlpha, context.imageSmoothingEnabled] = [0.35, false];
      context.drawImage(small, middle - radius, middle - radius, 2 * radius, 2 * radius);
      context.restore();
    }

    /* The borders of the true rule: arms of a spiral, at the angle 2 pi k / 3 - TWIST r. */
    rule(color) {
      const { context } = this;
      [context.strokeStyle, context.lineWidth] = [color, 1];
      for (let k = 0; k < 3; k++) {
        context.beginPath();
        for (let r = 0; r <= 1.001; r += 0.02) {
          const angle = (2 * Math.PI * k) / 3 - Lab.TWIST * r;
          context.lineTo(...this.place([r * Math.cos(angle), r * Math.sin(angle)]));
        }
        context.stroke();
      }
    }

    point(point, label, radius, edge, weight) {
      const { context } = this;
      context.beginPath();
      MARKERS[label](context, ...this.place(point), radius);
      context.closePath();
      context.fillStyle = this.classes[label];
      [context.strokeStyle, context.lineWidth] = [edge, weight];
      context.fill();
      context.stroke();
    }

    /* The mislabeled example nearest to a point of the canvas, within 20 pixels; -1 for none. */
    at(x, y) {
      const distances = this.spots.map(([sx, sy]) => Math.hypot(sx - x, sy - y));
      const nearest = Math.min(...distances);
      return nearest <= 20 ? distances.indexOf(nearest) : -1;
    }
  };
})();
