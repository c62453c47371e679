// A head from a .glb, posed by named curves and drawn on a canvas.
import * as THREE from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { Glb } from "./glb.js";
import { Studio } from "./light.js";
import { Skin, takeTargets } from "./shapes.js";

const UNITS_PER_METRE = 10; // the file is life-size, our light and camera are in units of our faces
const NECK_SHARE = 0.4; // of the head's angles: the neck's own joint takes them
const VIEW = 21.8; // degrees from the upper to the lower edge of a square picture (faces/camera.py)
const NARROWEST = 0.68, ROOM = 1.05; // of the square's width: what a tall picture must show; and of its height, a wide one
const AXES = ["Yaw", "Pitch", "Roll"];

export class Face {
  /** @param {HTMLCanvasElement} canvas @param {boolean} fine  smooth edges and shadows, which software draws slowly.
   *  Throws if the browser has no WebGL 2. */
  constructor(canvas, fine = true) {
    this.renderer = new THREE.WebGLRenderer({ canvas, antialias: fine, alpha: true, powerPreference: "high-performance" });
    this.renderer.outputColorSpace = THREE.LinearSRGBColorSpace; // the material encodes by itself
    this.scene = new THREE.Scene();
    this.camera = new THREE.PerspectiveCamera(VIEW, 1, 1, 30);
    this.camera.position.set(0, -0.01, 9.45); // a little higher than offline: below are the controls
    this.studio = new Studio();
    this.channels = [];
    this.pieces = [];
    this.shadows = fine;
  }

  /** Show the head in a .glb instead of the present one. Rejects if it is none. @param {ArrayBuffer} bytes */
  async show(bytes) {
    const glb = new Glb(bytes);
    const targets = takeTargets(glb);
    const { scene, associations } = await opened(glb);
    scene.scale.setScalar(UNITS_PER_METRE);
    this.joints = Object.fromEntries(["neck", "head", "leftEye", "rightEye"].map((name) => [name, scene.getObjectByName(name)]));
    scene.updateMatrixWorld();
    const pieces = [], shown = new THREE.Group();
    scene.traverse((node) => {
      if (!node.isMesh) return;
      const { meshes, primitives } = associations.get(node);
      const piece = new Piece(node, targets.get(glb.root.meshes[meshes])?.[primitives ?? 0] ?? []);
      pieces.push(piece);
      shown.add(new THREE.Mesh(piece.geometry, this.studio.paint(node.material)));
    });
    for (const mesh of shown.children) mesh.frustumCulled = false;
    this.pieces = pieces;
    this.skeleton = scene;
    if (this.shown) this.discard(this.shown);
    this.scene.add((this.shown = shown));
    this.file = bytes;
    this.bind(this.channels);
    this.pose(this.values ?? new Float32Array(this.channels.length));
  }

  discard(group) {
    this.scene.remove(group);
    for (const { geometry, material } of group.children) {
      geometry.dispose();
      material.uniforms.picture?.value.dispose();
      material.dispose();
    }
  }

  /** From now on `pose` gets values of these channels, in this order. */
  bind(channels) {
    this.channels = channels;
    const columns = new Map(channels.map((name, index) => [name, index]));
    for (const { skin } of this.pieces) skin.bind(columns);
    this.angles = Object.fromEntries(
      ["head", "leftEye", "rightEye"].map((joint) => [joint, AXES.map((axis) => columns.get(joint + axis))]),
    );
  }

  /** @param {ArrayLike<number>} values  weights of shapes, radians of joints, by the bound channels */
  pose(values) {
    this.values = values;
    const { neck, head, leftEye, rightEye } = this.joints ?? {};
    if (head && neck) {
      neck.quaternion.copy(turned(values, this.angles.head, NECK_SHARE));
      head.quaternion.copy(neck.quaternion).invert().multiply(turned(values, this.angles.head));
    }
    leftEye?.quaternion.copy(turned(values, this.angles.leftEye));
    rightEye?.quaternion.copy(turned(values, this.angles.rightEye));
    this.skeleton?.updateMatrixWorld();
    for (const piece of this.pieces) piece.pose(values);
  }

  /** Fit the picture into width x height CSS pixels, drawn with `ratio` pixels each. */
  resize(width, height, ratio) {
    this.renderer.setPixelRatio(ratio);
    this.renderer.setSize(width, height, false);
    const aspect = width / Math.max(height, 1);
    const tall = Math.tan((VIEW * Math.PI) / 360) * Math.max(ROOM, NARROWEST / aspect);
    this.camera.aspect = aspect;
    this.camera.fov = (Math.atan(tall) * 360) / Math.PI;
    this.camera.updateProjectionMatrix();
  }

  draw() {
    this.studio.uniforms.shadows.value = this.shadows ? 1 : 0;
    if (this.shadows) this.studio.castShadows(this.renderer, this.scene);
    this.renderer.render(this.scene, this.camera);
  }
}

/** three.js' objects of a file. */
async function opened(glb) {
  const place = URL.createObjectURL(new Blob([glb.binary]));
  try {
    const buffers = [{ byteLength: glb.binary.length, uri: place }];
    const { scene, parser } = await new GLTFLoader().parseAsync(JSON.stringify({ ...glb.root, buffers }), "");
    return { scene, associations: parser.associations };
  } finally {
    URL.revokeObjectURL(place);
  }
}

/** A mesh of the file, posed on the processor: `geometry` is in the world. */
class Piece {
  constructor(node, targets) {
    const given = node.geometry, count = given.attributes.position.count;
    this.node = node;
    const held = node.isSkinnedMesh
      ? { indices: floats(given.attributes.skinIndex, 4), weights: floats(given.attributes.skinWeight, 4) }
      : { indices: new Float32Array(4 * count), weights: new Float32Array(4 * count).fill(1) };
    const rest = { position: floats(given.attributes.position, 3), normal: floats(given.attributes.normal, 3) };
    this.skin = new Skin(targets, rest, held);
    this.geometry = new THREE.BufferGeometry().setIndex(given.index);
    this.moving = ["position", "normal"].map((name) =>
      new THREE.BufferAttribute(this.skin[name], 3).setUsage(THREE.DynamicDrawUsage),
    );
    this.geometry.setAttribute("position", this.moving[0]).setAttribute("normal", this.moving[1]);
    for (const name of ["color", "uv", "_look"])
      if (given.attributes[name]) this.geometry.setAttribute(name, given.attributes[name]);
  }

  pose(values) {
    const { skeleton, matrixWorld } = this.node;
    skeleton?.update();
    this.skin.pose(values, skeleton?.boneMatrices ?? matrixWorld.elements);
    for (const attribute of this.moving) attribute.needsUpdate = true;
  }
}

/** An attribute's numbers as they are meant, `width` a vertex. */
function floats(attribute, width) {
  return Float32Array.from({ length: width * attribute.count }, (_, i) => attribute.getComponent(Math.floor(i / width), i % width));
}

const euler = new THREE.Euler(0, 0, 0, "YXZ");
const quaternion = new THREE.Quaternion();

/** R = Ry(yaw) Rx(pitch) Rz(roll), a share of each angle. */
function turned(values, columns, share = 1) {
  const [yaw, pitch, roll] = columns.map((column) => (column === undefined ? 0 : share * values[column]));
  return quaternion.setFromEuler(euler.set(pitch, yaw, roll));
}
