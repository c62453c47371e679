// What the page adds to the motion: its strength, and a glance that follows whoever moves the pointer.

const ANGLES = /(Yaw|Pitch|Roll)$/;
const EYES = /^(eyeBlink|eyeLook|leftEye|rightEye)/;
const FARTHEST = 0.3; // radians of the eyes
const TURNS = { headYaw: 0.22, headPitch: 0.18, headRoll: 0.16 }; // radians at most: it looks at you, wherever life leads it
const FORGETS = 2.5; // seconds after the pointer rested
const SPEECH = /^(jaw|mouth|tongue|cheekPuff)/;
const HUSH = 0.05, RELEASE = 0.2; // seconds: of our closing of the mouth, and until the server has closed it by itself

export class Expression {
  constructor() {
    this.intensity = 1;
    this.glance = [0, 0]; // yaw, pitch
    this.wanted = [0, 0];
    this.until = 0;
    this.quiet = null; // since when, and until when
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
  }

  /** @param {string[]} channels */
  bind(channels) {
    this.scaled = channels.map((name) => !EYES.test(name));
    this.speech = channels.map((name) => SPEECH.test(name));
    this.shape = channels.map((name) => !ANGLES.test(name));
    const find = (name) => channels.indexOf(name);
    this.columns = {
      yaw: [find("leftEyeYaw"), find("rightEyeYaw")],
      pitch: [find("leftEyePitch"), find("rightEyePitch")],
      down: [find("eyeLookDownLeft"), find("eyeLookDownRight")],
      head: [find("headYaw"), find("headPitch")],
    };
    this.turns = Object.entries(TURNS).map(([name, most]) => [find(name), most]).filter(([column]) => column >= 0);
  }

  /** Look where the pointer is: x to the right and y down from the face's middle, -1..1. */
  look(x, y, now) {
    if (this.still.matches) return;
    const far = Math.max(1, Math.hypot(x, y));
    this.wanted = [(FARTHEST * x) / far, (0.7 * FARTHEST * y) / far];
    this.until = now + FORGETS;
  }

  /** The mouth closes now; the server, which is told at the same time, may be far away. */
  hush(now) {
    this.quiet = { since: now, until: Infinity };
  }

  /** The server was told. */
  hushed(now) {
    if (this.quiet) this.quiet.until = now + RELEASE;
  }

  /** @param {Float32Array} values @param {number} now @param {number} seconds  since the last call
   *  @param {boolean} hushable  whether it is the face that `hush` meant */
  apply(values, now, seconds, hushable) {
    if (this.quiet && now > this.quiet.until) this.quiet = null;
    if (this.quiet && hushable) {
      const kept = Math.exp(-(now - this.quiet.since) / HUSH);
      values = values.map((value, i) => (this.speech[i] ? value * kept : value));
    }
    const out = values.map((value, i) => {
      const strong = this.scaled[i] ? value * this.intensity : value;
      return this.shape[i] ? Math.min(Math.max(strong, 0), 1) : strong;
    });
    for (const [column, most] of this.turns) out[column] = most * Math.tanh(out[column] / most);
    const share = 1 - Math.exp(-seconds / 0.09);
    const wanted = now < this.until ? this.wanted : [0, 0];
    this.glance = this.glance.map((angle, i) => angle + share * (wanted[i] - angle));
    const [yaw, pitch] = this.glance;
    const add = (columns, amount) => columns.forEach((column) => column >= 0 && (out[column] += amount));
    add(this.columns.yaw, yaw);
    add(this.columns.pitch, pitch);
    add(this.columns.down, Math.max(0, 1.6 * pitch));
    add([this.columns.head[0]], 0.25 * yaw);
    add([this.columns.head[1]], 0.25 * pitch);
    return out;
  }
}
