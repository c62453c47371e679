// A take: the curves that were shown, and the picture with its sound. Out come CSV, .glb and a video.
import { Glb } from "./glb.js";
import { weigher } from "./shapes.js";

const FPS = 25;
const AXES = ["Yaw", "Pitch", "Roll"];
const NECK_SHARE = 0.4; // of the head's angles
const KINDS = ["video/mp4;codecs=avc1.42E01F,mp4a.40.2", "video/mp4;codecs=avc1.42E01F,opus", "video/mp4;codecs=vp9,opus", "video/webm;codecs=vp9,opus", "video/webm;codecs=vp8,opus", "video/webm"];

/** @typedef {{channels: string[], frames: Float32Array[], video: Blob | null, ending: string, face: string}} Take */

export class Recorder {
  /** @param {HTMLCanvasElement} canvas  that shows the face @param {() => CanvasGradient | string} backdrop */
  constructor(canvas) {
    this.canvas = canvas;
  }

  /** @param {string[]} channels @param {{edge: number, middle: string, rim: string}} look
   *  @param {MediaStreamTrack | undefined} sound */
  start(channels, look, sound) {
    this.channels = channels;
    this.frames = [];
    this.began = undefined;
    this.look = look;
    this.chunks = [];
    this.picture = Object.assign(document.createElement("canvas"), { width: look.edge, height: look.edge });
    const type = globalThis.MediaRecorder && KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    if (!type) return;
    const stream = this.picture.captureStream(30);
    if (sound) stream.addTrack(sound);
    this.film = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: 4e6 });
    this.film.ondataavailable = ({ data }) => this.chunks.push(data);
    this.film.start(1000);
  }

  /** What was just shown. @param {Float32Array} values @param {number} now  seconds */
  push(values, now) {
    this.began ??= now;
    // one frame every 40 ms by the clock; what was shown longer stands for more than one
    while (this.frames.length <= (now - this.began) * FPS) this.frames.push(values.slice());
    const { canvas, picture, look } = this;
    const context = picture.getContext("2d");
    const { width, height } = picture;
    const paint = context.createRadialGradient(width / 2, height * 0.42, 0, width / 2, height * 0.42, width * 0.72);
    paint.addColorStop(0, look.middle);
    paint.addColorStop(1, look.rim);
    context.fillStyle = paint;
    context.fillRect(0, 0, width, height);
    const edge = Math.min(canvas.width, canvas.height);
    const scale = width / edge;
    const [w, h] = [canvas.width * scale, canvas.height * scale];
    context.drawImage(canvas, (width - w) / 2, (height - h) / 2, w, h);
  }

  get seconds() {
    return this.frames.length / FPS;
  }

  /** @returns {Promise<{channels: string[], frames: Float32Array[], video: Blob | null, ending: string}>} */
  async stop() {
    const { film, channels, frames, chunks } = this;
    let video = null;
    if (film && film.state !== "inactive") {
      await new Promise((done) => {
        film.onstop = done;
        film.stop();
      });
      video = new Blob(chunks, { type: film.mimeType.split(";")[0] });
      film.stream.getVideoTracks().forEach((track) => track.stop());
    }
    this.film = undefined;
    return { channels, frames, video, ending: film?.mimeType.startsWith("video/mp4") ? "mp4" : "webm" };
  }
}

/** As Motion.save writes it: time in seconds, then a column a channel. */
export function csv({ channels, frames }) {
  const rows = frames.map((values, t) => [(t / FPS).toFixed(6), ...Array.from(values, (v) => String(Number(v.toPrecision(6))))].join(","));
  return new Blob([`${["time", ...channels].join(",")}\n${rows.join("\n")}\n`], { type: "text/csv" });
}

/** The face's own file with the take as its animation. @param {ArrayBuffer} file */
export function animatedGlb({ channels, frames }, file) {
  const glb = new Glb(file.slice(0));
  const { root } = glb;
  const columns = new Map(channels.map((name, index) => [name, index]));
  const times = Float32Array.from(frames, (_, t) => t / FPS);
  const input = glb.add(times, "SCALAR", { min: [0], max: [times.at(-1) ?? 0] });
  const animation = { name: "motion", channels: [], samplers: [] };
  const add = (node, path, values, type) => {
    animation.channels.push({ sampler: animation.samplers.length, target: { node, path } });
    animation.samplers.push({ input, output: glb.add(values, type) });
  };
  root.nodes.forEach((node, number) => {
    const names = node.mesh === undefined ? undefined : root.meshes[node.mesh].extras?.targetNames;
    if (!names) return;
    const weighers = names.map((name) => weigher(name, columns));
    add(number, "weights", Float32Array.from(frames.flatMap((values) => weighers.map((weigh) => weigh(values)))), "SCALAR");
  });
  for (const [joint, turns] of Object.entries(rotations(columns, frames))) {
    const node = root.nodes.findIndex(({ name }) => name === joint);
    if (node >= 0) add(node, "rotation", Float32Array.from(turns.flat()), "VEC4");
  }
  root.animations = [animation];
  return new Blob([glb.encode()], { type: "model/gltf-binary" });
}

/** Quaternions x, y, z, w of each joint that turns, one a frame. */
function rotations(columns, frames) {
  const angles = (joint, values, share = 1) => AXES.map((axis) => share * (values[columns.get(joint + axis)] ?? 0));
  const of = (joint) => frames.map((values) => quaternion(...angles(joint, values)));
  const neck = frames.map((values) => quaternion(...angles("head", values, NECK_SHARE)));
  const head = of("head").map((turn, t) => product(neck[t].map((part, i) => (i < 3 ? -part : part)), turn));
  return { neck, head, leftEye: of("leftEye"), rightEye: of("rightEye") };
}

/** Of R = Ry(yaw) Rx(pitch) Rz(roll). */
function quaternion(yaw, pitch, roll) {
  const [y, p, r] = [yaw / 2, pitch / 2, roll / 2];
  const about = [[0, Math.sin(y), 0, Math.cos(y)], [Math.sin(p), 0, 0, Math.cos(p)], [0, 0, Math.sin(r), Math.cos(r)]];
  return about.reduce(product);
}

/** Hamilton's product: q turns first. */
function product([px, py, pz, pw], [qx, qy, qz, qw]) {
  return [
    pw * qx + px * qw + py * qz - pz * qy,
    pw * qy - px * qz + py * qw + pz * qx,
    pw * qz + px * qy - py * qx + pz * qw,
    pw * qw - px * qx - py * qy - pz * qz,
  ];
}
