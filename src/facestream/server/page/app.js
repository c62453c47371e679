// The page: what is pressed, what is heard, what is shown.
import { Client } from "./client.js";
import { absence, choose, filePicker, keys, pointer, press, theme } from "./controls.js";
import { Curves } from "./curves.js";
import { Expression } from "./expression.js";
import { Microphone } from "./microphone.js";
import { Player } from "./player.js";
import { IDLE } from "./protocol.js";
import { Recorder, animatedGlb, csv } from "./recorder.js";
import { Speech } from "./speech.js";
import { Seam, Timeline } from "./timeline.js";

const SOONEST = 0.016, LATEST = 0.12; // seconds until what is drawn now is seen: about the time between two pictures
const $ = (id) => document.getElementById(id);
const seconds = () => performance.now() / 1000;
const settings = new URLSearchParams(location.search);
const place = new URL("v1/live", location.href);
place.protocol = location.protocol === "https:" ? "wss:" : "ws:";
place.search = "";

/** One session with its own frames. */
class Line {
  constructor(source, sampleRate) {
    const style = localStorage.style ?? "neutral";
    this.client = new Client(place.href, { source, sampleRate, style, seed: Math.floor(Math.random() * 2 ** 32), token: settings.get("token") ?? "" });
    this.timeline = new Timeline();
    this.came = [];
    this.client.addEventListener("frame", ({ detail }) => {
      this.timeline.push(detail, seconds());
      this.came.push(seconds());
    });
    this.client.addEventListener("welcome", () => this.timeline.clear());
    this.client.addEventListener("interrupted", () => expression.hushed(seconds()));
  }
}

const seam = new Seam();
const expression = new Expression();
const player = new Player();
const microphone = new Microphone();
const curves = new Curves($("curves"));
const recorder = new Recorder($("face"));
const speaking = new Line("speech", 16000); // also the face that only lives
const speech = new Speech(speaking.client, speaking.timeline, player);
let pace = SOONEST; // seconds from picture to picture
let stage, shown = speaking, recording = null, take = null, channels = [], faceName = "";
let manners = "speaks with me";
let open = false, listening = null; // the microphone; its session, while the face says what it hears
let heardAt = []; // of the microphone: [samples so far, when they were heard]

// ------------------------------------------------------------------------------------------------------- the picture

function tick(now, elapsed) {
  const instant = seconds();
  pace += 0.1 * (elapsed - pace);
  const seen = instant + Math.min(Math.max(pace, SOONEST), LATEST);
  const face = shown.timeline.at(seen);
  if (!face || shown.client.channels.length !== face.values.length) return;
  if (shown.client.channels !== channels) bind(shown.client.channels);
  const values = expression.apply(seam.join(face.values, elapsed), instant, elapsed, shown === speaking);
  stage.face.pose(values);
  if (curves.push(values, instant)) curves.draw();
  live.values = values;
  live.frame = face.frame;
  live.at = instant;
  live.source = shown.client.options.source;
  live.position = player.playing ? player.position() + 16000 * (seen - instant) : -1;
  if (shown === listening) live.delay = delayOf(face.frame, seen) ?? live.delay;
}

function drawn() {
  if (recording && live.values) recorder.push(live.values, seconds());
}

function bind(names) {
  channels = names;
  stage.face.bind(names);
  expression.bind(names);
  curves.bind(names);
  live.channels = names;
}

/** Show another session's face. */
function show(line) {
  if (shown === line) return;
  shown = line;
  seam.cut();
}

/** Seconds from the instant that a frame of the microphone belongs to until it is seen. */
function delayOf(frame, seen) {
  if (frame.heard === IDLE) return undefined;
  while (heardAt.length > 1 && heardAt[1][0] <= frame.heard) heardAt.shift();
  const [samples, when] = heardAt[0] ?? [];
  return samples === undefined ? undefined : seen - (when + (frame.heard - samples) / microphone.rate);
}

async function wear(name) {
  faceName = localStorage.face = name;
  $("faces").setAttribute("aria-busy", "true");
  try {
    const bytes = await fetched(`faces/${name}.glb`);
    if (faceName === name) await stage.face.show(bytes); // else somebody else was chosen meanwhile
    document.body.classList.add("ready");
  } catch (error) {
    say(`The face “${name}” could not be loaded: ${error.message}`);
  } finally {
    if (faceName === name) $("faces").removeAttribute("aria-busy");
  }
}

async function fetched(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`the server answers ${answer.status}`);
  return answer.arrayBuffer();
}

// --------------------------------------------------------------------------------------------------- what is heard

let sample; // decoded ahead of time, so that it plays at once

function fetchSample() {
  sample ??= fetched("sample").then((bytes) => player.decode(bytes, "the sample"));
  sample.catch(() => (sample = undefined));
  return sample;
}

