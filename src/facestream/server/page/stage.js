// The face's place on the page: draws at the display's rate, as finely as the machine can.
import { Face } from "./face.js";

const SLOW = 26, FAST = 50; // pictures a second: below, draw coarser; above, finer again
const COARSEST = 0.6, FINEST = 2; // pixels of the picture to one of the page

export class Stage {
  /** @param {HTMLCanvasElement} canvas @param {(now: number, seconds: number) => void} tick  before each picture
   *  @param {() => void} drawn  after it, while the canvas can be copied
   *  @param {boolean} patient  draw finely, however long it takes */
  constructor(canvas, tick, drawn, patient = false) {
    Object.assign(this, { canvas, tick, drawn });
    this.patient = patient;
    const software = !patient && drawnBySoftware();
    this.face = new Face(canvas, !software);
    this.most = Math.min(devicePixelRatio, software ? 1 : FINEST);
    this.ratio = this.most;
    this.rate = 0;
    this.window = { since: 0, pictures: 0 };
    new ResizeObserver(() => this.resize()).observe(canvas);
    this.resize();
    requestAnimationFrame((ms) => this.#draw(ms / 1000, 0));
  }

  resize() {
    this.face.resize(this.canvas.clientWidth, this.canvas.clientHeight, this.ratio);
  }

  #draw(now, before) {
    requestAnimationFrame((ms) => this.#draw(ms / 1000, now));
    this.tick(now, Math.min(now - before, 0.25));
    this.face.draw();
    this.drawn();
    this.window.pictures++;
    const seconds = now - this.window.since;
    if (seconds < 1) return;
    if (seconds < 2) this.#judge(this.window.pictures / seconds); // longer: the page was hidden
    this.window = { since: now, pictures: 0 };
  }

  #judge(rate) {
    this.rate = rate;
    if (this.patient) return;
    const wanted = rate < SLOW ? this.ratio * 0.8 : rate > FAST && !this.tooFine ? this.ratio * 1.1 : this.ratio;
    if (rate < SLOW && this.ratio <= COARSEST) this.face.shadows = false;
    const ratio = Math.max(Math.min(COARSEST, this.most), Math.min(this.most, wanted));
    if (Math.abs(ratio - this.ratio) < 0.01) return;
    this.tooFine ||= ratio < this.ratio; // once is enough: no going up and down
    this.ratio = ratio;
    this.resize();
  }
}

function drawnBySoftware() {
  const context = document.createElement("canvas").getContext("webgl2");
  const told = context?.getExtension("WEBGL_debug_renderer_info");
  const name = told ? context.getParameter(told.UNMASKED_RENDERER_WEBGL) : "";
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software|basic render/i.test(name);
}
