// Runs on the audio thread: mono sound of the microphone in pieces of 20 ms, at the rate of its context divided by a
// whole number.
class Capture extends AudioWorkletProcessor {
  constructor({ processorOptions: { divisor } }) {
    super();
    this.divisor = divisor;
    this.piece = new Float32Array(Math.round(sampleRate / divisor / 50));
    this.filled = 0;
    this.sum = 0;
    this.summed = 0;
  }

  process([channels]) {
    const count = channels.length;
    for (let i = 0; count && i < channels[0].length; i++) {
      let sample = 0;
      for (const channel of channels) sample += channel[i] / count;
      this.sum += sample;
      if (++this.summed < this.divisor) continue;
      this.piece[this.filled++] = this.sum / this.divisor;
      this.sum = this.summed = 0;
      if (this.filled < this.piece.length) continue;
      this.port.postMessage(this.piece.slice());
      this.filled = 0;
    }
    return true;
  }
}
registerProcessor("capture", Capture);
