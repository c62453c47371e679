// Morph targets on the processor: only what a target moves is touched, so a face of ninety targets costs what the
// twenty in use move, and a slow graphics card has nothing to do with it.

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

/** One geometry that morphs: writes into its position and normal attributes. */
export class Shapes {
  /** @param targets [name, moves] of one primitive; @param position, normal  Float32Arrays to write into */
  constructor(targets, position, normal) {
    this.targets = targets;
    this.parts = [
      { key: "position", base: position.slice(), out: position },
      { key: "normal", base: normal.slice(), out: normal },
    ];
    this.weights = new Float32Array(targets.length);
    this.bind(new Map());
  }

  bind(columns) {
    this.weighers = this.targets.map(([name]) => weigher(name, columns));
  }

  /** Move to these values; whether anything changed. */
  pose(values) {
    let changed = false;
    this.weighers.forEach((weigh, i) => {
      const weight = weigh(values) || 0;
      changed ||= Math.abs(weight - this.weights[i]) > 1e-4;
    });
    if (!changed) return false;
    this.weighers.forEach((weigh, i) => (this.weights[i] = weigh(values) || 0));
    for (const { key, base, out } of this.parts) {
      out.set(base);
      this.weights.forEach((weight, i) => {
        if (weight === 0) return;
        const { rows, values: moved } = this.targets[i][1][key];
        for (let r = 0, m = 0; r < rows.length; r++, m += 3) {
          const at = 3 * rows[r];
          out[at] += weight * moved[m];
          out[at + 1] += weight * moved[m + 1];
          out[at + 2] += weight * moved[m + 2];
        }
      });
    }
    return true;
  }
}
