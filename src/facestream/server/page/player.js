// Sound that the page plays, and when each sample of it is heard.

const SENT_RATE = 16000; // what the server hears
const LEAST_CHANGE = 2e-5; // of the tempo
const LEAD = 0.06; // seconds from the first frame to the first sample

/** @typedef {{buffer: AudioBuffer, samples: Float32Array, name: string}} Sound  samples: mono, 16 kHz */

export class Player extends EventTarget {
  // Events: ended (played to its end)

  /** Sound may only begin with a gesture of the user's: call it from one. */
  wake() {
    if (!this.context) {
      this.context = new AudioContext({ latencyHint: "interactive" });
      this.volume = this.context.createGain();
      this.volume.connect(this.context.destination);
    }
    return this.context.resume();
  }

  /** @param {ArrayBuffer} bytes  of any file that the browser can decode @param {string} name @returns {Promise<Sound>} */
  async decode(bytes, name) {
    let buffer;
    try {
      buffer = await new OfflineAudioContext(1, 1, 48000).decodeAudioData(bytes); // which needs no gesture
    } catch {
      throw new Error(`“${name}” is not a sound that this browser can read. Try a WAV, FLAC, MP3, M4A or OGG file.`);
    }
    const offline = new OfflineAudioContext(1, Math.max(1, Math.ceil(buffer.duration * SENT_RATE)), SENT_RATE);
    const source = new AudioBufferSourceNode(offline, { buffer });
    source.connect(offline.destination);
    source.start();
    return { buffer, name, samples: (await offline.startRendering()).getChannelData(0) };
  }

  /** @param {Sound} sound */
  play(sound) {
    this.stop();
    const source = (this.source = new AudioBufferSourceNode(this.context, { buffer: sound.buffer }));
    this.fade = new GainNode(this.context);
    source.connect(this.fade).connect(this.volume);
    const begins = this.context.currentTime + LEAD;
    this.since = { at: begins, sample: 0 }; // since when it has this tempo
    this.rate = 1;
    source.onended = () => {
      if (source !== this.source) return;
      this.source = undefined;
      this.dispatchEvent(new Event("ended"));
    };
    source.start(begins);
  }

  /** Play faster or slower from now on. @param {number} rate  1: as it was recorded */
  tempo(rate) {
    const now = this.context.currentTime;
    if (!this.source || now < this.since.at || Math.abs(rate - this.rate) < LEAST_CHANGE) return;
    this.since = { at: now, sample: this.since.sample + (now - this.since.at) * this.rate * SENT_RATE };
    this.rate = rate;
    this.source.playbackRate.setValueAtTime(rate, now);
  }

  /** Silence, without a click. */
  stop() {
    if (!this.source) return;
    const now = this.context.currentTime;
    this.fade.gain.setTargetAtTime(0, now, 0.005);
    this.source.stop(now + 0.04);
    this.source = undefined;
  }

  /** What a recording hears: what is played, and a microphone as late as the face is. */
  track(microphone, delay) {
    const heard = this.context.createMediaStreamDestination();
    this.volume.connect(heard);
    if (microphone) {
      const source = this.context.createMediaStreamSource(microphone);
      source.connect(new DelayNode(this.context, { delayTime: delay, maxDelayTime: 1 })).connect(heard);
    }
    return heard.stream.getAudioTracks()[0];
  }

  get playing() {
    return this.source !== undefined;
  }

  /** When a sample (of 16 kHz) of what is played is heard, in seconds of performance.now(). */
  heardAt(sample) {
    return this.since.at + (sample - this.since.sample) / (this.rate * SENT_RATE) - this.#ahead();
  }

  /** Samples (of 16 kHz) that were heard so far. */
  position() {
    const seconds = performance.now() / 1000 + this.#ahead() - this.since.at;
    const last = (this.source?.buffer.duration ?? Infinity) * SENT_RATE;
    return Math.max(0, Math.min(this.since.sample + seconds * this.rate * SENT_RATE, last));
  }

  /** The context's clock minus the page's, for what is heard now. Both run evenly, what is told of them does not: the
   *  mean of many looks is used. */
  #ahead() {
    const { contextTime, performanceTime } = this.context.getOutputTimestamp?.() ?? {};
    const told = performanceTime > 0 && contextTime > 0;
    const now = told
      ? contextTime - performanceTime / 1000
      : this.context.currentTime - (this.context.outputLatency || this.context.baseLatency || 0) - performance.now() / 1000;
    if (this.mean === undefined || Math.abs(now - this.mean) > 0.1) this.mean = now;
    this.mean += 0.02 * (now - this.mean);
    return this.mean;
  }
}
