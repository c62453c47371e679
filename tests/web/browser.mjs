// Poses and draws .glb files in headless Chromium: browser.mjs JOB.json, pictures go beside it.
//
// JOB.json: {chromium, size, camera, light, tasks: [{glb, values | seconds, picture, hidden, vertices}]}. Prints JSON:
// of each task the names of the file's targets and, if asked for, the places of its vertices by mesh; and complaints.
import { createServer } from "node:http";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const path = resolve(process.argv[2]);
const folder = dirname(path);
const { chromium: program, size, camera, light, tasks } = JSON.parse(await readFile(path, "utf8"));

const kinds = { ".html": "text/html", ".js": "text/javascript", ".glb": "model/gltf-binary" };
const server = createServer(async (request, response) => {
  const wanted = decodeURIComponent(new URL(request.url, "http://localhost").pathname).slice(1);
  const place = wanted.startsWith("glb/") ? resolve(folder, wanted.slice(4)) : resolve(root, wanted);
  try {
    const content = await readFile(place);
    response.writeHead(200, { "Content-Type": kinds[extname(place)] ?? "application/octet-stream" }).end(content);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

const browser = await chromium.launch({
  executablePath: program,
  args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
});
try {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const complaints = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(`http://127.0.0.1:${server.address().port}/tests/web/face.html`);
  await page.waitForFunction(() => window.ready);
  await page.evaluate((given) => void window.start(...given), [size, camera, light]);
  const results = [];
  let loaded, names;
  for (const { glb, values, seconds, picture, hidden, vertices } of tasks) {
    if (glb !== loaded) names = await page.evaluate((name) => window.face.load(`/glb/${name}`), glb);
    loaded = glb;
    await page.evaluate(([v, s, h]) => {
      if (v) window.face.pose(v);
      else window.face.play(s);
      window.face.draw(h);
    }, [values, seconds, hidden ?? []]);
    if (picture) await writeFile(resolve(folder, picture), await page.locator("canvas").screenshot());
    results.push({ names, vertices: vertices ? await page.evaluate(() => window.face.vertices()) : {} });
  }
  console.log(JSON.stringify({ results, complaints }));
} finally {
  await browser.close();
  server.close();
}
