// Draws a .glb in headless Chromium: browser.mjs TASKS.json, whose pictures and figures are written beside it.
//
// TASKS.json: {"chromium", "size", "camera", "light", "tasks": [{"glb", "picture", "values" | "seconds"}]}. The result
// is printed as JSON: of each task the names of the targets and the places of the vertices by mesh.
import { createServer } from "node:http";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const path = resolve(process.argv[2]);
const folder = dirname(path);
const { chromium: program, size, camera, light, tasks } = JSON.parse(await readFile(path, "utf8"));

const kinds = { ".html": "text/html", ".js": "text/javascript", ".glb": "model/gltf-binary" };
const server = createServer(async (request, response) => {
  const wanted = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
  const base = wanted.startsWith("/glb/") ? resolve(folder, wanted.slice(5)) : resolve(root, wanted.slice(1));
  try {
    const content = await readFile(base);
    response.writeHead(200, { "Content-Type": kinds[extname(base)] ?? "application/octet-stream" }).end(content);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

const browser = await chromium.launch({
  executablePath: program,
  args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
});
const complaints = [];
try {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(`http://127.0.0.1:${server.address().port}/tests/web/face.html`);
  await page.waitForFunction(() => window.ready);
  await page.evaluate(([...given]) => void window.start(...given), [size, camera, light]);
  const results = [];
  let loaded;
  for (const { glb, picture, values, seconds } of tasks) {
    if (glb !== loaded) results.names = await page.evaluate((name) => window.face.load(`/glb/${name}`), glb);
    loaded = glb;
    await page.evaluate(([v, s]) => (v ? window.face.pose(v) : window.face.play(s)), [values, seconds]);
    await writeFile(resolve(folder, picture), await page.locator("canvas").screenshot());
    results.push({ names: results.names, vertices: await page.evaluate(() => window.face.vertices()) });
  }
  console.log(JSON.stringify({ results, complaints }));
} finally {
  await browser.close();
  server.close();
}