async function playSample() {
  await sound(fetchSample);
}

async function playFile(file) {
  await sound(async () => player.decode(await file.arrayBuffer(), file.name));
}

async function sound(load) {
  await player.wake();
  try {
    const loaded = await load();
    if (speaking.client.state !== "live") throw new Error("There is no connection to the server yet.");
    speech.speak(loaded);
    show(speaking);
    update();
  } catch (error) {
    say(error.message);
  }
}

function interrupt() {
  if (!speech.active) return;
  const heard = speech.interrupt();
  seam.cut();
  expression.hush(seconds());
  live.interrupted = { at: seconds(), heard };
  if (listening) show(listening);
  update();
  say(`Stopped after ${heard.toFixed(1)} s.`);
}

async function talk() {
  if (speech.active) return interrupt();
  if (open) return hush();
  press($("talk"), true);
  say("Waiting for the microphone…");
  try {
    await microphone.start({ echoCancellation: $("echo").checked });
  } catch (error) {
    update();
    return say(error.message);
  }
  open = true;
  if (attends()) return update();
  const line = (listening = new Line("microphone", microphone.rate));
  heardAt = [];
  line.client.addEventListener("state", ({ detail }) => detail.state === "live" && show(line));
  line.client.addEventListener("state", connection);
  line.client.addEventListener("state", ({ detail: { state, reason } }) => {
    if (state !== "closed" || !reason) return;
    hush();
    say(sentence(reason));
  });
  line.client.connect();
  update();
}

/** Whether the face only attends to the microphone. */
function attends() {
  return manners === "listens to me";
}

/** Take the microphone anew, with other settings. */
function again() {
  if (!open) return;
  hush();
  talk();
}

function hush() {
  microphone.stop();
  open = false;
  speaking.client.listen(false);
  show(speaking);
  listening?.client.close();
  listening = null;
  connection();
}

microphone.addEventListener("piece", ({ detail: { samples, level } }) => {
  const loud = Math.min(1, Math.sqrt(level) * 2.2);
  $("level").style.cssText = `opacity: ${0.25 + 0.6 * loud}; transform: scale(${1.02 + 0.32 * loud})`;
  if (!listening?.client.send(samples)) return;
  heardAt.push([(live.sent = listening.client.sent), seconds()]);
  if (heardAt.length > 500) heardAt.shift();
});
microphone.addEventListener("speech", () => {
  if (speech.active && $("barge").checked) interrupt();
  if (attends()) speaking.client.listen(true);
});
microphone.addEventListener("silence", () => attends() && speaking.client.listen(false));
microphone.addEventListener("lost", () => {
  hush();
  say("The microphone went away.");
});
speech.addEventListener("begin", () => update());
speech.addEventListener("done", () => {
  if (listening) show(listening);
  update();
});
speech.addEventListener("failed", ({ detail }) => {
  update();
  say(detail.message);
});

// --------------------------------------------------------------------------------------------------- what is told

function say(text) {
  $("status").textContent = text;
}

function sentence(text) {
  return text[0].toUpperCase() + text.slice(1).replace(/\.?$/, ".");
}

function update() {
  const busy = speech.active, mic = open;
  press($("talk"), busy || mic);
  $("talk-icon").setAttribute("href", busy ? "#i-stop" : "#i-mic");
  $("talk-text").textContent = busy ? "Stop" : mic ? "On" : "Talk";
  $("talk").setAttribute("aria-label", busy ? "Stop speaking" : mic ? "Microphone on; switch it off" : "Talk: switch the microphone on");
  $("level").hidden = !mic;
  $("latency-name").textContent = shown === listening ? "Voice to face" : "Network";
  if (shown.client.state !== "live") return connection();
  say(
    busy ? (mic ? "Speaking. Talk over it, or press Stop." : "Speaking. Press Stop to interrupt.")
    : mic ? (attends() ? "I am listening. Tell me something." : "I say what you say. Talk to me.")
    : "Press Talk and say something, or play the sample.",
  );
}

function connection() {
  const { state } = shown.client;
  $("connection").dataset.state = state;
  $("connection-text").textContent = { live: "Connected", connecting: "Connecting", waiting: "Reconnecting", closed: "Not connected" }[state];
  for (const id of ["sample", "open", "talk", "record"]) $(id).disabled = state !== "live";
  if (state === "live") update();
}

speaking.client.addEventListener("state", connection);
for (const type of ["state", "error"])
  speaking.client.addEventListener(type, ({ detail: { state, reason, retryIn, message } }) => {
    if (state === "waiting") say(`${sentence(reason || "the server does not answer")} Trying again in ${Math.round(retryIn) || 1} s.`);
    if (state === "closed" && reason) say(sentence(reason));
    if (message) say(sentence(message));
  });
