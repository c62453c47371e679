// The microphone: pieces of 20 ms, and whether somebody speaks.

const HIGHEST_RATE = 48000; // that the server takes
const LEAST = 0.012, ABOVE = 3.5; // speech is this loud, and so many times louder than the room
const PIECES = 4; // that must be loud one after the other
const PAUSE = 40; // pieces that are not, until somebody is silent

export class Microphone extends EventTarget {
  // Events: piece {samples, level}, speech and silence (somebody begins and ends to speak), lost (it was unplugged)

  /** Ask for it and begin. Rejects with a sentence that says what to do. @param {{echoCancellation: boolean}} settings */
  async start({ echoCancellation }) {
    if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode)
      throw new Error("The browser gives the microphone only to pages from https:// or from this machine (localhost).");
    const audio = { echoCancellation, noiseSuppression: echoCancellation, autoGainControl: echoCancellation, channelCount: 1 };
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio });
    } catch (error) {
      throw new Error(REFUSALS[error.name] ?? `The microphone could not be opened: ${error.message}`);
    }
    const context = (this.context = contextFor(this.stream));
    const divisor = Math.ceil(context.sampleRate / HIGHEST_RATE);
    this.rate = context.sampleRate / divisor;
    await context.audioWorklet.addModule(new URL("./capture.js", import.meta.url));
    await context.resume();
    this.source = context.createMediaStreamSource(this.stream);
    const capture = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0, processorOptions: { divisor } });
    capture.port.onmessage = ({ data }) => this.#hear(data);
    this.source.connect(capture);
    this.room = LEAST / ABOVE;
    this.loud = this.calm = 0;
    this.stream.getAudioTracks()[0].onended = () => this.dispatchEvent(new Event("lost"));
  }

  stop() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.context?.close();
    this.stream = this.context = undefined;
  }

  #hear(samples) {
    if (!this.context) return;
    const level = Math.sqrt(samples.reduce((sum, s) => sum + s * s, 0) / samples.length);
    const speaks = level > Math.max(LEAST, ABOVE * this.room);
    // the room is learned quickly when it is quieter than thought, slowly when it is louder
    this.room += (level < this.room ? 0.1 : speaks ? 0.002 : 0.02) * (level - this.room);
    this.loud = speaks ? this.loud + 1 : 0;
    this.calm = speaks ? 0 : this.calm + 1;
    this.dispatchEvent(new CustomEvent("piece", { detail: { samples, level } }));
    if (this.loud === PIECES) this.dispatchEvent(new Event("speech"));
    if (this.calm === PAUSE) this.dispatchEvent(new Event("silence"));
  }
}

const REFUSALS = {
  NotAllowedError: "The microphone is blocked. Allow it in the browser's address bar, then press Talk again.",
  NotFoundError: "There is no microphone. Plug one in, or play the sample.",
  NotReadableError: "Another program holds the microphone. Close it there, then press Talk again.",
};

/** A context at 16 kHz, which is what the server hears; at the device's rate where the browser cannot convert. */
function contextFor(stream) {
  const context = new AudioContext({ sampleRate: 16000, latencyHint: "interactive" });
  try {
    context.createMediaStreamSource(stream).disconnect();
    return context;
  } catch {
    context.close();
    return new AudioContext({ latencyHint: "interactive" });
  }
}
