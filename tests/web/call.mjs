// A caller over WebRTC in headless Chromium: call.mjs TASK.json, with {chromium, url, microphone (a WAV), folder}.
//
// Opens call.html, presses Call and speaks by the microphone. Prints as JSON the frames of motion that came over the data
// channel, the pictures of the video, and what kinds of tracks there were; pictures go into the folder.
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { chromium } from "playwright-core";

const { chromium: program, url, microphone, folder } = JSON.parse(await readFile(process.argv[2], "utf8"));
const browser = await chromium.launch({
  executablePath: program,
  args: [
    "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", `--use-file-for-fake-audio-capture=${microphone}`,
    "--allow-loopback-in-peer-connection",
  ],
});
const SPOKEN = 7; // seconds that are watched after the first face that belongs to sound
const complaints = [];

/** In the page: notes every picture of the video, and every frame of motion. */
function watch() {
  const video = document.getElementById("video");
  const small = Object.assign(document.createElement("canvas"), { width: 96, height: 64 });
  const context = small.getContext("2d", { willReadFrequently: true });
  const whole = document.createElement("canvas");
  window.notes = { pictures: [], frames: [], stills: {} };
  call.addEventListener("frame", ({ detail: { heard, values } }) => {
    notes.frames.push({ at: performance.now() / 1000, heard, jaw: values[call.channels.indexOf("jawOpen")] });
  });
  const note = () => {
    const { videoWidth: width, videoHeight: height } = video;
    // the mouth's surroundings, which are dark where it is open
    context.drawImage(video, 0.38 * width, 0.6 * height, 0.24 * width, 0.14 * height, 0, 0, 96, 64);
    const pixels = context.getImageData(0, 0, 96, 64).data;
    let dark = 0;
    for (let i = 0; i < pixels.length; i += 4) dark += pixels[i] + pixels[i + 1] + pixels[i + 2] < 190;
    video.requestVideoFrameCallback(note);
    if (dark === 6144) return; // before the first picture it is black
    const shown = { at: performance.now() / 1000, dark: dark / 6144, width };
    notes.pictures.push(shown);
    const keep = (name) => {
      Object.assign(whole, { width, height }).getContext("2d").drawImage(video, 0, 0);
      notes.stills[name] = { dark: shown.dark, picture: whole.toDataURL() };
    };
    if (shown.dark > (notes.stills.open?.dark ?? 0)) keep("open");
    if (shown.dark < (notes.stills.shut?.dark ?? 1)) keep("shut");
  };
  video.requestVideoFrameCallback(note);
}

const page = await browser.newPage({ viewport: { width: 640, height: 640 } });
try {
  page.setDefaultTimeout(60000);
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(`${url}/call.html?size=256`);
  await page.click("#talk");
  await page.waitForFunction(() => window.call);
  await page.evaluate(watch);
  await page.waitForFunction((seconds) => notes.frames.filter(({ heard }) => heard >= 0).length > 25 * seconds, SPOKEN);
  await page.screenshot({ path: resolve(folder, "call.png") });
  const { stills, ...notes } = await page.evaluate(() => window.notes);
  for (const [name, { picture }] of Object.entries(stills))
    await writeFile(resolve(folder, `call-${name}.png`), Buffer.from(picture.split(",")[1], "base64"));
  const tracks = await page.evaluate(() => call.stream.getTracks().map(({ kind, readyState }) => `${kind} ${readyState}`).sort());
  await page.click("#talk");
  const told = await page.textContent("#status");
  console.log(JSON.stringify({ ...notes, tracks, told, complaints }));
} catch (error) {
  console.error("the page says:", await page.innerText("main"), complaints, await page.evaluate(() => JSON.stringify(window.notes ?? {}).slice(0, 400)));
  throw error;
} finally {
  await browser.close();
}
