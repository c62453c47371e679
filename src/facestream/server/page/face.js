// A head from a .glb, posed by named curves and drawn on a canvas.
import * as THREE from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { Glb } from "./glb.js";
import { Studio } from "./light.js";
import { Shapes, takeTargets } from "./shapes.js";

const UNITS_PER_METRE = 10; // the file is life-size, our light and camera are in units of our faces
const NECK_SHARE = 0.4; // of the head's angles: the neck's own joint takes them
const VIEW = 21.8; // degrees from the upper to the lower edge of a square picture (faces/camera.py)
const NARROWEST = 0.72; // of the square's width: what a tall picture must still show
const AXES = ["Yaw", "Pitch", "Roll"];

export class Face {
  /** @param {HTMLCanvasElement} canvas @param {boolean} fine  smooth edges and shadows, which software draws slowly.
   *  Throws if the browser has no WebGL 2. */
  constructor(canvas, fine = true) {
    this.renderer = new THREE.WebGLRenderer({ canvas, antialias: fine, alpha: true, powerPreference: "high-performance" });
    this.renderer.outputColorSpace = THREE.LinearSRGBColorSpace; // the material encodes by itself
    this.scene = new THREE.Scene();
    this.camera = new THREE.PerspectiveCamera(VIEW, 1, 1, 30);
    this.camera.position.set(0, -0.11, 9.45);
    this.studio = new Studio();
    this.channels = [];
    this.morphed = [];
    this.shadows = fine;
  }

  /** Show the head in a .glb instead of the present one. Rejects if it cannot be fetched or is no head. */
  async load(url) {
    const bytes = await fetch(url).then((answer) => {
      if (!answer.ok) throw new Error(`the face could not be fetched (${answer.status})`);
      return answer.arrayBuffer();
    });
    const glb = new Glb(bytes);
    const targets = takeTargets(glb);
    const { scene, associations } = await opened(glb);
    scene.scale.setScalar(UNITS_PER_METRE);
    this.joints = Object.fromEntries(["neck", "head", "leftEye", "rightEye"].map((name) => [name, scene.getObjectByName(name)]));
    this.morphed = [];
    scene.traverse((node) => {
      if (!node.isMesh) return;
      node.material = this.studio.paint(node.material);
      node.frustumCulled = false;
      const { meshes, primitives } = associations.get(node);
      const taken = targets.get(glb.root.meshes[meshes])?.[primitives ?? 0];
      if (taken?.length) this.morphed.push(morphed(node.geometry, taken));
    });
    if (this.shown) this.discard(this.shown);
    this.scene.add((this.shown = scene));
    this.file = bytes;
    this.bind(this.channels);
  }

  discard(scene) {
    this.scene.remove(scene);
    scene.traverse((node) => {
      node.geometry?.dispose();
      node.material?.dispose();
      node.skeleton?.dispose();
    });
  }

  /** From now on `pose` gets values of these channels, in this order. */
  bind(channels) {
    this.channels = channels;
    const columns = new Map(channels.map((name, index) => [name, index]));
    for (const { shapes } of this.morphed) shapes.bind(columns);
    this.angles = Object.fromEntries(
      ["head", "leftEye", "rightEye"].map((joint) => [joint, AXES.map((axis) => columns.get(joint + axis))]),
    );
  }

  /** @param {ArrayLike<number>} values  weights of shapes, radians of joints, by the bound channels */
  pose(values) {
    for (const { shapes, attributes } of this.morphed)
      if (shapes.pose(values)) for (const attribute of attributes) attribute.needsUpdate = true;
    const { neck, head, leftEye, rightEye } = this.joints ?? {};
    if (head && neck) {
      neck.quaternion.copy(turned(values, this.angles.head, NECK_SHARE));
      head.quaternion.copy(neck.quaternion).invert().multiply(turned(values, this.angles.head));
    }
    leftEye?.quaternion.copy(turned(values, this.angles.leftEye));
    rightEye?.quaternion.copy(turned(values, this.angles.rightEye));
  }

  /** Fit the picture into width x height CSS pixels, drawn with `ratio` pixels each. */
  resize(width, height, ratio) {
    this.renderer.setPixelRatio(ratio);
    this.renderer.setSize(width, height, false);
    const aspect = width / Math.max(height, 1);
    const tall = Math.tan((VIEW * Math.PI) / 360) * Math.max(1, NARROWEST / aspect);
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

/** Make a geometry's positions and normals floats of its own, moved by its targets. */
function morphed(geometry, targets) {
  const [position, normal] = ["position", "normal"].map((name) => {
    const given = geometry.attributes[name];
    const floats = new Float32Array(3 * given.count);
    for (let i = 0; i < given.count; i++) floats.set([given.getX(i), given.getY(i), given.getZ(i)], 3 * i);
    const attribute = new THREE.BufferAttribute(floats, 3).setUsage(THREE.DynamicDrawUsage);
    geometry.setAttribute(name, attribute);
    return attribute;
  });
  return { shapes: new Shapes(targets, position.array, normal.array), attributes: [position, normal] };
}

const euler = new THREE.Euler(0, 0, 0, "YXZ");
const quaternion = new THREE.Quaternion();

/** R = Ry(yaw) Rx(pitch) Rz(roll), a share of each angle. */
function turned(values, columns, share = 1) {
  const [yaw, pitch, roll] = columns.map((column) => (column === undefined ? 0 : share * values[column]));
  return quaternion.setFromEuler(euler.set(pitch, yaw, roll));
}
