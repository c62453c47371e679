// A visitor of the page in headless Chromium: page.mjs TASK.json, with {chromium, url, microphone (a WAV), folder}.
//
// Speaks by the microphone; lets the sample play while the microphone falls silent, and is heard to speak over it; plays
// the sample again, records it and presses Stop. Prints as JSON what was drawn and heard when; pictures go into the folder.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { chromium } from "playwright-core";

const { chromium: program, url, microphone, folder } = JSON.parse(await readFile(process.argv[2], "utf8"));
const browser = await chromium.launch({
  executablePath: program,
  args: [
    "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
    `--use-file-for-fake-audio-capture=${microphone}`, // again and again
  ],
});
const complaints = [];

/** In the page: notes every picture and every piece of the microphone's sound. */
function watch() {
  const { facestream } = window, { face } = facestream.stage;
  const at = (name) => facestream.channels.indexOf(name);
  const small = Object.assign(document.createElement("canvas"), { width: 96, height: 96 });
  const context = small.getContext("2d", { willReadFrequently: true });
  window.notes = { pictures: [], pieces: [], stills: {} };
  facestream.microphone.addEventListener("piece", ({ detail }) => {
    notes.pieces.push({ at: performance.now() / 1000, sent: facestream.sent ?? 0, level: detail.level });
  });
  const draw = face.draw.bind(face);
  face.draw = () => {
    draw();
    const { at: instant, frame, values, source, position } = facestream;
    if (!values) return;
    // the mouth's surroundings, which are dark where it is open
    const { width, height } = face.renderer.domElement;
    context.drawImage(face.renderer.domElement, width / 2 - 0.15 * height, 0.53 * height, 0.3 * height, 0.2 * height, 0, 0, 96, 96);
    const pixels = context.getImageData(0, 0, 96, 96).data;
    let dark = 0;
    for (let i = 0; i < pixels.length; i += 4) dark += pixels[i + 3] > 128 && pixels[i] + pixels[i + 1] + pixels[i + 2] < 190;
    const shown = {
      at: instant, source, heard: frame.heard, dark: dark / 9216,
      jaw: values[at("jawOpen")], close: values[at("mouthClose")],
      position,
    };
    notes.pictures.push(shown);
    const { stills } = notes;
    const keep = (name) => (stills[name] = { jaw: shown.jaw, picture: face.renderer.domElement.toDataURL() });
    if (shown.jaw > (stills.open?.jaw ?? 0.1)) keep("open");
    if (frame.heard > 0 && shown.jaw < (stills.shut?.jaw ?? 0.1)) keep("shut");
  };
}

const page = await browser.newPage({ viewport: { width: 640, height: 480 } });
try {
  page.setDefaultTimeout(60000);
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(url);
  await page.waitForFunction(() => document.body.classList.contains("ready") && window.facestream.values);
  await page.evaluate(watch);
  await page.evaluate(() => document.getElementById("echo").click());
  await page.keyboard.press("Space");
  await page.waitForFunction(() => window.notes.pieces.length * 0.02 > 5.5);
  // until somebody speaks while it plays: on a slow machine the first time may be over too soon
  for (let tries = 0; tries < 5 && !(await page.evaluate(() => window.facestream.interrupted)); tries++) {
    await page.click("#sample");
    await page.waitForFunction(() => window.facestream.speech.active || window.facestream.interrupted);
    await page.waitForFunction(() => !window.facestream.speech.active);
  }
  const spokenOver = await page.evaluate(() => window.facestream.interrupted);
  await page.waitForTimeout(1200);
  await page.click("#talk"); // the microphone off: from here on only the sample speaks
  await page.click("#record");
  await page.click("#sample");
  await page.waitForFunction(() => window.facestream.player.playing && window.facestream.player.position() > 16000 * 1.6);
  await page.evaluate(() => document.getElementById("talk").click());
  const stopped = await page.evaluate(() => window.facestream.interrupted);
  await page.waitForTimeout(800);
  const told = await page.textContent("#status");
  await page.click("#record");
  const take = {};
  for (const kind of ["video", "glb", "csv"]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(`#save-${kind}`)]);
    await download.saveAs((take[kind] = resolve(folder, download.suggestedFilename())));
  }
  await page.setViewportSize({ width: 1120, height: 700 });
  await page.waitForTimeout(600);
  await page.screenshot({ path: resolve(folder, "desktop.png") });
  await page.setViewportSize({ width: 360, height: 720 });
  await page.waitForTimeout(600);
  await page.screenshot({ path: resolve(folder, "phone.png") });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  const notes = await page.evaluate(() => window.notes);
  console.log(JSON.stringify({ ...notes, spokenOver, stopped, told, take, wide, complaints }));
} catch (error) {
  console.error("the page says:", await page.innerText("main"), complaints);
  throw error;
} finally {
  await browser.close();
}
