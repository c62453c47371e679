// One session with the server, usable without the page:
//
//   const client = new Client("ws://localhost:8000/v1/live", { source: "speech", sampleRate: 24000 });
//   client.addEventListener("frame", ({ detail: frame }) => show(frame.values, client.channels, frame.heard));
//   client.connect();
//   client.send(samples); client.end(); client.interrupt(played);
import { VERSION, framesOf, pcm16, say, unpack } from "./protocol.js";

const FIRST_WAIT = 0.5, LONGEST_WAIT = 15; // seconds before connecting again; it doubles
const PING_EVERY = 2; // seconds
// Close codes after which the same hello would be refused again.
const FINAL = new Set([1003, 1007, 1009, 4000, 4001, 4003, 4004, 4006, 4011, 4029]);

/**
 * Events, their `detail`:
 *   state {state: "connecting" | "live" | "waiting" | "closed", reason, code, retryIn}
 *   welcome Welcome, frame Frame (never of a void turn), interrupted Interrupted, ended Ended, statistics,
 *   error {code, message}, pong {seconds} (there and back)
 */
export class Client extends EventTarget {
  /**
   * @param {string} url
   * @param {{source?: "microphone" | "speech", sampleRate?: number, style?: string, seed?: number, token?: string,
   *          motion?: "binary" | "json", watch?: string}} [options]  watch: another session's name, to see its face
   */
  constructor(url, options = {}) {
    super();
    this.url = url;
    this.options = { source: "microphone", sampleRate: 16000, style: "neutral", seed: 0, ...options };
    this.state = "closed";
    this.channels = [];
    this.turn = 0;
    this.sent = 0; // samples of this turn
    this.failures = 0;
  }

  /** Say hello; from then on keep the session, connecting anew when it breaks. */
  connect() {
    this.wanted = true;
    this.refusal = undefined;
    clearTimeout(this.retry);
    this.#tell("connecting");
    const { source, sampleRate, style, seed, token, motion, watch } = this.options;
    const optional = { ...(motion && { motion }), ...(token && { token }), ...(watch && { watch }) };
    const socket = (this.socket = this.open({ sample_rate: sampleRate, format: "s16", source, style, seed, ...optional }));
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => socket === this.socket && this.#hear(data);
    socket.onclose = ({ code, reason }) => socket === this.socket && this.#lost(code, reason);
  }

  /** A way to the server, by which hello is said. @param {import("./protocol.js").Hello} hello */
  open(hello) {
    const socket = new WebSocket(this.url);
    socket.onopen = () => socket.send(say.hello(hello));
    return socket;
  }

  /** End the session for good. */
  close() {
    this.wanted = false;
    clearTimeout(this.retry);
    clearInterval(this.pinging);
    const socket = this.socket;
    this.socket = undefined;
    socket?.close(1000);
    this.#tell("closed");
  }

  /** Sound, mono, -1..1, at the rate given. What comes while there is no session is lost; whether it was sent. */
  send(samples) {
    if (this.state !== "live") return false;
    this.socket.send(pcm16(samples));
    this.sent += samples.length;
    return true;
  }

  /** No more sound for now: `ended` follows when all of it is shown. */
  end() {
    this.#say(say.end());
  }

  /** Stop the face now: frames of this turn are void at once. @param {number} [position] samples really played */
  interrupt(position) {
    if (this.state !== "live") return;
    this.#say(say.interrupt(position === undefined ? undefined : Math.max(0, Math.round(position))));
    this.interrupting = true;
    this.sent = 0;
  }

  /** @param {string} style */
  restyle(style) {
    this.options.style = style;
    this.#say(say.style(style));
  }

  /** Whether somebody speaks to the face. @param {boolean} on */
  listen(on) {
    this.#say(say.listen(on));
  }

  #say(text) {
    if (this.state === "live") this.socket.send(text);
  }

  #hear(data) {
    if (typeof data !== "string") return this.#show(unpack(data));
    const message = JSON.parse(data);
    if (message.type === "frames") return this.#show(framesOf(message));
    if (message.type === "welcome") this.#welcome(message);
    if (message.type === "interrupted") {
      this.turn = message.turn % 65536;
      this.interrupting = false;
    }
    if (message.type === "pong") message.seconds = performance.now() / 1000 - message.time;
    if (message.type === "error" && message.code) this.refusal = message.message;
    this.#emit(message.type, message);
  }

  #welcome(welcome) {
    if (welcome.version !== VERSION) throw new Error(`the server speaks version ${welcome.version}, not ${VERSION}`);
    Object.assign(this, { channels: welcome.channels, welcome, turn: 0, sent: 0, failures: 0, interrupting: false });
    clearInterval(this.pinging);
    this.pinging = setInterval(() => this.#say(say.ping(performance.now() / 1000)), PING_EVERY * 1000);
    this.#tell("live");
  }

  #show(frames) {
    if (this.interrupting) return; // void, or it is about to be told so
    for (const frame of frames) if (frame.turn === this.turn) this.#emit("frame", frame);
  }

  #lost(code, reason) {
    clearInterval(this.pinging);
    const why = this.refusal || reason;
    if (!this.wanted || FINAL.has(code)) return this.#tell("closed", { code, reason: why });
    const retryIn = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.failures++);
    this.retry = setTimeout(() => this.connect(), retryIn * 1000);
    this.#tell("waiting", { code, reason: why, retryIn });
  }

  #tell(state, more = {}) {
    this.state = state;
    this.#emit("state", { state, ...more });
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
