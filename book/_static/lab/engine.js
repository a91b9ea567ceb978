/* Carries runs out where the page stays free: in a worker made of the parts above, else in short
   slices on the page. */
(function () {
  "use strict";

  const Lab = (self.Lab = {});
  for (const part of self.labParts) part(Lab);

  const WORKER_SLICE = 50, PAGE_SLICE = 12;  // milliseconds between two looks at the page's wishes

  /* From a file, browsers refuse a worker from a path; from a Blob they take it. */
  function makeWorker() {
    const parts = self.labParts.map((part) => `(${part})(Lab);`).join("\n");
    const source = `"use strict"; const Lab = {}; ${parts}
      let answer;
      self.onmessage = ({ data }) => {
        if (answer) answer(data);
        else answer = Lab.serve(data, (message) => self.postMessage(message), ${WORKER_SLICE});
      };`;
    return new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  }

  /* One run after the other. listen takes the messages of Lab.serve that belong to the run that was
     started last. */
  Lab.Engine = class Engine {
    constructor(listen) {
      [this.serial, this.order] = [0, 0];
      this.sent = [];
      this.receive = (message) => {
        this.sent = null;  // it works: nothing needs to be sent again
        const outdated = message.type === "rest" && message.order !== this.order;
        if (message.serial === this.serial && !outdated) listen(message);
      };
      try {
        this.worker = makeWorker();
        this.worker.onmessage = ({ data }) => this.receive(data);
        this.worker.onerror = () => this.sent && this.workHere();  // it never began
        this.worker.postMessage(self.labDigits);
      } catch {
        this.workHere();
      }
    }

    workHere() {
      if (this.answer) return;
      if (this.worker) this.worker.terminate();
      this.worker = null;
      this.answer = Lab.serve(self.labDigits, this.receive, PAGE_SLICE);
      const waiting = this.sent || [];
      this.sent = null;
      for (const message of waiting) this.send(message);
    }

    post(message) {
      this.order += 1;
      this.send({ ...message, order: this.order });
    }

    send(message) {
      if (this.sent) this.sent.push(message);
      if (this.worker) this.worker.postMessage(message);
      else setTimeout(() => this.answer(message));
    }

    /* Begins a run anew, at epoch 0. */
    reset(settings) {
      this.serial += 1;
      this.post({ type: "reset", serial: this.serial, settings });
    }

    train(until) {
      this.post({ type: "train", until });
    }

    stop() {
      this.post({ type: "stop" });
    }

    switchTo(loss) {
      this.post({ type: "switch", loss });
    }
  };
})();
