// window.face: loads a .glb, poses it by named curves, and draws it as the offline camera sees it.
import * as THREE from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";

const UNITS_PER_METRE = 10;
const NECK_SHARE = 0.4; // of the head's angles: the neck's own joint takes them
const ANGLES = /(Yaw|Pitch|Roll)$/;

/** A shape's weight is its own value. Any other target's is the product of what its name names, each clipped to 0..1;
 *  "-" before a factor takes its negative values: "jawOpen*mouthClose", "-headYaw". */
function weightOf(target, values) {
  const factors = target.split("*");
  if (factors.length === 1 && !ANGLES.test(target)) return values[target] ?? 0;
  return factors.reduce((product, factor) => {
    const value = factor.startsWith("-") ? -(values[factor.slice(1)] ?? 0) : (values[factor] ?? 0);
    return product * Math.min(Math.max(value, 0), 1);
  }, 1);
}

/** R = Ry(yaw) Rx(pitch) Rz(roll), a share of each angle. */
function turned(values, joint, share = 1) {
  const [yaw, pitch, roll] = ["Yaw", "Pitch", "Roll"].map((axis) => share * (values[joint + axis] ?? 0));
  return new THREE.Quaternion().setFromEuler(new THREE.Euler(pitch, yaw, roll, "YXZ"));
}

class Face {
  constructor(size, camera, light) {
    this.renderer = new THREE.WebGLRenderer({ antialias: true, preserveDrawingBuffer: true });
    this.renderer.setSize(size, size);
    document.body.append(this.renderer.domElement);
    this.scene = new THREE.Scene();
    this.scene.background = new THREE.Color(1, 0, 1);
    this.camera = new THREE.PerspectiveCamera(camera.view, 1, 0.1, 100);
    this.camera.position.set(...camera.position);
    this.camera.lookAt(...camera.target);
    this.scene.add(new THREE.HemisphereLight(color(light.sky), color(light.bounce), Math.PI));
    for (const name of ["key", "fill", "rim"]) {
      const lamp = new THREE.DirectionalLight(color(light[name + "_color"]), Math.PI);
      lamp.position.set(...light[name]);
      this.scene.add(lamp);
    }
  }

  async load(url) {
    if (this.gltf) this.scene.remove(this.gltf.scene);
    this.gltf = await new GLTFLoader().loadAsync(url);
    this.gltf.scene.scale.setScalar(UNITS_PER_METRE);
    this.scene.add(this.gltf.scene);
    this.morphed = [];
    this.gltf.scene.traverse((node) => {
      if (node.morphTargetDictionary) this.morphed.push(node);
    });
    return [...new Set(this.morphed.flatMap((mesh) => Object.keys(mesh.morphTargetDictionary)))];
  }

  /** Values by channel name: weights of shapes, angles of joints in radians. */
  pose(values) {
    for (const mesh of this.morphed)
      for (const [name, index] of Object.entries(mesh.morphTargetDictionary))
        mesh.morphTargetInfluences[index] = weightOf(name, values);
    const joint = (name) => this.gltf.scene.getObjectByName(name).quaternion;
    joint("neck").copy(turned(values, "head", NECK_SHARE));
    joint("head").copy(joint("neck")).invert().multiply(turned(values, "head"));
    for (const eye of ["leftEye", "rightEye"]) joint(eye).copy(turned(values, eye));
    this.draw();
  }

  /** The file's own animation at a time in seconds. */
  play(seconds) {
    const mixer = new THREE.AnimationMixer(this.gltf.scene);
    mixer.clipAction(this.gltf.animations[0]).play();
    mixer.setTime(seconds);
    this.draw();
  }

  draw() {
    this.renderer.render(this.scene, this.camera);
  }

  /** Size of the position of every vertex of the posed meshes, in units of our faces, by mesh name. */
  vertices() {
    this.gltf.scene.updateMatrixWorld(true);
    const found = {};
    this.gltf.scene.traverse((node) => {
      if (!node.isMesh) return;
      const point = new THREE.Vector3(), points = [];
      for (let i = 0; i < node.geometry.attributes.position.count; i++) {
        node.getVertexPosition(i, point).applyMatrix4(node.matrixWorld);
        points.push(point.x, point.y, point.z);
      }
      found[node.name] = points;
    });
    return found;
  }
}

function color(rgb) {
  return new THREE.Color(...rgb);
}

window.start = (size, camera, light) => (window.face = new Face(size, camera, light));
window.ready = true;
