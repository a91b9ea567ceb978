/* One training run, and a loop that carries it out piece by piece, in a worker or on the page. */
(self.labParts = self.labParts || []).push(function run(Lab) {
  "use strict";

  const ROWS = 250;  // examples of one forward pass at an evaluation

  /* The share of right predictions where `among` holds; NaN where it holds nowhere. */
  function share(predictions, labels, among = () => true) {
    let hits = 0, count = 0;
    predictions.forEach((answer, i) => {
      if (!among(i)) return;
      count += 1;
      hits += answer === labels[i];
    });
    return hits / count;
  }

  Lab.Run = class Run {
    /* settings: problem ("digits" or "plane"), phases [{name, parameter, from}], eta, lr, n, seed.
       A phase is a loss and the epoch after which it takes over, 0 for the first. */
    constructor(settings, data) {
      const { problem, seed, n, eta, lr, phases } = settings;
      const random = (use) => new Lab.Random(seed, Lab.STREAMS[use]);
      this.phases = phases.map((phase) => ({ ...phase }));
      this.problem = Lab.PROBLEMS[problem](n, seed, data);
      const { sizes, batch, labels, classes } = this.problem;
      this.given = Lab.noisyLabels(labels, classes, eta, random("noise"));
      this.mislabeled = Array.from(labels, (label, i) => label !== this.given[i]);
      this.network = new Lab.Network(sizes, Math.max(batch, ROWS), random("start"));
      this.adam = new Lab.Adam(this.network, lr);
      this.random = random("order");
      this.order = Array.from(labels, (_, i) => i);
      this.epoch = 0;  // epochs done
      this.begun = 0;  // epochs whose loss is settled
    }

    /* The loss of the next epoch. */
    get loss() {
      return this.phases.filter((phase) => phase.from <= this.epoch).pop();
    }

    /* Another loss from the next epoch on that has not begun. The network and Adam's averages stay
       as they are. */
    switchTo(loss) {
      const before = this.phases.filter((phase) => phase.from < this.begun);
      this.phases = [...before, { ...loss, from: this.begun }];
    }

    /* One step of Adam on the batch that begins at a place of the order. */
    step(begin, loss) {
      const { inputs, sizes, batch } = this.problem, width = sizes[0];
      const rows = this.order.slice(begin, begin + batch);
      const x = new Float32Array(rows.length * width);
      rows.forEach((row, i) => x.set(inputs.subarray(row * width, (row + 1) * width), i * width));
      this.network.backward(x, rows.map((row) => this.given[row]), loss);
      this.adam.step();
    }

    /* Evaluates, and trains on and on. Yields a report after each evaluation, and null wherever it
       may be interrupted. */
    *train() {
      yield yield* this.evaluate();
      for (;;) {
        const loss = this.loss;
        this.begun = this.epoch + 1;
        this.random.shuffle(this.order);
        for (let begin = 0; begin < this.order.length; begin += this.problem.batch) {
          this.step(begin, loss);
          yield null;
        }
        this.epoch += 1;
        if (this.epoch % this.problem.every === 0) yield yield* this.evaluate();
      }
    }

    /* The predictions on the training and the test set, and what they amount to. */
    *evaluate() {
      const { inputs, labels, test } = this.problem, wrong = (i) => this.mislabeled[i];
      const train = yield* this.predictions(inputs, labels.length);
      const tested = yield* this.predictions(test.inputs, test.labels.length);
      return {
        epoch: this.epoch, phases: this.phases, train, test: tested,
        values: {
          j1: share(train, this.given),
          j2: share(train, labels),
          memorized: share(train, this.given, wrong),
          recovered: share(train, labels, wrong),
          test_accuracy: share(tested, test.labels),
        },
      };
    }

    *predictions(inputs, n) {
      const width = this.problem.sizes[0], answers = new Uint8Array(n);
      for (let begin = 0; begin < n; begin += ROWS) {
        const rows = Math.min(ROWS, n - begin);
        const part = inputs.subarray(begin * width, (begin + rows) * width);
        answers.set(this.network.predict(part, rows), begin);
        yield null;
      }
      return answers;
    }
  };

  /* Answers messages {type: "reset" | "train" | "stop" | "switch", ...} by training, a slice of
     time after the other.

     data: the digits. slice: milliseconds. post: takes the answers {type: "begin" | "report" |
     "phases" | "rest", serial, order, ...}; an answer names the reset (serial) and the last message
     (order) that it follows. */
  Lab.serve = function serve(data, post, slice) {
    let run, steps, serial, order, reported, target, timer = null;
    const answer = (type, content) => post({ type, serial, order, ...content });

    function work() {
      const end = performance.now() + slice;
      while (reported < target && performance.now() < end) {
        const { value } = steps.next();
        if (!value) continue;
        reported = value.epoch;
        answer("report", value);
      }
      timer = reported < target ? setTimeout(work) : null;
      if (!timer) answer("rest");
    }

    const actions = {
      reset({ serial: number, settings }) {  // works until the untrained network is evaluated
        [serial, reported, target] = [number, -1, 0];
        run = new Lab.Run(settings, data);
        steps = run.train();
        answer("begin", { given: run.given, labels: run.problem.labels });
      },
      train({ until }) {
        target = until;
      },
      stop() {  // at the next evaluation
        target = Math.ceil(run.begun / run.problem.every) * run.problem.every;
      },
      switch({ loss }) {
        run.switchTo(loss);
        answer("phases", { phases: run.phases });
      },
    };
    return (message) => {
      order = message.order;
      actions[message.type](message);
      if (!timer) work();
    };
  };
});
