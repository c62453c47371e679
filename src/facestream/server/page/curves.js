// The 52 curves of ARKit as they run, drawn on a canvas: name, value, and the last seconds behind them.

const SECONDS = 5; // of history
const RATE = 25; // points a second
const ROW = 20, GAP = 4, LABEL = 11; // CSS pixels
const GROUPS = [
  ["Jaw and tongue", /^(jaw|tongueOut)/],
  ["Mouth", /^mouth/],
  ["Brows", /^brow/],
  ["Eyes", /^eye(?!.*(Yaw|Pitch|Roll))/],
  ["Cheeks and nose", /^(cheek|nose)/],
];

export class Curves {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.cells = [];
    this.points = SECONDS * RATE;
    this.next = 0;
    this.filled = 0;
    this.last = -SECONDS;
  }

  /** @param {string[]} channels */
  bind(channels) {
    this.cells = GROUPS.flatMap(([title, pattern]) => {
      const found = channels.map((name, column) => ({ name, channel: column })).filter(({ name }) => pattern.test(name) && !/^tongue(?!Out)/.test(name));
      return found.length ? [{ title }, ...found.map((cell) => ({ ...cell, history: new Float32Array(this.points) }))] : [];
    });
    this.#place();
  }

  /** Remember values, RATE times a second: what was shown longer stands for more than one. Whether one was due. */
  push(values, now) {
    if (now - this.last > SECONDS) this.last = now - SECONDS;
    let due = false;
    for (; this.last + 1 / RATE <= now; this.last += 1 / RATE, due = true) {
      for (const cell of this.cells) if (cell.history) cell.history[this.next] = values[cell.channel];
      this.next = (this.next + 1) % this.points;
      this.filled = Math.min(this.filled + 1, this.points);
    }
    return due;
  }

  /** Lay the cells out in as many columns as fit. */
  #place() {
    const width = this.canvas.clientWidth || 300;
    this.columns = Math.max(2, Math.floor(width / 170));
    let row = 0, column = 0, titles = 0;
    for (const cell of this.cells) {
      if (cell.title) {
        if (column) row++;
        column = 0;
        Object.assign(cell, { row: row++, titles });
        titles++;
      } else {
        Object.assign(cell, { row, column, titles: titles - 1 });
        if (++column === this.columns) (column = 0), row++;
      }
    }
    this.height = (row + (column ? 1 : 0)) * ROW + (titles - 1) * 10;
    this.width = width;
    this.canvas.style.height = `${this.height}px`;
  }

  draw() {
    const { canvas } = this;
    if (!this.cells.length || !canvas.offsetParent) return;
    if (canvas.clientWidth !== this.width) this.#place();
    const ratio = Math.min(devicePixelRatio, 2);
    const [w, h] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
    const style = getComputedStyle(canvas);
    const ink = style.color, accent = style.getPropertyValue("--accent"), quiet = style.getPropertyValue("--ink-2");
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    context.textBaseline = "middle";
    const wide = (this.width - (this.columns - 1) * 12) / this.columns;
    for (const cell of this.cells) {
      const y = cell.row * ROW + cell.titles * 10;
      if (cell.title) {
        context.font = `600 11px ${style.fontFamily}`;
        context.fillStyle = quiet;
        context.fillText(cell.title, 0, y + ROW / 2 + 1);
      } else this.#cell(context, cell, cell.column * (wide + 12), y, wide, { ink, accent, quiet, font: style.fontFamily });
    }
  }

  #cell(context, cell, x, y, wide, { ink, accent, quiet, font }) {
    const tall = ROW - GAP;
    const value = cell.history[(this.next + this.points - 1) % this.points];
    context.globalAlpha = 0.16;
    context.fillStyle = quiet;
    context.fillRect(x, y + tall - 1, wide, 1);
    context.globalAlpha = 0.5;
    context.fillStyle = accent;
    context.beginPath();
    context.moveTo(x + wide, y + tall);
    for (let i = 0; i < this.filled; i++) {
      const point = cell.history[(this.next + this.points - 1 - i) % this.points];
      context.lineTo(x + wide - (i / (this.points - 1)) * wide, y + tall - tallness(point) * tall);
    }
    context.lineTo(x + wide - ((this.filled - 1) / (this.points - 1)) * wide, y + tall);
    context.fill();
    context.globalAlpha = 0.62 + 0.38 * Math.min(1, Math.max(0, value) * 4);
    context.font = `${LABEL}px ${font}`;
    context.fillStyle = ink;
    context.fillText(plain(cell.name), x, y + tall / 2);
    context.globalAlpha = 1;
  }
}

/** Height of a value, 0..1: speech lives below a half, so that half gets more room. */
function tallness(value) {
  return Math.min(Math.max(value, 0), 1) ** 0.65;
}

/** "mouthSmileLeft" as "smile left". */
function plain(name) {
  const words = name.replace(/^(mouth|eye|brow|cheek|nose)(?=[A-Z])/, "").replace(/([A-Z])/g, " $1").trim().toLowerCase();
  return words;
}
