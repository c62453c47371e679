// Morph targets and joints on the processor: only what a target moves is touched, so a face of ninety targets costs
// what the twenty in use move (about a millisecond), and a slow graphics card has little to do.

const ANGLES = /(Yaw|Pitch|Roll)$/;

/** What gives a target's weight: a shape's is its curve's value; any other's is the product of the factors that its
 *  name names, each clipped to 0..1, "-" before one for its negative values: "jawOpen*mouthClose", "-headYaw".
 *  @param {string} target @param {Map<string, number>} columns  places of the curves in what is given
 *  @returns {(values: ArrayLike<number>) => number} */
export function weigher(target, columns) {
  const factors = target.split("*").map((name) => [columns.get(name.replace(/^-/, "")), name.startsWith("-") ? -1 : 1]);
  if (factors.some(([column]) => column === undefined)) return () => 0;
  if (factors.length === 1 && !ANGLES.test(target)) return (values) => values[factors[0][0]];
  return (values) => {
    let product = 1;
    for (const [column, sign] of factors) product *= Math.min(Math.max(sign * values[column], 0), 1);
    return product;
  };
}

/** Take the morph targets out of a file, so that three.js does not unfold them: by mesh name, [target, moves]. */
export function takeTargets(glb) {
  const found = new Map();
  for (const mesh of glb.root.meshes) {
    const names = mesh.extras?.targetNames ?? mesh.primitives[0].extras?.targetNames ?? [];
    const targets = mesh.primitives.map((primitive) => {
      const taken = (primitive.targets ?? []).map((target, i) => [
        names[i] ?? "",
        { position: moves(glb, target.POSITION), normal: moves(glb, target.NORMAL) },
      ]);
      delete primitive.targets;
      return taken;
    });
    delete mesh.weights;
    if (targets.some((taken) => taken.length)) found.set(mesh, targets);
  }
  return found;
}

/** Rows that move and their displacements, as floats. */
function moves(glb, accessor) {
  if (accessor === undefined) return { rows: new Uint32Array(0), values: new Float32Array(0) };
  const { rows, values, count, scale } = glb.accessor(accessor);
  return { rows: rows ?? Uint32Array.from({ length: count }, (_, i) => i), values: Float32Array.from(values, (v) => v * scale) };
}

/** One geometry on the processor: targets, then joints, written into its positions and normals in the world. */
export class Skin {
  /** @param targets  [name, moves] of a primitive, none for what only turns
   *  @param {{position: Float32Array, normal: Float32Array}} rest  in the mesh' own space
   *  @param {{indices: ArrayLike<number>, weights: ArrayLike<number>}} held  four joints a vertex, the strongest first */
  constructor(targets, rest, held) {
    this.targets = targets;
    this.rest = rest;
    this.held = held;
    this.moved = { position: rest.position.slice(), normal: rest.normal.slice() };
    this.position = rest.position.slice();
    this.normal = rest.normal.slice();
    this.weights = new Float32Array(targets.length);
    this.bind(new Map());
  }

  bind(columns) {
    this.weighers = this.targets.map(([name]) => weigher(name, columns));
  }

  /** @param {ArrayLike<number>} values @param {Float32Array} bones  a matrix of 16 each, column by column */
  pose(values, bones) {
    let changed = false;
    this.weighers.forEach((weigh, i) => {
      const weight = weigh(values) || 0;
      changed ||= weight !== this.weights[i];
      this.weights[i] = weight;
    });
    if (changed) for (const key of ["position", "normal"]) this.#morph(key);
    this.#turn(bones);
  }

  #morph(key) {
    const out = this.moved[key];
    out.set(this.rest[key]);
    this.weights.forEach((weight, i) => {
      if (weight === 0) return;
      const { rows, values } = this.targets[i][1][key];
      for (let r = 0, m = 0; r < rows.length; r++, m += 3) {
        const at = 3 * rows[r];
        out[at] += weight * values[m];
        out[at + 1] += weight * values[m + 1];
        out[at + 2] += weight * values[m + 2];
      }
    });
  }

  #turn(bones) {
    const { position: from, normal: facing } = this.moved;
    const { position, normal } = this;
    const { indices, weights } = this.held;
    const mixed = new Float32Array(16);
    for (let at = 0, four = 0; at < from.length; at += 3, four += 4) {
      let m = bones, b = 16 * indices[four];
      if (weights[four] < 0.9995) {
        mixed.fill(0);
        for (let k = four; k < four + 4 && weights[k] > 0; k++)
          for (let i = 0, bone = 16 * indices[k]; i < 15; i++) mixed[i] += weights[k] * bones[bone + i];
        m = mixed;
        b = 0;
      }
      const x = from[at], y = from[at + 1], z = from[at + 2];
      position[at] = m[b] * x + m[b + 4] * y + m[b + 8] * z + m[b + 12];
      position[at + 1] = m[b + 1] * x + m[b + 5] * y + m[b + 9] * z + m[b + 13];
      position[at + 2] = m[b + 2] * x + m[b + 6] * y + m[b + 10] * z + m[b + 14];
      const u = facing[at], v = facing[at + 1], w = facing[at + 2];
      normal[at] = m[b] * u + m[b + 4] * v + m[b + 8] * w;
      normal[at + 1] = m[b + 1] * u + m[b + 5] * v + m[b + 9] * w;
      normal[at + 2] = m[b + 2] * u + m[b + 6] * v + m[b + 10] * w;
    }
  }
}
