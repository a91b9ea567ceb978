/* A multilayer perceptron with ReLU: forward pass, gradients, Adam.

   Every matrix is a flat array in float32, row by row. */
(self.labParts = self.labParts || []).push(function network(Lab) {
  "use strict";

  const places = new Int32Array(4096), values = new Float64Array(4096);  // of a row's nonzeros

  /* C = A B^T + bias, with A (m, k), B (n, k), bias (n) or null, C (m, n).

     Zeros of A are skipped: three quarters of a digit's pixels, and every unit that ReLU cut off.
     Four rows of B are read at a time, and sums are in float64. Together that is six times as fast
     as the plain loop. */
  Lab.product = function product(A, B, bias, C, m, n, k) {
    for (let i = 0; i < m; i++) {
      const c = i * n;
      let count = 0, j = 0;
      for (let l = 0; l < k; l++) {
        const value = A[i * k + l];
        if (value === 0) continue;
        places[count] = l;
        values[count++] = value;
      }
      for (; j + 4 <= n; j += 4) {
        const b0 = j * k, b1 = b0 + k, b2 = b1 + k, b3 = b2 + k;
        let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        for (let l = 0; l < count; l++) {
          const value = values[l], place = places[l];
          s0 += value * B[b0 + place];
          s1 += value * B[b1 + place];
          s2 += value * B[b2 + place];
          s3 += value * B[b3 + place];
        }
        C[c + j] = s0;
        C[c + j + 1] = s1;
        C[c + j + 2] = s2;
        C[c + j + 3] = s3;
      }
      for (; j < n; j++) {
        let sum = 0;
        for (let l = 0; l < count; l++) sum += values[l] * B[j * k + places[l]];
        C[c + j] = sum;
      }
      if (bias) for (let o = 0; o < n; o++) C[c + o] += bias[o];
    }
  };

  /* The transpose (n, m) of A (m, n), in the memory of T. */
  Lab.transpose = function transpose(A, T, m, n) {
    for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) T[j * m + i] = A[i * n + j];
    return T;
  };

  Lab.Network = class Network {
    /* sizes: inputs, units of each hidden layer, classes. rows: the most examples of a call.
       random: draws the start. */
    constructor(sizes, rows, random) {
      const layers = sizes.slice(1);
      const count = layers.reduce((sum, outputs, i) => sum + outputs * (sizes[i] + 1), 0);
      this.sizes = sizes;
      this.parameters = new Float32Array(count);
      this.gradient = new Float32Array(count);
      this.layers = this.views(this.parameters);
      this.slopes = this.views(this.gradient);
      this.outputs = layers.map((size) => new Float32Array(rows * size));
      this.deltas = layers.map((size) => new Float32Array(rows * size));
      const widest = Math.max(...sizes);
      this.scratch = [0, 1, 2].map(() => new Float32Array(widest * Math.max(rows, widest)));
      this.start(random);
    }

    /* The weights (outputs, inputs) and biases (outputs) of each layer, as windows on one array. */
    views(array) {
      let place = 0;
      const take = (length) => array.subarray(place, (place += length));
      return this.sizes.slice(1).map((outputs, i) => {
        const weights = take(outputs * this.sizes[i]);
        return { weights, biases: take(outputs) };
      });
    }

    /* torch's default for weights and biases of linear layers: uniform within 1 / sqrt(inputs). */
    start(random) {
      this.layers.forEach(({ weights, biases }, i) => {
        const bound = 1 / Math.sqrt(this.sizes[i]);
        for (const array of [weights, biases]) {
          for (let j = 0; j < array.length; j++) array[j] = (2 * random.uniform() - 1) * bound;
        }
      });
    }

    /* The logits (n, K) of inputs (n, sizes[0]); valid until the next call. */
    forward(inputs, n) {
      const last = this.layers.length - 1;
      this.layers.forEach(({ weights, biases }, i) => {
        const output = this.outputs[i], [from, to] = [this.sizes[i], this.sizes[i + 1]];
        const input = i ? this.outputs[i - 1] : inputs;
        Lab.product(input, weights, biases, output, n, to, from);
        if (i < last) for (let j = 0; j < n * to; j++) if (output[j] < 0) output[j] = 0;
      });
      return this.outputs[last].subarray(0, n * this.sizes[last + 1]);
    }

    /* Writes the gradient of a batch's mean loss into this.gradient and returns the loss. */
    backward(inputs, labels, { name, parameter }) {
      const n = labels.length, last = this.layers.length - 1, logits = this.forward(inputs, n);
      const value = Lab.meanLoss(name, parameter, logits, labels, this.deltas[last]);
      for (let i = last; i >= 0; i--) {
        const delta = this.deltas[i], input = i ? this.outputs[i - 1] : inputs;
        this.weightSlopes(i, input, delta, n);
        if (i) this.deltaBelow(i, input, delta, n);
      }
      return value;
    }

    /* dL/dW = delta^T input (turned round, since it is the inputs that have zeros), dL/db = sum. */
    weightSlopes(i, input, delta, n) {
      const { weights, biases } = this.slopes[i], [from, to] = [this.sizes[i], this.sizes[i + 1]];
      const [a, b, turned] = this.scratch;
      const columns = Lab.transpose(input, a, n, from), deltas = Lab.transpose(delta, b, n, to);
      Lab.product(columns, deltas, null, turned, from, to, n);
      Lab.transpose(turned, weights, from, to);
      for (let o = 0; o < to; o++) {
        biases[o] = 0;
        for (let r = 0; r < n; r++) biases[o] += delta[r * to + o];
      }
    }

    /* The gradient with respect to the outputs of the layer below, before their ReLU. */
    deltaBelow(i, output, delta, n) {
      const below = this.deltas[i - 1], [from, to] = [this.sizes[i], this.sizes[i + 1]];
      const columns = Lab.transpose(this.layers[i].weights, this.scratch[0], to, from);
      Lab.product(delta, columns, null, below, n, from, to);
      for (let j = 0; j < n * from; j++) if (output[j] <= 0) below[j] = 0;
    }

    /* The class with the largest logit, of each of n inputs. */
    predict(inputs, n) {
      const k = this.sizes[this.sizes.length - 1], logits = this.forward(inputs, n);
      const classes = new Uint8Array(n);
      for (let i = 0; i < n; i++) {
        for (let j = 1; j < k; j++) {
          if (logits[i * k + j] > logits[i * k + classes[i]]) classes[i] = j;
        }
      }
      return classes;
    }
  };

  const BETA1 = 0.9, BETA2 = 0.999, EPSILON = 1e-8;

  /* Adam (Kingma and Ba 2015) with torch's defaults. */
  Lab.Adam = class Adam {
    constructor(network, learningRate) {
      this.network = network;
      this.learningRate = learningRate;
      this.m = new Float32Array(network.parameters.length);
      this.v = new Float32Array(network.parameters.length);
      this.steps = 0;
    }

    step() {
      const { parameters, gradient } = this.network, { m, v } = this;
      this.steps += 1;
      const size = this.learningRate / (1 - BETA1 ** this.steps);
      const correction = Math.sqrt(1 - BETA2 ** this.steps);
      for (let i = 0; i < parameters.length; i++) {
        const slope = gradient[i];
        m[i] = BETA1 * m[i] + (1 - BETA1) * slope;
        v[i] = BETA2 * v[i] + (1 - BETA2) * slope * slope;
        parameters[i] -= (size * m[i]) / (Math.sqrt(v[i]) / correction + EPSILON);
      }
    }
  };
});
