/* The wall: each mislabeled digit in a frame that says what the network makes of it. */
(function () {
  "use strict";

  /* Tiles of 36 by 52 pixels: the digit at twice its size; below it a sign, and the class that the network answers. */
  const TILE = { width: 36, height: 52 }, ZOOM = 2;
  let levels = null;

  Lab.Wall = class Wall extends Lab.Picture {
    /* examples: [{index, given, label}], in the order in which they are shown. */
    draw(examples, answers, picked) {
      levels = levels || Lab.unpack(self.labDigits.train.levels);
      const width = this.canvas.clientWidth || 300, { context } = this;
      this.columns = Math.max(1, Math.floor(width / TILE.width));
      this.resize(width, Math.max(1, Math.ceil(examples.length / this.columns)) * TILE.height);
      const colors = Object.fromEntries([...Object.keys(Lab.FATES), "text"].map((name) => [name, this.color(name)]));
      const sprite = this.sprite(examples, getComputedStyle(this.canvas).color), { size } = self.labDigits;
      context.imageSmoothingEnabled = false;
      examples.forEach((example, i) => {
        const [x, y] = this.place(i), fate = Lab.fate(answers[example.index], example.given, example.label);
        const { sign: kind, weight } = Lab.FATES[fate], edge = weight / 2 + 1;
        context.strokeStyle = colors[fate];
        context.lineWidth = weight;
        context.setLineDash(fate === "neither" ? [3, 3] : []);
        context.strokeRect(x + edge, y + edge, TILE.width - 2 * edge, TILE.height - 2 * edge);
        context.setLineDash([]);
        context.drawImage(sprite, size * i, 0, size, size, x + 4, y + 4, ZOOM * size, ZOOM * size);
        Lab.sign(context, kind, x + 11, y + 41, 8, colors[fate]);
        context.fillStyle = colors.text;
        context.font = "600 13px sans-serif";
        [context.textAlign, context.textBaseline] = ["center", "middle"];
        context.fillText(String(answers[example.index]), x + 24, y + 41.5);
        if (i === picked) {
          context.lineWidth = 2;
          context.strokeStyle = colors.text;
          context.strokeRect(x + 1, y + 1, TILE.width - 2, TILE.height - 2);
        }
      });
    }

    /* The digits in a row, drawn with the ink of the page's text. */
    sprite(examples, color) {
      const key = `${color} ${examples.map((example) => example.index)}`, { size } = self.labDigits;
      if (this.key === key) return this.drawn;
      const canvas = document.createElement("canvas"), [red, green, blue] = color.match(/[\d.]+/g).map(Number);
      [canvas.width, canvas.height] = [size * Math.max(1, examples.length), size];
      const context = canvas.getContext("2d"), image = context.createImageData(canvas.width, size);
      examples.forEach(({ index }, i) => {
        for (let p = 0; p < size * size; p++) {
          const level = levels[index * size * size + p], at = 4 * (Math.floor(p / size) * canvas.width + i * size + (p % size));
          image.data.set([red, green, blue, 17 * level], at);
        }
      });
      context.putImageData(image, 0, 0);
      [this.key, this.drawn] = [key, canvas];
      return canvas;
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
