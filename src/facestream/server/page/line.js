// One session of the page with the server: what is sent, and the frames that came.
import { Client } from "./client.js";
import { Timeline } from "./timeline.js";

export const settings = new URLSearchParams(location.search); // of the page's address: token, quality, watch; of a call: face, size
export const watched = settings.get("watch") ?? ""; // name of the session that is seen in place of one's own
const COUNTED = 2; // seconds over which frames are counted

const address = new URL("v1/live", location.href);
address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
address.search = "";

export class Line {
  /** @param {"microphone" | "speech"} source @param {number} sampleRate @param {string} style */
  constructor(source, sampleRate, style) {
    const seed = Math.floor(Math.random() * 2 ** 32);
    this.client = new Client(address.href, { source, sampleRate, style, seed, token: settings.get("token") ?? "", watch: watched });
    this.timeline = new Timeline();
    this.came = [];
    this.client.addEventListener("frame", ({ detail }) => {
      const now = performance.now() / 1000;
      this.timeline.push(detail, now);
      this.came.push(now);
    });
    this.client.addEventListener("welcome", () => this.timeline.clear());
  }

  /** Frames a second that came of late. */
  rate() {
    const now = performance.now() / 1000;
    this.came = this.came.filter((at) => at > now - COUNTED);
    return this.came.length / COUNTED;
  }
}
