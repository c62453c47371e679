// The session in which the face says what the microphone hears.
import { Line } from "./line.js";
import { IDLE } from "./protocol.js";

const REMEMBERED = 500; // pieces of sound whose instant is known

export class Mirror {
  /** @param {import("./microphone.js").Microphone} microphone  that is open @param {string} style */
  constructor(microphone, style) {
    this.microphone = microphone;
    this.line = new Line("microphone", microphone.rate, style);
    this.heard = []; // [samples so far, when they were heard]
    this.take = ({ detail: { samples } }) => this.#send(samples);
    microphone.addEventListener("piece", this.take);
    this.line.client.connect();
  }

  close() {
    this.microphone.removeEventListener("piece", this.take);
    this.line.client.close();
  }

  #send(samples) {
    if (!this.line.client.send(samples)) return;
    this.heard.push([this.line.client.sent, performance.now() / 1000]);
    if (this.heard.length > REMEMBERED) this.heard.shift();
  }

  /** Seconds from the instant that a frame belongs to until it is seen; undefined where it belongs to no sound.
   *  @param {import("./protocol.js").Frame} frame @param {number} seen  seconds */
  delay(frame, seen) {
    if (frame.heard === IDLE) return undefined;
    while (this.heard.length > 1 && this.heard[1][0] <= frame.heard) this.heard.shift();
    const [samples, when] = this.heard[0] ?? [];
    return samples === undefined ? undefined : seen - (when + (frame.heard - samples) / this.microphone.rate);
  }
}
