// A take, from the button to the files.
import { press } from "./controls.js";
import { Recorder, animatedGlb, csv } from "./recorder.js";

const EDGE = 720; // pixels of the video
const $ = (id) => document.getElementById(id);

export class Take {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.recorder = new Recorder(canvas);
    this.running = null;
    $("save-video").onclick = () => save(this.done.video, this.done.ending);
    $("save-glb").onclick = () => save(animatedGlb(this.done, this.done.file), "glb");
    $("save-csv").onclick = () => save(csv(this.done), "csv");
  }

  /** What was just drawn. */
  push(values, now) {
    if (this.running) this.recorder.push(values, now);
  }

  /** @param {string[]} channels @param {MediaStreamTrack | undefined} sound */
  start(channels, sound) {
    const style = getComputedStyle(document.documentElement);
    const look = { edge: EDGE, middle: style.getPropertyValue("--middle"), rim: style.getPropertyValue("--rim") };
    this.recorder.start(channels, look, sound);
    this.running = setInterval(() => ($("record-text").textContent = `${this.recorder.seconds.toFixed(0)} s`), 250);
    press($("record"), true);
  }

  /** @param {ArrayBuffer} file  of the face that was shown */
  async stop(file) {
    clearInterval(this.running);
    this.running = null;
    this.done = { ...(await this.recorder.stop()), file };
    press($("record"), false);
    $("record-text").textContent = "Record";
    $("take").hidden = false;
    $("take-length").textContent = `${(this.done.frames.length / 25).toFixed(1)} s`;
    $("save-video").hidden = !this.done.video;
    $("save-video").textContent = `Video (.${this.done.ending})`;
    $("take").scrollIntoView({ block: "nearest" });
  }
}

function save(blob, ending) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: `facestream.${ending}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
