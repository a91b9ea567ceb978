/* The wall: each mislabeled digit in a frame that says what the network makes of it. */
(function () {
  "use strict";

  /* Pixels of a tile: the digit, enlarged; below it a sign, and the class that is answered. */
  const TILE = { width: 36, height: 52 }, ZOOM = 2;
  let levels = null;

  Lab.Wall = class Wall extends Lab.Picture {
    /* examples: [{index, given, label}], in the order in which they are shown; answers: of all
       training images; picked: the place of the one that is told of. */
    draw(examples, answers, picked) {
      const { width, context } = this;
      this.columns = Math.max(1, Math.floor(width / TILE.width));
      this.resize(width, Math.max(1, Math.ceil(examples.length / this.columns)) * TILE.height);
      this.digits(examples, getComputedStyle(this.canvas).color);
      context.imageSmoothingEnabled = false;
      const colors = {};
      for (const name of [...Object.keys(Lab.FATES), "text"]) colors[name] = this.color(name);
      examples.forEach((example, i) => {
        this.tile(i, example, answers[example.index], colors);
        if (i === picked) this.frame(i, 1, 2, colors.text);
      });
    }

    tile(i, { index, given, label }, answer, colors) {
      const { context } = this, [x, y] = this.place(i), { size } = self.labDigits;
      const fate = Lab.fate(answer, given, label), { sign, weight } = Lab.FATES[fate];
      context.setLineDash(fate === "neither" ? [3, 3] : []);
      this.frame(i, weight / 2 + 1, weight, colors[fate]);
      context.setLineDash([]);
      const enlarged = ZOOM * size;
      context.drawImage(this.row, size * i, 0, size, size, x + 4, y + 4, enlarged, enlarged);
      Lab.sign(context, sign, x + 11, y + 41, 8, colors[fate]);
      [context.textAlign, context.textBaseline] = ["center", "middle"];
      [context.fillStyle, context.font] = [colors.text, "600 13px sans-serif"];
      context.fillText(String(answer), x + 24, y + 41.5);
    }

    frame(i, inset, weight, color) {
      const { context } = this, [x, y] = this.place(i);
      [context.strokeStyle, context.lineWidth] = [color, weight];
      context.strokeRect(x + inset, y + inset, TILE.width - 2 * inset, TILE.height - 2 * inset);
    }

    /* Draws the digits into this.row, side by side, with the ink of the page's text. */
    digits(examples, color) {
      const key = `${color} ${examples.map((example) => example.index)}`, { size } = self.labDigits;
      if (this.key === key) return;
      levels = levels || Lab.unpack(self.labDigits.train.levels);
      const canvas = document.createElement("canvas"), ink = color.match(/[\d.]+/g).map(Number);
      [canvas.width, canvas.height] = [size * Math.max(1, examples.length), size];
      const context = canvas.getContext("2d"), image = context.createImageData(canvas.width, size);
      examples.forEach(({ index }, i) => {
        for (let p = 0; p < size * size; p++) {
          const row = Math.floor(p / size), column = i * size + (p % size);
          const level = levels[index * size * size + p];
          image.data.set([...ink.slice(0, 3), 17 * level], 4 * (row * canvas.width + column));
        }
      });
      context.putImageData(image, 0, 0);
      [this.key, this.row] = [key, canvas];
    }

    place(i) {
      return [(i % this.columns) * TILE.width, Math.floor(i / this.columns) * TILE.height];
    }

    /* Which example is at a point of the canvas; -1 for none. */
    at(x, y) {
      const column = Math.floor(x / TILE.width);
      return column < this.columns ? Math.floor(y / TILE.height) * this.columns + column : -1;
    }
  };
})();
