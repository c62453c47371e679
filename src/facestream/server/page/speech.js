// Lets the face speak a sound: sends it ahead of time, plays it when its first frame is there, stops when told.

const PIECE = 4000; // samples a message: a quarter of a second
const AHEAD = 8; // seconds that are sent before they are heard
const PATIENCE = 4000; // milliseconds for the first frame

export class Speech extends EventTarget {
  // Events: begin, done (spoken to its end), failed {message}

  /** @param {import("./client.js").Client} client @param {import("./timeline.js").Timeline} timeline
   *  @param {import("./player.js").Player} player */
  constructor(client, timeline, player) {
    super();
    Object.assign(this, { client, timeline, player, sound: null });
    client.addEventListener("frame", ({ detail }) => this.#frame(detail));
    client.addEventListener("ended", ({ detail }) => this.begun && detail.position > this.first && !player.playing && this.#done());
    client.addEventListener("state", ({ detail }) => {
      if (this.sound && detail.state !== "live") this.#fail(detail.reason || "The connection was lost.");
    });
    player.addEventListener("ended", () => this.sound && this.#done());
  }

  get active() {
    return this.sound !== null;
  }

  /** How much of the sound was heard, 0..1. */
  get progress() {
    return this.begun ? Math.min(1, this.player.position() / this.sound.samples.length) : 0;
  }

  /** @param {import("./player.js").Sound} sound */
  speak(sound) {
    if (this.active) this.interrupt();
    this.sound = sound;
    this.first = this.client.sent; // positions go on within a turn
    this.at = 0;
    this.begun = false;
    this.#send();
    this.feeding = setInterval(() => this.#send(), 200);
    this.giveUp = setTimeout(() => this.#fail("The server sends no frames. Is it overloaded?"), PATIENCE);
  }

  /** Silence now; the face comes to rest. Gives the seconds that were heard. */
  interrupt() {
    if (!this.sound) return 0;
    const heard = this.begun ? Math.min(this.player.position(), this.sound.samples.length) : 0;
    this.player.stop();
    this.timeline.stop(performance.now() / 1000);
    this.client.interrupt(this.first + heard);
    this.#forget();
    return heard / 16000;
  }

  #send() {
    const { samples } = this.sound;
    const heard = this.begun ? this.player.position() : 0;
    while (this.at < samples.length && this.at < heard + AHEAD * 16000) {
      this.client.send(samples.subarray(this.at, this.at + PIECE));
      this.at += PIECE;
    }
    if (this.at < samples.length) return;
    clearInterval(this.feeding);
    this.client.end();
  }

  #frame(frame) {
    if (this.begun) this.player.tempo(this.timeline.tempo());
    if (!this.sound || this.begun || frame.heard < this.first) return;
    clearTimeout(this.giveUp);
    this.begun = true;
    this.player.play(this.sound);
    this.timeline.follow((heard) => this.player.heardAt(heard - this.first));
    this.dispatchEvent(new Event("begin"));
  }

  #done() {
    this.timeline.follow(null);
    this.#forget();
    this.dispatchEvent(new Event("done"));
  }

  #fail(message) {
    this.player.stop();
    this.timeline.follow(null);
    this.#forget();
    this.dispatchEvent(new CustomEvent("failed", { detail: { message } }));
  }

  #forget() {
    clearInterval(this.feeding);
    clearTimeout(this.giveUp);
    this.sound = null;
    this.begun = false;
  }
}
