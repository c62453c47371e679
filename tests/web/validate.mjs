// Prints the Khronos glTF validator's report on each .glb named, as one JSON list.
import { readFile } from "node:fs/promises";
import validator from "gltf-validator";

const reports = [];
for (const path of process.argv.slice(2)) {
  const bytes = new Uint8Array(await readFile(path));
  reports.push(await validator.validateBytes(bytes, { uri: path, maxIssues: 1000 }));
}
console.log(JSON.stringify(reports));
