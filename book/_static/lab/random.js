/* Random numbers that other programs can repeat: PCG32 (O'Neill 2014, PCG-XSH-RR 64/32).

   Each file of the lab that a worker needs puts itself into this list, as a function of one object,
   Lab, to which it adds what it has to give. */
(self.labParts = self.labParts || []).push(function random(Lab) {
  "use strict";

  const MULTIPLIER = 6364136223846793005n;
  const low = (bits, value) => BigInt.asUintN(bits, value);

  /* Each use has a stream of its own, so that a run's start does not depend on its noise. */
  Lab.STREAMS = { start: 1, noise: 2, order: 3, points: 4 };

  /* The reference implementation's pcg32_srandom_r(seed, stream) and pcg32_random_r(). */
  Lab.Random = class Random {
    constructor(seed, stream) {
      this.increment = low(64, (BigInt(stream) << 1n) | 1n);
      this.state = low(64, this.increment + BigInt(seed));
      this.advance();
    }

    advance() {
      this.state = low(64, this.state * MULTIPLIER + this.increment);
    }

    /* A whole number from 0 to 2^32 - 1. */
    next() {
      const old = this.state;
      this.advance();
      const word = Number(low(32, ((old >> 18n) ^ old) >> 27n));
      const turn = Number(old >> 59n);
      return ((word >>> turn) | (word << (-turn & 31))) >>> 0;
    }

    /* A number in [0, 1). */
    uniform() {
      return this.next() / 2 ** 32;
    }

    /* Shuffles an array in place (Fisher and Yates, from the end). */
    shuffle(array) {
      for (let i = array.length - 1; i > 0; i--) {
        const j = Math.floor(this.uniform() * (i + 1));
        [array[i], array[j]] = [array[j], array[i]];
      }
    }
  };

  /* Labels with symmetric noise: each is replaced with probability eta by one of the K - 1 others,
     all equally likely. One uniform number decides for each example, so what is mislabeled at one
     eta is mislabeled at every higher one too. */
  Lab.noisyLabels = function noisyLabels(labels, classes, eta, random) {
    return labels.map((label) => {
      const beyond = random.uniform() - (1 - eta);
      if (beyond < 0 || eta === 0) return label;
      const other = Math.min(classes - 2, Math.floor((beyond / eta) * (classes - 1)));
      return (label + 1 + other) % classes;
    });
  };
});
