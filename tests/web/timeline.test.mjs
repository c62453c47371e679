// Which face is shown when, to the frame.
import assert from "node:assert/strict";
import test from "node:test";
import { Seam, Timeline } from "../../src/facestream/server/page/timeline.js";

const frame = (index, heard, value, turn = 0) => ({ turn, flags: 0, index, heard, sample: 640 * index, values: Float32Array.of(value) });
const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-6, `${a} is not ${b}`);

/** Frames of a sound that begins at 10 s; they come 0.1 s early. */
function spoken(count) {
  const timeline = new Timeline();
  timeline.follow((heard) => 10 + heard / 16000);
  for (let i = 0; i < count; i++) timeline.push(frame(i, 640 * i, i), 9.9 + 0.04 * i);
  return timeline;
}

test("a frame is shown when its sample is heard, and what lies between two is between them", () => {
  const timeline = spoken(10);
  near(timeline.at(10.08).values[0], 2);
  near(timeline.at(10.1).values[0], 2.5);
  near(timeline.at(10.199).values[0], 4.975);
});

test("before the first frame the first one stands, after the last one the last", () => {
  const timeline = spoken(3);
  near(timeline.at(9.5).values[0], 0);
  near(timeline.at(11).values[0], 2);
});

test("what was due is dropped, never queued", () => {
  const timeline = spoken(50);
  near(timeline.at(11.0).values[0], 25);
  assert.equal(timeline.frames[0].index, 25);
});

test("a frame that comes after its sample was heard is counted and not shown", () => {
  const timeline = spoken(5);
  near(timeline.at(10.16).values[0], 4);
  timeline.push(frame(5, 640 * 5, 5), 10.4);
  assert.equal(timeline.late, 1);
  near(timeline.at(10.41).values[0], 4);
});

test("without sound a frame is shown as it comes, evened out over unsteady arrivals", () => {
  const timeline = new Timeline();
  for (let i = 0; i < 40; i++) timeline.push(frame(i, -1, i), 5 + 0.04 * i + (i % 2 ? 0.01 : 0));
  const due = timeline.frames.map((each) => timeline.due(each));
  for (let i = 1; i < due.length; i++) near(due[i] - due[i - 1], 0.04);
  near(due.at(-1), 5 + 0.04 * 39 + 0.01 + 0.03);
});

test("an interruption voids what was not shown, and takes the new turn's frames from the same index on", () => {
  const timeline = spoken(10);
  timeline.stop(10.1);
  near(timeline.at(10.3).values[0], 2);
  timeline.push(frame(3, -1, 0.5, 1), 10.12);
  timeline.push(frame(4, -1, 0, 1), 10.16);
  assert.deepEqual(timeline.frames.map(({ turn }) => turn).slice(-2), [1, 1]);
  near(timeline.at(11).values[0], 0);
});

test("memory does not grow with time", () => {
  const timeline = new Timeline();
  for (let i = 0; i < 10000; i++) timeline.push(frame(i, -1, 0), 0.04 * i);
  assert.ok(timeline.frames.length < 100 && timeline.arrivals.length <= 50);
});

test("a cut leaves no jump, and is forgotten in a moment", () => {
  const seam = new Seam();
  seam.join(Float32Array.of(1), 0.016);
  seam.cut();
  assert.ok(seam.join(Float32Array.of(0), 0.001)[0] > 0.9);
  let value = 1;
  for (let i = 0; i < 40; i++) [value] = seam.join(Float32Array.of(0), 0.016);
  near(value, 0);
});
