// Which face to show now: frames by the time they belong to, 25 a second in, any rate out.
//
// Where sound is played, a frame is due when its own sample is heard. Where none is (a microphone, or a face that only
// lives), frames are due as they come, evened out by a short wait. Late frames are dropped, never queued.
import { IDLE } from "./protocol.js";

const CLOCK = 16000; // of `Frame.sample`
const EVEN_OUT = 0.03; // seconds that a frame waits where no sound says when it is due
const WATCHED = 50; // frames whose arrival says how unsteady the way is
const SEAM = 0.07; // seconds in which a jump between two faces is forgotten
const KEPT = 3; // seconds of frames at most
const SPARE = 0.02; // seconds that the latest frame should come before its sound
const MADE_UP = 5; // seconds in which a sound makes up for what is missing of that
const SLOWEST = 0.998; // of its tempo: a third of a hundredth of a tone, which nobody hears

export class Timeline {
  constructor() {
    this.frames = [];
    this.arrivals = [];
    this.late = 0;
    this.clear();
  }

  /** Forget all frames; the face shown stays until others come. */
  clear() {
    this.frames = [];
    this.arrivals = [];
    this.follow(null);
    this.newest = null;
  }

  /** Sound is played: when a sample of this turn is heard, seconds. @param {((heard: number) => number) | null} sound */
  follow(sound) {
    this.sound = sound;
    this.margins = []; // seconds from a frame's arrival to its sound, of the last ones
  }

  /** How fast the sound should be played, so that its frames keep coming in time. Its clock and the server's drift apart by
   *  some 50 ppm, which is 0.2 s in an hour: where the sound runs ahead, it waits for its face. */
  tempo() {
    const missing = SPARE - Math.min(...this.margins);
    return this.margins.length < WATCHED ? 1 : Math.max(SLOWEST, 1 - Math.max(0, missing) / MADE_UP);
  }

  /** Frames not shown yet are void. */
  stop(now) {
    this.frames = this.frames.filter((frame) => this.due(frame) <= now);
    this.sound = null;
  }

  /** @param {import("./protocol.js").Frame} frame @param {number} now  seconds */
  push(frame, now) {
    if (this.newest && frame.index <= this.newest.index) this.frames = this.frames.filter(({ index }) => index < frame.index);
    this.arrivals.push(now - frame.sample / CLOCK);
    if (this.arrivals.length > WATCHED) this.arrivals.shift();
    this.newest = frame;
    if (this.sound && frame.heard !== IDLE) {
      const margin = this.due(frame) - now;
      this.margins.push(margin);
      if (this.margins.length > WATCHED) this.margins.shift();
      if (margin < -0.04) {
        this.late++;
        if (this.frames.length) return; // too late to be seen, but better than nothing where nothing is
      }
    }
    this.frames.push(frame);
    while (this.frames.length > 2 && this.due(this.frames.at(-1)) - this.due(this.frames[0]) > KEPT) this.frames.shift();
  }

  /** When a frame is to be shown, seconds. */
  due(frame) {
    if (this.sound && frame.heard !== IDLE) return this.sound(frame.heard);
    return frame.sample / CLOCK + this.offset();
  }

  /** Instant of sample 0 of the session, for frames that no sound places: behind nine in ten arrivals. */
  offset() {
    const sorted = [...this.arrivals].sort((a, b) => a - b);
    const usual = sorted[Math.floor(0.9 * (sorted.length - 1))] ?? 0;
    return usual + EVEN_OUT;
  }

  /** The face at an instant, between its two neighbours: values, and the frame that it comes closest to; null if none.
   *  @param {number} now  seconds @returns {{values: Float32Array, frame: import("./protocol.js").Frame} | null} */
  at(now) {
    while (this.frames.length > 1 && this.due(this.frames[1]) <= now) this.frames.shift();
    const [before, after] = this.frames;
    if (!before) return null;
    if (!after) return { values: before.values, frame: before };
    const from = this.due(before), to = this.due(after);
    const share = Math.min(1, Math.max(0, (now - from) / Math.max(to - from, 1e-3)));
    if (to - from > 0.2) return { values: before.values, frame: before }; // a gap: nothing is known of what lies within
    return { values: before.values.map((v, i) => v + share * (after.values[i] - v)), frame: share < 0.5 ? before : after };
  }
}

/** Faces without jumps: what one is apart from the next is forgotten within a moment. */
export class Seam {
  constructor() {
    this.last = null;
    this.apart = null;
  }

  /** The next face comes from elsewhere (another session, another turn). */
  cut() {
    this.jump = true;
  }

  /** @param {Float32Array} values @param {number} seconds  since the last call @returns {Float32Array} */
  join(values, seconds) {
    if (this.jump && this.last?.length === values.length) this.apart = this.last.map((v, i) => v - values[i]);
    this.jump = false;
    if (this.apart) {
      const kept = Math.exp(-seconds / SEAM);
      this.apart = this.apart.map((v) => v * kept);
      values = values.map((v, i) => v + this.apart[i]);
      if (this.apart.every((v) => Math.abs(v) < 1e-3)) this.apart = null;
    }
    return (this.last = values);
  }
}
