// A .glb as its JSON and its bytes: read, accessors, written again. (glTF 2.0 specification, 3.6 and 4.4.)

const MAGIC = 0x46546c67, JSON_CHUNK = 0x4e4f534a, BINARY_CHUNK = 0x004e4942;
const KINDS = { 5120: Int8Array, 5121: Uint8Array, 5122: Int16Array, 5123: Uint16Array, 5125: Uint32Array, 5126: Float32Array };
const WIDTHS = { SCALAR: 1, VEC2: 2, VEC3: 3, VEC4: 4, MAT4: 16 };

/** @typedef {{ rows: Uint32Array | null, values: ArrayLike<number>, width: number, count: number, scale: number }} Numbers
 *  Rows of `width` numbers, each times `scale`; rows: which of `count` they are, null for all. */

export class Glb {
  /** @param {ArrayBuffer} bytes  Throws if they are not a .glb. */
  constructor(bytes) {
    const view = new DataView(bytes);
    if (bytes.byteLength < 20 || view.getUint32(0, true) !== MAGIC) throw new Error("this is not a .glb file");
    for (let at = 12; at + 8 <= bytes.byteLength; ) {
      const size = view.getUint32(at, true), kind = view.getUint32(at + 4, true);
      const chunk = new Uint8Array(bytes, at + 8, size);
      if (kind === JSON_CHUNK) this.root = JSON.parse(new TextDecoder().decode(chunk));
      if (kind === BINARY_CHUNK) this.binary = chunk;
      at += 8 + size;
    }
  }

  /** The numbers of an accessor; of a sparse one without a base only the rows that it names. @returns {Numbers} */
  accessor(index) {
    const entry = this.root.accessors[index];
    const width = WIDTHS[entry.type];
    const limit = { 5120: 127, 5121: 255, 5122: 32767, 5123: 65535 }[entry.componentType];
    const described = { width, count: entry.count, scale: entry.normalized && limit ? 1 / limit : 1 };
    const { sparse } = entry;
    if (sparse && entry.bufferView === undefined) {
      const rows = Uint32Array.from(this.read(sparse.indices, sparse.indices.componentType, sparse.count, 1));
      return { ...described, rows, values: this.read(sparse.values, entry.componentType, sparse.count, width) };
    }
    if (entry.bufferView === undefined) return { ...described, rows: new Uint32Array(0), values: [] };
    const values = this.read(entry, entry.componentType, entry.count, width);
    if (sparse) {
      const rows = this.read(sparse.indices, sparse.indices.componentType, sparse.count, 1);
      const changed = this.read(sparse.values, entry.componentType, sparse.count, width);
      rows.forEach((row, i) => values.set(changed.subarray(i * width, (i + 1) * width), row * width));
    }
    return { ...described, rows: null, values };
  }

  /** `count` rows of `width` numbers at a place in a buffer view, as an array of their own. */
  read(place, componentType, count, width) {
    const Kind = KINDS[componentType];
    const view = this.root.bufferViews[place.bufferView];
    const packed = width * Kind.BYTES_PER_ELEMENT, stride = view.byteStride ?? packed;
    const start = (view.byteOffset ?? 0) + (place.byteOffset ?? 0);
    const bytes = new Uint8Array(count * packed);
    for (let row = 0; row < count; row++)
      bytes.set(this.binary.subarray(start + row * stride, start + row * stride + packed), row * packed);
    return new Kind(bytes.buffer);
  }

  /** Append float rows as a new accessor; gives its index. */
  add(values, type, bounds = {}) {
    const offset = Math.ceil(this.binary.length / 4) * 4;
    const grown = new Uint8Array(offset + values.byteLength);
    grown.set(this.binary);
    grown.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), offset);
    this.binary = grown;
    const bufferView = this.root.bufferViews.push({ buffer: 0, byteOffset: offset, byteLength: values.byteLength }) - 1;
    const count = values.length / WIDTHS[type];
    return this.root.accessors.push({ bufferView, componentType: 5126, count, type, ...bounds }) - 1;
  }

  /** The bytes of the file. */
  encode() {
    this.root.buffers = [{ byteLength: this.binary.length }];
    const text = new TextEncoder().encode(JSON.stringify(this.root));
    const chunks = [[JSON_CHUNK, text, 0x20], [BINARY_CHUNK, this.binary, 0]];
    const size = chunks.reduce((sum, [, content]) => sum + 8 + Math.ceil(content.length / 4) * 4, 12);
    const bytes = new Uint8Array(size), view = new DataView(bytes.buffer);
    [MAGIC, 2, size].forEach((word, i) => view.setUint32(4 * i, word, true));
    let at = 12;
    for (const [kind, content, padding] of chunks) {
      const length = Math.ceil(content.length / 4) * 4;
      view.setUint32(at, length, true);
      view.setUint32(at + 4, kind, true);
      bytes.fill(padding, at + 8, at + 8 + length).set(content, at + 8);
      at += 8 + length;
    }
    return bytes;
  }
}
