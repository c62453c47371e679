// Somebody watches a session in headless Chromium: watch.mjs TASK.json, with {chromium, url (with ?watch=), folder}.
//
// Looks on while another speaks, then presses Stop. Prints as JSON what was shown when, and what the page said.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { chromium } from "playwright-core";

const { chromium: program, url, folder } = JSON.parse(await readFile(process.argv[2], "utf8"));
const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"] });
const complaints = [];
const page = await browser.newPage({ viewport: { width: 480, height: 640 } });
try {
  page.setDefaultTimeout(60000);
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(url);
  await page.waitForFunction(() => window.facestream?.values);
  await page.evaluate(() => {
    const { face } = facestream.stage, draw = face.draw.bind(face), jaw = facestream.channels.indexOf("jawOpen");
    window.pictures = [];
    face.draw = () => {
      draw();
      pictures.push({ at: facestream.at, heard: facestream.frame.heard, turn: facestream.frame.turn, jaw: facestream.values[jaw] });
    };
  });
  await page.waitForFunction(() => pictures.filter(({ heard }) => heard >= 0).length > 40);
  const told = await page.textContent("#status");
  const offered = await page.evaluate(() => [...document.querySelectorAll(".dock button")].filter((each) => each.offsetWidth).map((each) => each.innerText));
  await page.screenshot({ path: resolve(folder, "watch.png") });
  const stopped = await page.evaluate(() => {
    document.getElementById("talk").click();
    return performance.now() / 1000;
  });
  await page.waitForTimeout(1000);
  console.log(JSON.stringify({ pictures: await page.evaluate(() => pictures), told, offered, stopped, complaints }));
} catch (error) {
  console.error("the page says:", await page.innerText("main"), complaints);
  throw error;
} finally {
  await browser.close();
}
