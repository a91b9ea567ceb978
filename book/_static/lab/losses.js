/* The losses, for one example: probabilities p of K classes, their logarithms, and the label y. */
(self.labParts = self.labParts || []).push(function losses(Lab) {
  "use strict";

  const squared = (p, y) => p.reduce((sum, value, j) => sum + (value - (j === y)) ** 2, 0);
  const rest = (p, y) => p.reduce((sum, value, j) => sum + (j === y ? 0 : value), 0);
  const squaredNorm = (p) => p.reduce((sum, value) => sum + value * value, 0);

  /* Each loss has
       name       as the book writes it,
       parameter  its symbol, default and range, where it has one,
       value      L,
       pull       writes u_j = dL / d log p_j into u.
     All are computed from log-probabilities and without clamps, as in memutils.losses: in
     u_j = p_j dL/dp_j no division by a vanishing p is left. */
  Lab.LOSSES = {
    cce: {
      name: "CCE",
      value: (p, logP, y) => -logP[y],
      pull(p, y, u) {
        u.fill(0);
        u[y] = -1;
      },
    },

    mse: {
      name: "MSE",
      value: (p, logP, y) => squared(p, y),
      pull(p, y, u) {
        for (let j = 0; j < p.length; j++) u[j] = 2 * p[j] * (p[j] - (j === y));
      },
    },

    mae: {
      name: "MAE",
      value: (p, logP, y) => -2 * Math.expm1(logP[y]),
      pull(p, y, u) {
        u.fill(0);
        u[y] = -2 * p[y];
      },
    },

    rll: {  // Kumar and Sastry 2018
      name: "RLL",
      parameter: { symbol: "α", default: 0.1, min: 0.001, max: 100 },
      value(p, logP, y, alpha) {
        const shifted = p.map((value) => Math.log(alpha + value));
        const others = shifted.reduce((sum, value) => sum + value, 0) - shifted[y];
        return Math.log((1 + alpha) / alpha) - shifted[y] + others / (p.length - 1);
      },
      pull(p, y, u, alpha) {
        const others = 1 / (p.length - 1);
        for (let j = 0; j < p.length; j++) u[j] = (p[j] / (alpha + p[j])) * (j === y ? -1 : others);
      },
    },

    nmse: {  // MSE over its sum over the labels, K |p|^2 + K - 2
      name: "normalized MSE",
      value: (p, logP, y) => squared(p, y) / (p.length * squaredNorm(p) + p.length - 2),
      pull(p, y, u) {
        const k = p.length, mse = squared(p, y), sum = k * squaredNorm(p) + k - 2;
        for (let j = 0; j < k; j++) {
          u[j] = (2 * p[j] * ((p[j] - (j === y)) * sum - mse * k * p[j])) / sum ** 2;
        }
      },
    },

    gce: {  // (1 - p_y^q) / q, Zhang and Sabuncu 2018
      name: "GCE",
      parameter: { symbol: "q", default: 0.7, min: 0.01, max: 1 },
      value: (p, logP, y, q) => -Math.expm1(q * logP[y]) / q,
      pull(p, y, u, q) {
        u.fill(0);
        u[y] = -(p[y] ** q);
      },
    },

    "even-rll": {  // RLL where the other classes share 1 - p_y evenly: its weight, not its symmetry
      name: "evened RLL",
      parameter: { symbol: "α", default: 0.1, min: 0.001, max: 100 },
      value(p, logP, y, alpha) {
        const shared = rest(p, y) / (p.length - 1);
        return Math.log((1 + alpha) / alpha) - Math.log(alpha + p[y]) + Math.log(alpha + shared);
      },
      pull(p, y, u, alpha) {
        const others = (p.length - 1) * alpha + rest(p, y);
        for (let j = 0; j < p.length; j++) u[j] = p[j] / (j === y ? -alpha - p[j] : others);
      },
    },
  };

  /* Writes log softmax(z) and softmax(z). */
  Lab.softmax = function softmax(z, logP, p) {
    let largest = -Infinity, sum = 0;
    for (let j = 0; j < z.length; j++) largest = Math.max(largest, z[j]);
    for (let j = 0; j < z.length; j++) sum += Math.exp(z[j] - largest);
    const logSum = largest + Math.log(sum);
    for (let j = 0; j < z.length; j++) {
      logP[j] = z[j] - logSum;
      p[j] = Math.exp(logP[j]);
    }
  };

  /* The mean loss of a batch; writes its gradient with respect to the logits,
     dL/dz_i = u_i - p_i sum_j u_j, divided by n.

     logits (n, K) and gradient (n, K) are flat arrays; labels has n entries. */
  Lab.meanLoss = function meanLoss(name, parameter, logits, labels, gradient) {
    const loss = Lab.LOSSES[name], n = labels.length, k = logits.length / n;
    const p = new Float64Array(k), logP = new Float64Array(k), u = new Float64Array(k);
    let total = 0;
    for (let i = 0; i < n; i++) {
      Lab.softmax(logits.subarray(i * k, (i + 1) * k), logP, p);
      total += loss.value(p, logP, labels[i], parameter);
      loss.pull(p, labels[i], u, parameter);
      const sum = u.reduce((a, b) => a + b, 0);
      for (let j = 0; j < k; j++) gradient[i * k + j] = (u[j] - p[j] * sum) / n;
    }
    return total / n;
  };
});