speaking.client.addEventListener("welcome", ({ detail: { styles } }) => {
  choose($("styles"), styles, localStorage.style ?? "neutral", (style) => {
    localStorage.style = style;
    for (const line of [speaking, listening]) line?.client.restyle(style);
  });
});
speaking.client.addEventListener("pong", ({ detail }) => (live.network = detail.seconds));

setInterval(() => {
  const now = seconds();
  for (const line of [speaking, listening]) if (line) line.came = line.came.filter((at) => at > now - 2);
  const mirrored = shown === listening;
  const delay = mirrored ? live.delay : live.network;
  $("latency").textContent = delay === undefined ? "–" : `${Math.round(delay * 1000)} ms`;
  $("rate").textContent = stage?.rate ? `${Math.round(stage.rate)} fps` : "–";
  $("motion").textContent = shown.came.length ? `${Math.round(shown.came.length / 2)} fps` : "–";
  $("late").textContent = String(shown.timeline.late);
}, 500);

// --------------------------------------------------------------------------------------------------------- a take

async function record() {
  if (recording) {
    clearInterval(recording);
    recording = null;
    take = { ...(await recorder.stop()), face: faceName, file: stage.face.file };
    $("take").hidden = false;
    $("take-length").textContent = `${(take.frames.length / 25).toFixed(1)} s`;
    $("save-video").hidden = !take.video;
    $("save-video").textContent = `Video (.${take.ending})`;
    $("record-text").textContent = "Record";
    $("take").scrollIntoView({ block: "nearest" });
  } else {
    await player.wake();
    const style = getComputedStyle(document.documentElement);
    const look = { edge: 720, middle: style.getPropertyValue("--middle"), rim: style.getPropertyValue("--rim") };
    recorder.start(channels, look, player.track(microphone.stream, live.delay ?? 0.2));
    recording = setInterval(() => ($("record-text").textContent = `${recorder.seconds.toFixed(0)} s`), 250);
  }
  press($("record"), recording !== null);
}

function save(blob, ending) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: `facestream.${ending}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// ------------------------------------------------------------------------------------------------------- the start

/** What tests and the curious may look at: values shown, by `channels`; the frame; delays in seconds. */
const live = (window.facestream = { channels: [], values: null, frame: null, speech, player, microphone });

$("sample").onclick = playSample;
$("open").onclick = () => $("file").click();
$("talk").onclick = talk;
$("record").onclick = record;
$("settings").onclick = () => $("panel").scrollIntoView({ behavior: "smooth" });
$("save-video").onclick = () => save(take.video, take.ending);
$("save-glb").onclick = () => save(animatedGlb(take, take.file), "glb");
$("save-csv").onclick = () => save(csv(take), "csv");
$("echo").onchange = again;
choose($("manner"), ["speaks with me", "listens to me"], "speaks with me", (manner) => {
  manners = manner;
  again();
});
$("intensity").oninput = ({ target: { value, max, style } }) => {
  expression.intensity = value / 100;
  style.setProperty("--share", `${(100 * value) / max}%`);
  $("intensity-text").textContent = `${value} %`;
};
theme($("theme"));
absence(60, () => !speech.active && !open && !recording && speaking.client.close(), () => {
  if (speaking.client.state === "closed") speaking.client.connect();
});
filePicker($("file"), document.querySelector(".drop"), playFile);
keys({ " ": talk, p: playSample, o: () => $("file").click(), r: record, Escape: interrupt, f: () => next("faces"), s: () => next("styles") });
pointer($("face"), (x, y) => expression.look(x, y, seconds()));

function next(id) {
  const buttons = [...$(id).children];
  buttons[(buttons.findIndex((button) => button.ariaChecked === "true") + 1) % buttons.length]?.click();
}

async function begin() {
  try {
    const { Stage } = await import("./stage.js");
    stage = live.stage = new Stage($("face"), tick, drawn, settings.get("quality") === "fine");
  } catch (error) {
    $("connection").dataset.state = "closed";
    $("connection-text").textContent = "Not connected";
    return say(await why(error));
  }
  speaking.client.connect();
  const faces = await fetch("faces").then((answer) => answer.json());
  const first = faces.includes(localStorage.face) ? localStorage.face : faces[0];
  choose($("faces"), faces, first, wear, (name) => `portraits/${name}.webp`);
  await wear(first);
  fetchSample().catch(() => undefined); // told when it is asked for
}

/** Why the picture cannot be drawn, in words. */
async function why(error) {
  const found = await fetch("vendor/three.module.js", { method: "HEAD" }).catch(() => ({ ok: false }));
  if (!found.ok) return "The page lacks its 3D library. Run “make page” in facestream’s folder, then reload.";
  return `This browser cannot draw the face (${error.message}). It needs WebGL 2.`;
}

begin();
