// What the page adds to the motion: its strength, and a glance that follows whoever moves the pointer.

const ANGLES = /(Yaw|Pitch|Roll)$/;
const EYES = /^(eyeBlink|eyeLook|leftEye|rightEye)/;
const FARTHEST = 0.3; // radians of the eyes
const FORGETS = 2.5; // seconds after the pointer rested

export class Expression {
  constructor() {
    this.intensity = 1;
    this.glance = [0, 0]; // yaw, pitch
    this.wanted = [0, 0];
    this.until = 0;
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
  }

  /** @param {string[]} channels */
  bind(channels) {
    this.scaled = channels.map((name) => !EYES.test(name));
    this.shape = channels.map((name) => !ANGLES.test(name));
    const find = (name) => channels.indexOf(name);
    this.columns = {
      yaw: [find("leftEyeYaw"), find("rightEyeYaw")],
      pitch: [find("leftEyePitch"), find("rightEyePitch")],
      down: [find("eyeLookDownLeft"), find("eyeLookDownRight")],
      head: [find("headYaw"), find("headPitch")],
    };
  }

  /** Look where the pointer is: x to the right and y down from the face's middle, -1..1. */
  look(x, y, now) {
    if (this.still.matches) return;
    const far = Math.max(1, Math.hypot(x, y));
    this.wanted = [(FARTHEST * x) / far, (0.7 * FARTHEST * y) / far];
    this.until = now + FORGETS;
  }

  /** @param {Float32Array} values @param {number} now @param {number} seconds  since the last call */
  apply(values, now, seconds) {
    const out = values.map((value, i) => {
      const strong = this.scaled[i] ? value * this.intensity : value;
      return this.shape[i] ? Math.min(Math.max(strong, 0), 1) : strong;
    });
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
