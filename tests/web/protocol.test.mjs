// The JavaScript side of the protocol against the same bytes as the Python side: node --test tests/web/
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { VERSION, framesOf, pcm16, say, unpack } from "../../src/facestream/server/page/protocol.js";

const golden = JSON.parse(await readFile(new URL("../server/golden.json", import.meta.url)));
const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16)).buffer;
const plain = (frame) => ({ ...frame, values: [...frame.values] });

test("this side speaks the same version", () => assert.equal(VERSION, golden.version));

for (const { name, hex, frames } of golden.motion)
  test(`a packet of motion: ${name}`, () => assert.deepEqual(unpack(bytes(hex)).map(plain), frames));

for (const { name, hex } of golden.torn)
  test(`what is no packet is refused: ${name}`, () => assert.throws(() => unpack(bytes(hex)), /packet|version/));

for (const { format, hex, samples } of golden.sound)
  if (format === "s16")
    test("sound has the bytes that the server reads", () => {
      const sent = Buffer.from(pcm16(Float32Array.from(samples))).toString("hex");
      assert.equal(sent, hex);
    });

test("sound beyond full scale is clipped, not wrapped", () => {
  assert.deepEqual([...new Int16Array(pcm16(Float32Array.of(2, -2)))], [32767, -32768]);
});

test("the JSON twin gives the same frames", () => {
  for (const { frames } of golden.motion)
    assert.deepEqual(framesOf({ type: "frames", frames }).map((frame) => frame.heard), frames.map((frame) => frame.heard));
});

test("messages say what the protocol names", () => {
  assert.deepEqual(JSON.parse(say.interrupt(480)), { type: "interrupt", position: 480 });
  assert.deepEqual(JSON.parse(say.interrupt()), { type: "interrupt" });
  const hello = JSON.parse(say.hello({ sample_rate: 16000, format: "s16", source: "speech", style: "calm" }));
  assert.deepEqual(hello, { type: "hello", version: VERSION, sample_rate: 16000, format: "s16", source: "speech", style: "calm" });
});
