// An hour with clocks that drift apart: face and sound stay together.
import assert from "node:assert/strict";
import test from "node:test";
import { Player } from "../../src/facestream/server/page/player.js";
import { Speech } from "../../src/facestream/server/page/speech.js";
import { Timeline } from "../../src/facestream/server/page/timeline.js";

const HOUR = 3600, STEP = 0.02, FRAME = 0.04; // seconds
globalThis.CustomEvent ??= class extends Event {
  constructor(type, { detail }) {
    super(type);
    this.detail = detail;
  }
};

/** Numbers in 0..1, the same each time. */
function* noise(state = 1) {
  for (;;) yield (state = (state * 48271) % 2147483647) / 2147483647;
}

/** Lets the page speak an hour with a sound card that is `drift` faster than the server and the page's clock; gives the
 *  largest distance of face and sound in seconds, the tempi of the sound, and how many frames were late. */
function speak(drift, jitter = 0.01) {
  let now = 0, played = 0, rate = 1;
  const random = noise();
  const clock = () => now * (1 + drift);
  const real = performance.now;
  performance.now = () => 1000 * now;
  const intervals = globalThis.setInterval;
  globalThis.setInterval = () => 0;
  globalThis.GainNode = class {
    gain = { setTargetAtTime() {} };
    connect = (next) => next;
  };
  globalThis.AudioBufferSourceNode = class {
    buffer = { duration: HOUR };
    connect = (next) => next;
    playbackRate = { setValueAtTime: (value) => (rate = value) };
    start = (at) => (this.begins = at);
    stop() {}
  };
  const client = Object.assign(new EventTarget(), { sent: 0, send: () => true, end() {}, interrupt() {} });
  const timeline = new Timeline(), player = new Player();
  player.context = {
    get currentTime() {
      return clock();
    },
    getOutputTimestamp: () => ({ contextTime: clock() + 0.004 * (random.next().value - 0.5), performanceTime: 1000 * now }),
  };
  try {
    const speech = new Speech(client, timeline, player);
    now = 1;
    speech.speak({ samples: { length: HOUR * 16000, subarray: () => [] }, buffer: null });
    clearTimeout(speech.giveUp);
    const came = now + 0.1; // when the server gives the first frame
    let next = 0, skew = 0, slowest = 1, fastest = 1, before = clock();
    while (next * FRAME < HOUR - 1) {
      now += STEP;
      if (speech.begun && clock() > player.source.begins) played += (clock() - Math.max(before, player.source.begins)) * rate;
      before = clock();
      while (now >= came + next * FRAME + jitter * random.next().value) {
        const heard = Math.round(next * FRAME * 16000);
        const frame = { turn: 0, flags: 0, index: next, heard, sample: heard, values: Float64Array.of(next * FRAME) };
        timeline.push(frame, now);
        client.dispatchEvent(new CustomEvent("frame", { detail: frame }));
        next++;
      }
      if (played > 1) skew = Math.max(skew, Math.abs(timeline.at(now).values[0] - played));
      slowest = Math.min(slowest, rate);
      fastest = Math.max(fastest, rate);
    }
    return { skew, slowest, fastest, late: timeline.late };
  } finally {
    performance.now = real;
    globalThis.setInterval = intervals;
  }
}

for (const ppm of [-200, 50, 200])
  test(`an hour of speech, the sound card's clock ${ppm} ppm off`, () => {
    const { skew, slowest, fastest, late } = speak(ppm * 1e-6);
    assert.ok(skew < 0.02, `face and sound were ${(1000 * skew).toFixed(1)} ms apart`);
    assert.ok(slowest > 0.9989 && fastest === 1, `the tempo went from ${slowest} to ${fastest}`);
    assert.equal(late, 0);
  });

for (const ppm of [-200, 200])
  test(`an hour of microphone, whose clock is ${ppm} ppm off the server's and the page's`, () => {
    const timeline = new Timeline(), random = noise(7);
    const delays = [];
    for (let i = 0; i < HOUR / FRAME; i++) {
      const spoken = i * FRAME * (1 + ppm * 1e-6); // by the page's clock
      const frame = { turn: 0, flags: 0, index: i, heard: 640 * i, sample: 640 * i, values: Float32Array.of(0) };
      timeline.push(frame, spoken + 0.12 + 0.01 * random.next().value);
      delays.push(timeline.due(frame) - spoken);
    }
    const usual = delays.slice(50);
    assert.ok(Math.max(...usual) - Math.min(...usual) < 0.02);
  });
