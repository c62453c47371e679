// Weights by name and vertices moved: the same rules as faces/gltf.
import assert from "node:assert/strict";
import test from "node:test";
import { Glb } from "../../src/facestream/server/page/glb.js";
import { animatedGlb, csv } from "../../src/facestream/server/page/recorder.js";
import { Skin, takeTargets, weigher } from "../../src/facestream/server/page/shapes.js";

const columns = new Map(["jawOpen", "mouthClose", "headYaw"].map((name, index) => [name, index]));
const weight = (target, values) => weigher(target, columns)(values);

test("a shape's weight is its value, as it is", () => assert.equal(weight("jawOpen", [1.2, 0, 0]), 1.2));
test("a corrective's weight is the clipped product of its factors", () => {
  assert.equal(weight("jawOpen*mouthClose", [0.5, 0.5, 0]), 0.25);
  assert.equal(weight("jawOpen*mouthClose", [3, -1, 0]), 0);
  assert.equal(weight("mouthClose*mouthClose", [0, 0.5, 0]), 0.25);
});
test("a minus takes the negative values; an angle is clipped", () => {
  assert.equal(weight("-headYaw", [0, 0, -0.25]), 0.25);
  assert.equal(weight("headYaw", [0, 0, -0.25]), 0);
});
test("what nothing drives stays at rest", () => assert.equal(weight("cheekPuff", [1, 1, 1]), 0));

const IDENTITY = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
const LIFTED = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 2, 0, 1];

test("targets move only their rows; joints carry vertices by their shares", () => {
  const moves = { position: { rows: Uint32Array.of(1), values: Float32Array.of(1, 0, 0) }, normal: { rows: new Uint32Array(0), values: [] } };
  const rest = { position: Float32Array.of(0, 0, 0, 1, 1, 1), normal: Float32Array.of(0, 0, 1, 0, 0, 1) };
  const held = { indices: [0, 0, 0, 0, 0, 1, 0, 0], weights: [1, 0, 0, 0, 0.5, 0.5, 0, 0] };
  const skin = new Skin([["jawOpen", moves]], rest, held);
  skin.bind(columns);
  skin.pose([0.5, 0, 0], Float32Array.of(...IDENTITY, ...LIFTED));
  assert.deepEqual([...skin.position], [0, 0, 0, 1.5, 2, 1]);
  skin.pose([0, 0, 0], Float32Array.of(...IDENTITY, ...LIFTED));
  assert.deepEqual([...skin.position], [0, 0, 0, 1, 2, 1]);
});

/** A file with one vertex, one sparse target and a head joint. */
function file() {
  const glb = Object.assign(Object.create(Glb.prototype), { binary: new Uint8Array(0) });
  glb.root = {
    asset: { version: "2.0" }, bufferViews: [], accessors: [],
    nodes: [{ mesh: 0 }, { name: "neck" }, { name: "head" }],
    meshes: [{ primitives: [{ attributes: {}, targets: [{}] }], extras: { targetNames: ["jawOpen"] } }],
  };
  const rows = glb.add(new Float32Array(6), "VEC3");
  glb.root.meshes[0].primitives[0].attributes.POSITION = rows;
  glb.root.meshes[0].primitives[0].targets[0].POSITION = glb.add(Float32Array.of(0, 0, 0, 3, 4, 5), "VEC3");
  return glb.encode().buffer;
}

test("a file is read as it was written", () => {
  const glb = new Glb(file());
  assert.deepEqual([...glb.accessor(1).values], [0, 0, 0, 3, 4, 5]);
  const [[name, { position }]] = takeTargets(glb).get(glb.root.meshes[0])[0];
  assert.equal(name, "jawOpen");
  assert.deepEqual([...position.values], [0, 0, 0, 3, 4, 5]);
  assert.throws(() => new Glb(new ArrayBuffer(40)), /not a .glb/);
});

const take = { channels: ["jawOpen", "headYaw", "headPitch", "headRoll"], frames: [Float32Array.of(0, 0, 0, 0), Float32Array.of(0.5, 0.2, 0, 0)] };

test("a take becomes the file's animation", async () => {
  const glb = new Glb(await animatedGlb(take, file()).arrayBuffer());
  const [{ channels, samplers }] = glb.root.animations;
  const of = (node, path) => samplers[channels.find(({ target }) => target.node === node && target.path === path).sampler];
  assert.deepEqual([...glb.accessor(of(0, "weights").output).values], [0, 0.5]);
  assert.deepEqual([...glb.accessor(of(0, "weights").input).values].map((t) => t.toFixed(3)), ["0.000", "0.040"]);
  const neck = [...glb.accessor(of(1, "rotation").output).values].slice(4);
  assert.ok(Math.abs(neck[1] - Math.sin(0.04)) < 1e-6, "the neck takes 0.4 of 0.2 radians");
});

test("a take becomes rows of numbers", async () => {
  const [header, first, second] = (await csv(take).text()).split("\n");
  assert.equal(header, "time,jawOpen,headYaw,headPitch,headRoll");
  assert.equal(first, "0.000000,0,0,0,0");
  assert.equal(second, "0.040000,0.5,0.2,0,0");
});
