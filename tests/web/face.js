// window.face: a page as a stranger would write it. Loads a .glb with three.js' own loader, poses it by named curves,
// and draws it as the offline camera sees it.
import * as THREE from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";

const UNITS_PER_METRE = 10; // of the camera
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
    this.renderer.toneMapping = THREE.NeutralToneMapping;
    document.body.append(this.renderer.domElement);
    this.scene = new THREE.Scene();
    this.scene.background = new THREE.Color(1, 0, 1);
    this.camera = new THREE.PerspectiveCamera(camera.view, 1, 0.1, 100);
    this.camera.position.set(...camera.position);
    this.camera.lookAt(...camera.target);
    this.scene.add(new THREE.HemisphereLight(new THREE.Color(...light.sky), new THREE.Color(...light.bounce), Math.PI));
    // our rim only draws an edge; three.js' lamp shines on all that faces it
    for (const [name, share] of [["key", 1], ["fill", 1], ["rim", 0.2]]) {
      const lamp = new THREE.DirectionalLight(new THREE.Color(...light[name + "_color"]), share * Math.PI);
      lamp.position.set(...light[name]);
      this.scene.add(lamp);
    }
  }

  /** Names of the targets that the file's meshes carry. */
  async load(url) {
    if (this.gltf) this.scene.remove(this.gltf.scene);
    this.gltf = await new GLTFLoader().loadAsync(url);
    this.gltf.scene.scale.setScalar(UNITS_PER_METRE);
    this.scene.add(this.gltf.scene);
    return [...new Set(this.meshes().flatMap((mesh) => Object.keys(mesh.morphTargetDictionary ?? {})))];
  }

  meshes() {
    const found = [];
    this.gltf.scene.traverse((node) => node.isMesh && found.push(node));
    return found;
  }

  /** Values by channel name: weights of shapes, angles of joints in radians. */
  pose(values) {
    for (const mesh of this.meshes())
      for (const [name, index] of Object.entries(mesh.morphTargetDictionary ?? {}))
        mesh.morphTargetInfluences[index] = weightOf(name, values);
    const joint = (name) => this.gltf.scene.getObjectByName(name).quaternion;
    joint("neck").copy(turned(values, "head", NECK_SHARE));
    joint("head").copy(joint("neck")).invert().multiply(turned(values, "head"));
    for (const eye of ["leftEye", "rightEye"]) joint(eye).copy(turned(values, eye));
  }

  /** The file's own animation at a time in seconds. */
  play(seconds) {
    const mixer = new THREE.AnimationMixer(this.gltf.scene);
    mixer.clipAction(this.gltf.animations[0]).play();
    mixer.setTime(seconds);
  }

  /** Draw all but the meshes of these names. */
  draw(hidden) {
    for (const mesh of this.meshes()) mesh.visible = !hidden.includes(mesh.name);
    this.renderer.render(this.scene, this.camera);
  }

  /** Places of all posed vertices by mesh name, x y z after x y z, in the camera's units. */
  vertices() {
    this.gltf.scene.updateMatrixWorld(true);
    const point = new THREE.Vector3();
    return Object.fromEntries(
      this.meshes().map((mesh) => {
        const points = [];
        for (let i = 0; i < mesh.geometry.attributes.position.count; i++)
          points.push(...mesh.getVertexPosition(i, point).applyMatrix4(mesh.matrixWorld).toArray());
        return [mesh.name, points];
      }),
    );
  }
}

window.start = (size, camera, light) => (window.face = new Face(size, camera, light));
window.ready = true;
