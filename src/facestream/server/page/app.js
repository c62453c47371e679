// The page: what is pressed, what is heard, what is shown.
import { absence, choose, filePicker, keys, pointer, press, theme } from "./controls.js";
import { Curves } from "./curves.js";
import { Expression } from "./expression.js";
import { Line, settings, watched } from "./line.js";
import { Microphone } from "./microphone.js";
import { Mirror } from "./mirror.js";
import { Player } from "./player.js";
import { Speech } from "./speech.js";
import { Take } from "./take.js";
import { Seam } from "./timeline.js";

const SOONEST = 0.016, LATEST = 0.12; // seconds until what is drawn now is seen: about the time between two pictures
const $ = (id) => document.getElementById(id);
const seconds = () => performance.now() / 1000;
const style = () => localStorage.style ?? "neutral";

const seam = new Seam();
const expression = new Expression();
const player = new Player();
const microphone = new Microphone();
const curves = new Curves($("curves"));
const take = new Take($("face"));
const speaking = new Line("speech", 16000, style()); // also the face that only lives
const speech = new Speech(speaking.client, speaking.timeline, player);
let pace = SOONEST; // seconds from picture to picture
let stage, shown = speaking, channels = [], faceName = "";
let manner = "speaks with me", open = false; // of the microphone
let mirror = null; // while the face says what the microphone hears

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
  if (curves.push(values, instant)) curves.draw(instant);
  live.values = values;
  live.frame = face.frame;
  if (speech.active) $("talk").style.setProperty("--progress", String(speech.progress));
  live.at = instant;
  live.source = shown.client.options.source;
  live.position = player.playing ? player.position() + 16000 * (seen - instant) : -1;
  if (shown === mirror?.line) live.delay = mirror.delay(face.frame, seen) ?? live.delay;
}

