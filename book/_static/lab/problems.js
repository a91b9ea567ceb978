/* The two things to learn: MNIST digits, and points of a disc. */
(self.labParts = self.labParts || []).push(function problems(Lab) {
  "use strict";

  /* Gray levels 0..15, one a byte, from base64 that holds two a byte, high half first. */
  Lab.unpack = function unpack(text) {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const levels = new Uint8Array(2 * bytes.length);
    bytes.forEach((byte, i) => {
      levels[2 * i] = byte >> 4;
      levels[2 * i + 1] = byte & 15;
    });
    return levels;
  };

  /* Epochs between two evaluations. An epoch of the plane is a single step. */
  Lab.EVERY = { digits: 1, plane: 30 };

  /* A problem has
       classes, sizes       K, and the network's layers,
       inputs, labels       training examples (n, sizes[0]), flat, and their true labels,
       test                 inputs and true labels of examples that are never trained on,
       batch, every         examples per step, and epochs between two evaluations. */
  Lab.PROBLEMS = {
    /* n digits of 14 by 14 pixels, divided by the standard deviation of all training pixels.
       (Not centered, so that the background stays zero: the network then trains three times as
       fast, and memorizes as much.) */
    digits(n, seed, { size, train, test }) {
      const labels = (text) => Uint8Array.from(text, Number);
      const levels = Lab.unpack(train.levels).subarray(0, n * size ** 2);
      const mean = levels.reduce((sum, level) => sum + level, 0) / levels.length;
      const squares = levels.reduce((sum, level) => sum + (level - mean) ** 2, 0);
      const deviation = Math.sqrt(squares / levels.length);
      const scaled = (array) => Float32Array.from(array, (level) => level / deviation);
      return {
        classes: 10, sizes: [size ** 2, 128, 10], batch: 50, every: Lab.EVERY.digits,
        inputs: scaled(levels), labels: labels(train.labels.slice(0, n)),
        test: { inputs: scaled(Lab.unpack(test.levels)), labels: labels(test.labels) },
      };
    },

    /* n points, spread evenly over the unit disc. The true class is an arm of a spiral; the test
       set is a lattice. */
    plane(n, seed) {
      const random = new Lab.Random(seed, Lab.STREAMS.points), points = [], lattice = Lab.lattice();
      for (let i = 0; i < n; i++) {
        const radius = Math.sqrt(random.uniform()), angle = 2 * Math.PI * random.uniform();
        points.push([radius * Math.cos(angle), radius * Math.sin(angle)]);
      }
      const inputs = (list) => Float32Array.from(list.flat(), (value) => 2 * value);
      const labels = (list) => Uint8Array.from(list, ([x, y]) => Lab.arm(x, y));
      return {
        classes: 3, sizes: [2, 64, 64, 3], batch: n, every: Lab.EVERY.plane, points,
        inputs: inputs(points), labels: labels(points),
        test: { inputs: inputs(lattice), labels: labels(lattice) },
      };
    },
  };

  /* Which of three arms of a spiral a point of the plane lies on. */
  Lab.TWIST = 1.6;
  Lab.arm = function arm(x, y) {
    const turn = (Math.atan2(y, x) + Lab.TWIST * Math.hypot(x, y)) / ((2 * Math.PI) / 3);
    return ((Math.floor(turn) % 3) + 3) % 3;
  };

  /* The centers of the cells of a square lattice that lie in the unit disc, row by row. */
  Lab.CELLS = 64;
  Lab.lattice = function lattice() {
    const points = [], center = (i) => (2 * i + 1) / Lab.CELLS - 1;
    for (let row = 0; row < Lab.CELLS; row++) {
      for (let column = 0; column < Lab.CELLS; column++) {
        const [x, y] = [center(column), center(row)];
        if (x * x + y * y <= 1) points.push([x, y]);
      }
    }
    return points;
  };
});
