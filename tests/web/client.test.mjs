// The client without a page: what it says, what it passes on, when it comes back.
import assert from "node:assert/strict";
import test, { mock } from "node:test";
import { Client } from "../../src/facestream/server/page/client.js";

class Socket {
  static all = [];
  constructor(url) {
    Object.assign(this, { url, sent: [] });
    Socket.all.push(this);
  }
  send(data) {
    this.sent.push(data);
  }
  close(code) {
    this.closed = code;
  }
  says(message) {
    this.onmessage({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }
}
globalThis.WebSocket = Socket;
globalThis.CustomEvent ??= class extends Event {
  constructor(type, { detail }) {
    super(type);
    this.detail = detail;
  }
};

const welcome = { type: "welcome", version: 1, session: "s", talker: "t", channels: ["jawOpen"], styles: ["neutral"], fps: 25, delay: 2, ahead_ms: 120, limits: {} };
const frames = (turn, index) => ({ type: "frames", frames: [{ turn, flags: 0, index, heard: -1, sample: 640 * index, values: [0.5] }] });

/** A client that was welcomed, its socket, and what it told. */
function welcomed(options) {
  const client = new Client("ws://here/v1/live", options);
  const told = [];
  for (const type of ["frame", "state", "interrupted", "error"]) client.addEventListener(type, ({ detail }) => told.push([type, detail]));
  client.connect();
  const socket = Socket.all.at(-1);
  socket.onopen();
  socket.says(welcome);
  return { client, socket, told, of: (type) => told.filter(([kind]) => kind === type).map(([, detail]) => detail) };
}

test("it says hello first, and is live when it is welcomed", () => {
  const { client, socket } = welcomed({ source: "speech", sampleRate: 24000, style: "calm" });
  const hello = JSON.parse(socket.sent[0]);
  assert.deepEqual([hello.type, hello.source, hello.sample_rate, hello.style], ["hello", "speech", 24000, "calm"]);
  assert.equal(client.state, "live");
  assert.deepEqual(client.channels, ["jawOpen"]);
  client.close();
});

test("sound goes out as 16-bit samples and is counted", () => {
  const { client, socket } = welcomed();
  assert.equal(client.send(Float32Array.of(0, 0.5)), true);
  assert.equal(socket.sent[1].byteLength, 4);
  assert.equal(client.sent, 2);
  client.close();
  assert.equal(client.send(Float32Array.of(0)), false);
});

test("after an interruption no frame of the old turn is passed on", () => {
  const { client, socket, of } = welcomed();
  socket.says(frames(0, 0));
  client.send(new Float32Array(100));
  client.interrupt(47.6);
  assert.deepEqual(JSON.parse(socket.sent.at(-1)), { type: "interrupt", position: 48 });
  assert.equal(client.sent, 0);
  socket.says(frames(0, 1));
  socket.says({ type: "interrupted", turn: 1, position: 48, frame: 1 });
  socket.says(frames(0, 2));
  socket.says(frames(1, 1));
  assert.deepEqual(of("frame").map(({ turn, index }) => [turn, index]), [[0, 0], [1, 1]]);
  client.close();
});

test("a lost connection is made again, later each time; a refusal is final", () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { client, socket, of } = welcomed();
  const before = Socket.all.length;
  socket.onclose({ code: 1006, reason: "" });
  assert.equal(client.state, "waiting");
  mock.timers.tick(499);
  assert.equal(Socket.all.length, before);
  mock.timers.tick(1);
  assert.equal(Socket.all.length, before + 1);
  Socket.all.at(-1).onclose({ code: 1006, reason: "" });
  assert.deepEqual(of("state").filter(({ state }) => state === "waiting").map(({ retryIn }) => retryIn), [0.5, 1]);
  mock.timers.tick(1000);
  Socket.all.at(-1).onclose({ code: 4001, reason: "wrong token" });
  assert.deepEqual(of("state").at(-1), { state: "closed", code: 4001, reason: "wrong token" });
  mock.timers.reset();
});

test("what the server refuses with is told, also where the close reason is cut", () => {
  const { client, socket, of } = welcomed();
  socket.says({ type: "error", code: 4029, message: "a long sentence that says what to do" });
  socket.onclose({ code: 4029, reason: "a long" });
  assert.equal(of("state").at(-1).reason, "a long sentence that says what to do");
  client.close();
});