function drawn() {
  if (live.values) take.push(live.values, seconds());
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

async function wear(name) {
  faceName = localStorage.face = name;
  for (const id of ["faces", "anybody"]) $(id).setAttribute("aria-busy", "true");
  try {
    const bytes = await fetched(`faces/${name}.glb`);
    if (faceName === name) await stage.face.show(bytes); // else somebody else was chosen meanwhile
    document.body.classList.add("ready");
  } catch (error) {
    say(`The face “${name}” could not be loaded: ${error.message}`);
  } finally {
    if (faceName === name) for (const id of ["faces", "anybody"]) $(id).removeAttribute("aria-busy");
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
  if (watched) return;
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

/** The session that is watched: whoever speaks there is told. */
function interruptWatched() {
  speaking.timeline.stop(seconds());
  speaking.client.interrupt();
  expression.hush(seconds());
}

function interrupt() {
  if (watched) return interruptWatched();
  if (!speech.active) return;
  const heard = speech.interrupt();
  seam.cut();
  expression.hush(seconds());
  live.interrupted = { at: seconds(), heard };
  if (mirror) show(mirror.line);
  update();
  say(`Stopped after ${heard.toFixed(1)} s.`);
}

async function talk() {
  if (watched || speech.active) return interrupt();
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
  mirror = new Mirror(microphone, style());
  const { line } = mirror;
  line.client.addEventListener("state", ({ detail: { state, reason } }) => {
    if (state === "live") show(line);
    if (shown === line) connection();
    if (state !== "closed" || !reason) return;
    hush();
    say(sentence(reason));
  });
  update();
}

/** Whether the face only attends to the microphone. */
function attends() {
  return manner === "listens to me";
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
  mirror?.close();
  mirror = null;
  connection();
}

microphone.addEventListener("piece", ({ detail: { level } }) => {
  const loud = Math.min(1, Math.sqrt(level) * 2.2);
  $("level").style.cssText = `opacity: ${0.25 + 0.6 * loud}; transform: scale(${1.02 + 0.32 * loud})`;
  live.sent = mirror?.line.client.sent;
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
  if (mirror) show(mirror.line);
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
  const busy = watched !== "" || speech.active, mic = open;
  press($("talk"), busy || mic);
  $("talk").classList.toggle("speaking", speech.active);
  $("talk-icon").setAttribute("href", busy ? "#i-stop" : "#i-mic");
  $("talk-text").textContent = busy ? "Stop" : mic ? "On" : "Talk";
  $("talk").setAttribute("aria-label", busy ? "Stop speaking" : mic ? "Microphone on; switch it off" : "Talk: switch the microphone on");
  $("level").hidden = !mic;
  $("latency-name").textContent = shown === mirror?.line ? "Voice to face" : "Network";
  if (shown.client.state !== "live") return connection();
  say(
    watched ? "Watching a live session."
    : busy ? (mic ? "Speaking. Talk over it, or press Stop." : "Speaking. Press Stop to interrupt.")
    : mic ? (attends() ? "I am listening. Tell me something." : "I say what you say. Talk to me.")
    : "Press Talk and say something, or play the sample.",
  );
}

function connection() {
  const { state } = shown.client;
  $("connection").dataset.state = state;
  $("connection-text").textContent = { live: "Connected", connecting: "Connecting", waiting: "Reconnecting", closed: "Not connected" }[state];
  for (const id of ["sample", "open", "talk", "record"]) $(id).disabled = state !== "live" || (watched && $(id).matches(".own"));
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
  choose($("styles"), styles, watched ? "" : style(), (name) => {
    if (!watched) localStorage.style = name;
    for (const line of [speaking, mirror?.line]) line?.client.restyle(name);
  });
});
speaking.client.addEventListener("interrupted", () => expression.hushed(seconds()));
speaking.client.addEventListener("pong", ({ detail }) => (live.network = detail.seconds));

setInterval(() => {
  const delay = shown === speaking ? live.network : live.delay;
  $("latency").textContent = delay === undefined ? "–" : `${Math.round(delay * 1000)} ms`;
  $("rate").textContent = stage?.rate ? `${Math.round(stage.rate)} fps` : "–";
  $("motion").textContent = shown.rate() ? `${Math.round(shown.rate())} fps` : "–";
  $("late").textContent = String(shown.timeline.late);
}, 500);

// --------------------------------------------------------------------------------------------------------- a take

async function record() {
  if (take.running) return take.stop(stage.face.file);
  await player.wake();
  take.start(channels, player.track(microphone.stream, live.delay ?? 0.2));
}

// ------------------------------------------------------------------------------------------------------- the start

/** What tests and the curious may look at: values shown, by `channels`; the frame; delays in seconds. */
const live = (window.facestream = { channels: [], values: null, frame: null, speech, player, microphone });

$("sample").onclick = playSample;
$("open").onclick = () => $("file").click();
$("talk").onclick = talk;
$("record").onclick = record;
$("settings").onclick = () => $("panel").scrollIntoView({ behavior: "smooth" });
$("echo").onchange = again;
$("anybody").onclick = () => {
  for (const button of $("faces").children) button.setAttribute("aria-checked", "false");
  wear(`seed:${Math.floor(Math.random() * 1e6)}`);
};
choose($("manner"), ["speaks with me", "listens to me"], manner, (picked) => {
  manner = picked;
  again();
});
$("intensity").oninput = ({ target: { value, max, style } }) => {
  expression.intensity = value / 100;
  style.setProperty("--share", `${(100 * value) / max}%`);
  $("intensity-text").textContent = `${value} %`;
};
theme($("theme"));
absence(60, () => !speech.active && !open && !take.running && speaking.client.close(), () => {
  if (speaking.client.state === "closed") speaking.client.connect();
});
filePicker($("file"), document.querySelector(".drop"), playFile);
const click = (id) => () => $(id).click(); // which does nothing where the button is disabled
keys({ " ": click("talk"), p: click("sample"), o: click("open"), r: click("record"), Escape: interrupt, f: () => next("faces"), s: () => next("styles") });
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
  document.body.classList.toggle("watching", watched !== "");
  if (!watched) speaking.client.connect();
  const faces = await fetch("faces").then((answer) => answer.json());
  const known = localStorage.face?.startsWith("seed:") || faces.includes(localStorage.face);
  const first = known ? localStorage.face : faces[0];
  choose($("faces"), faces, first, wear, (name) => `portraits/${name}.webp`);
  await wear(first);
  if (watched) return speaking.client.connect(); // a sound may wait for its audience: let it see the beginning
  fetchSample().catch(() => undefined); // told when it is asked for
}

/** Why the picture cannot be drawn, in words. */
async function why(error) {
  const found = await fetch("vendor/three.module.js", { method: "HEAD" }).catch(() => ({ ok: false }));
  if (!found.ok) return "The page lacks its 3D library. Run “make page” in facestream’s folder, then reload.";
  return `This browser cannot draw the face (${error.message}). It needs WebGL 2.`;
}

begin();
