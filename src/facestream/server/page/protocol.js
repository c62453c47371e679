// What a client and the server say to each other: the other side of server/protocol.py. PROTOCOL.md tells it in prose.

export const VERSION = 1;
export const IDLE = -1; // in place of a position: the face belongs to no sound of the client's
export const LAST = 1, LISTENING = 2; // flags of a frame

const MAGIC = 0xf0 + VERSION;
const HEAD = 4, FRAME = 16; // bytes

/**
 * @typedef {Object} Frame  A face at one instant.
 * @property {number} turn  interruptions so far, modulo 65536
 * @property {number} flags  LAST and LISTENING
 * @property {number} index  of the session's frames
 * @property {number} heard  the client's own sample of this turn that the face belongs to, IDLE while it only lives
 * @property {number} sample  its instant on the session's clock, 16 kHz
 * @property {Float32Array} values  one a channel, in the order of `Welcome.channels`
 *
 * @typedef {Object} Hello
 * @property {number} sample_rate  8000 to 48000
 * @property {"s16" | "f32"} format
 * @property {"microphone" | "speech"} source
 * @property {string} style
 * @property {number} [seed]
 * @property {"binary" | "json"} [motion]
 * @property {boolean} [listening]
 * @property {string} [token]
 * @property {string} [watch]  name of another session, whose face is shown
 *
 * @typedef {Object} Welcome
 * @property {string} session
 * @property {string} talker
 * @property {string[]} channels
 * @property {string[]} styles
 * @property {number} fps
 * @property {number} delay
 * @property {number} ahead_ms
 * @property {{session_seconds: number, idle_seconds: number, packet_bytes: number, buffered_seconds: number}} limits
 *
 * @typedef {{type: "interrupted", turn: number, position: number, frame: number}} Interrupted
 * @typedef {{type: "ended", turn: number, position: number, frame: number}} Ended
 * @typedef {{type: "error", code: number, message: string}} Failure
 * @typedef {{type: "pong", time: number, server: number}} Pong
 */

/** Messages of the client, as text. */
export const say = {
  /** @param {Hello} hello */
  hello: (hello) => JSON.stringify({ type: "hello", version: VERSION, ...hello }),
  /** @param {number} [position]  samples of this turn really played */
  interrupt: (position) => JSON.stringify({ type: "interrupt", ...(position === undefined ? {} : { position }) }),
  end: () => JSON.stringify({ type: "end" }),
  /** @param {string} style */
  style: (style) => JSON.stringify({ type: "style", style }),
  /** @param {boolean} on */
  listen: (on) => JSON.stringify({ type: "listen", on }),
  /** @param {number} time */
  ping: (time) => JSON.stringify({ type: "ping", time }),
  statistics: () => JSON.stringify({ type: "statistics" }),
};

/** The frames of a packet. Throws if it is torn or of another version.
 *  @param {ArrayBuffer} packet @returns {Frame[]} */
export function unpack(packet) {
  const view = new DataView(packet);
  if (packet.byteLength < HEAD || (view.getUint8(0) & 0xf0) !== 0xf0) throw new Error("this is not a packet of motion");
  if (view.getUint8(0) !== MAGIC)
    throw new Error(`motion of version ${view.getUint8(0) - 0xf0}; this side speaks ${VERSION}: reload the page`);
  const count = view.getUint8(1), channels = view.getUint16(2, true);
  const size = FRAME + 2 * channels;
  if (packet.byteLength !== HEAD + count * size)
    throw new Error(`a packet of ${count} frames has ${packet.byteLength} bytes; expected ${HEAD + count * size}`);
  return Array.from({ length: count }, (_, i) => {
    const at = HEAD + i * size;
    return {
      turn: view.getUint16(at, true),
      flags: view.getUint16(at + 2, true),
      index: view.getUint32(at + 4, true),
      heard: view.getInt32(at + 8, true),
      sample: view.getUint32(at + 12, true),
      values: Float32Array.from({ length: channels }, (_, c) => half(view.getUint16(at + FRAME + 2 * c, true))),
    };
  });
}

/** Frames of the JSON twin. @returns {Frame[]} */
export function framesOf(message) {
  return message.frames.map((frame) => ({ ...frame, values: Float32Array.from(frame.values) }));
}

/** Samples in -1..1 as 16-bit integers, little-endian. @param {Float32Array} samples @returns {ArrayBuffer} */
export function pcm16(samples) {
  const view = new DataView(new ArrayBuffer(2 * samples.length));
  samples.forEach((sample, i) => {
    view.setInt16(2 * i, Math.max(-32768, Math.min(32767, Math.round(sample * 32768))), true);
  });
  return view.buffer;
}

/** @type {Float32Array | undefined} */
let halves;

/** A half-precision number (IEEE 754-2008 binary16) from its bits. @param {number} bits */
function half(bits) {
  halves ??= Float32Array.from({ length: 65536 }, (_, b) => {
    const sign = b & 0x8000 ? -1 : 1, exponent = (b >> 10) & 31, fraction = b & 1023;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -24 * fraction;
  });
  return halves[bits];
}
