// The light of our offline drawing (faces/light.py, faces/pixels.py) as a material for three.js: lit at the vertices,
// highlights at the pixels, colours already encoded for the display.
import * as THREE from "three";

/** Directions (x to the right of the picture, y up, z towards who looks) and linear colours; as Light in light.py. */
const LIGHT = {
  key: [-0.68, 0.64, 0.6], keyColor: [1.08, 0.97, 0.86],
  fill: [0.8, 0.05, 0.6], fillColor: [0.12, 0.14, 0.18],
  rim: [0.65, 0.45, -0.62], rimColor: [2.3, 2.4, 2.5],
  sky: [0.2, 0.22, 0.26], bounce: [0.15, 0.115, 0.1],
};
const SHADOW_EDGE = 160; // texels
const SHADOW_REACH = 3.1; // half the width that the shadow map covers, in units of our faces

const vector = (numbers) => new THREE.Vector3(...numbers);
const direction = (numbers) => vector(numbers).normalize();
const halfway = (numbers) => direction(numbers).add(new THREE.Vector3(0, 0, 1)).normalize();

const VERTEX = /* glsl */ `
  #include <common>
  attribute vec4 _look; // gloss, sheen, translucency, shade
  uniform vec3 key, keyColor, fill, fillColor, rim, rimColor, sky, bounce;
  uniform sampler2D shadowMap;
  uniform mat4 shadowSpace;
  uniform float shadows;
  centroid varying vec3 vLit, vFacing;
  centroid varying float vGloss;
  centroid varying vec2 vPlace;

  const float TEXEL = 2.0 * ${SHADOW_REACH.toFixed(3)} / ${SHADOW_EDGE.toFixed(1)};

  // share of the key light that passes what is before the vertex: a tent of 4 x 4 texels, softened by depth
  float keyShare(vec3 world, vec3 normal) {
    if (shadows == 0.0) return 1.0;
    float facing = dot(normal, key);
    vec3 lifted = world + 1.5 * TEXEL * (normal - facing * key) + key * (0.8 * TEXEL + 0.16 * max(0.0, 0.45 - facing));
    vec3 place = (shadowSpace * vec4(lifted, 1.0)).xyz * 0.5 + 0.5;
    vec2 texel = place.xy * ${SHADOW_EDGE.toFixed(1)} - 0.5;
    ivec2 base = ivec2(floor(texel));
    vec2 part = fract(texel);
    float depths = 4.0 * ${SHADOW_REACH.toFixed(3)}; // how deep the map reaches
    float hidden = 0.0, weights = 0.0;
    for (int y = -1; y <= 2; y++)
      for (int x = -1; x <= 2; x++) {
        float weight = (2.0 - abs(float(x) - part.x)) * (2.0 - abs(float(y) - part.y));
        ivec2 at = clamp(base + ivec2(x, y), ivec2(0), ivec2(${SHADOW_EDGE - 1}));
        float before = (place.z - texelFetch(shadowMap, at, 0).r) * depths;
        hidden += weight * clamp(before / (2.0 * TEXEL), 0.0, 1.0);
        weights += weight;
      }
    return 1.0 - hidden / weights;
  }

  // Khronos' PBR Neutral curve without its dark offset
  vec3 toned(vec3 color) {
    float peak = max(color.r, max(color.g, color.b));
    if (peak < 0.76) return color;
    float fitted = 1.0 - 0.0576 / (peak - 0.52);
    float white = 1.0 - 1.0 / (0.15 * (peak - fitted) + 1.0);
    return mix(color * (fitted / peak), vec3(fitted), white);
  }

  vec3 encoded(vec3 color) { // IEC 61966-2-1
    return mix(12.92 * color, 1.055 * pow(color, vec3(1.0 / 2.4)) - 0.055, step(0.0031308, color));
  }

  void main() {
    vec4 world = vec4(position, 1.0); // posed on the processor
    vec4 seen = viewMatrix * world;
    gl_Position = projectionMatrix * seen;
    vec3 faced = normalize(normal);
    vec3 n = normalize(mat3(viewMatrix) * faced);
    vec3 v = normalize(-seen.xyz);
    float sheen = _look.y, soft = _look.z, shade = _look.w;
    float facing = max(0.0, dot(n, v)), edge = 1.0 - facing, back = dot(n, rim);
    float lit = max(keyShare(position, faced), max(0.0, 2.5 * soft - 1.5) * min(1.0, 2.0 * shade));
    float open = shade * (1.0 - 0.35 * (1.0 - shade) * (1.0 - lit));
    vec3 albedo = color.rgb / (0.35 + 0.65 * shade); // what the file darkened for those who do not know the shade
    vec3 wrap = 0.06 + soft * vec3(0.84, 0.48, 0.36);
    vec3 direct = max(vec3(0.0), (dot(n, key) + wrap) / (1.0 + wrap));
    vec3 arrives = lit + soft * vec3(0.9, 0.15, 0.0) * lit * (1.0 - lit);
    vec3 a = 2.0404 * albedo - 0.3324, b = -4.7951 * albedo + 0.6417, d = 2.7552 * albedo + 0.6903;
    vec3 ambient = max(vec3(open), ((open * a + b) * open + d) * open) * (1.0 + vec3(0.6, 0.28, 0.12) * (1.0 - open));
    float rimmed = (max(0.0, back + 0.1) * edge * edge + 0.1 * edge * edge * edge * max(0.0, 0.4 + n.y)) * open * open;
    float through = max(0.0, -back) * max(0.0, 5.0 * (soft - 0.5) * (1.0 - soft)) * 0.55 + max(0.0, back) * edge * soft * 0.25 * open;
    vec3 around = fillColor * (0.5 + 0.5 * dot(n, fill)) + mix(bounce, sky, 0.5 + 0.5 * n.y);
    vec3 arriving = keyColor * direct * arrives * (0.4 + 0.6 * open) + around * ambient
      + rimColor * (rimmed + through * vec3(0.95, 0.22, 0.1));
    float mirror = pow(max(0.0, dot(n, normalize(key + v))), 12.0);
    float shine = sheen * (mirror + soft * pow(mirror, 4.0)) * lit * open;
    vLit = encoded(max(vec3(0.0), toned(albedo * (arriving + 0.6 * shine) + keyColor * (0.2 + 0.6 * soft) * shine)));
    vFacing = n;
    vGloss = _look.x;
    vPlace = uv;
  }
`;

const FRAGMENT = /* glsl */ `
  #ifdef PICTURE
    uniform sampler2D picture;
  #endif
  uniform vec3 keyHalf, fillHalf;
  centroid varying vec3 vLit, vFacing;
  centroid varying float vGloss;
  centroid varying vec2 vPlace;
  void main() {
    vec3 color = vLit;
    #ifdef PICTURE
      color *= texture2D(picture, vPlace).rgb;
    #endif
    if (vGloss > 0.0) {
      vec3 n = normalize(vFacing);
      float near = dot(n, keyHalf);
      float disc = clamp((near - 0.972) * 60.0, 0.0, 1.0);
      float pale = clamp((dot(n, fillHalf) - 0.988) * 120.0, 0.0, 1.0);
      float broad = max(pow(max(near, 0.0), 16.0) - 0.03, 0.0);
      float sheen = (0.6 - 0.48 * vGloss) * broad + vGloss * (0.32 * disc + 0.06 * pale);
      color += (1.0 - color) * clamp(vGloss * sheen, 0.0, 1.0);
    }
    gl_FragColor = vec4(color, 1.0);
  }
`;

/** The lamps and the key light's shadow. Materials of one Studio share its uniforms. */
export class Studio {
  constructor() {
    this.target = new THREE.WebGLRenderTarget(SHADOW_EDGE, SHADOW_EDGE, {
      depthTexture: new THREE.DepthTexture(SHADOW_EDGE, SHADOW_EDGE, THREE.FloatType),
      minFilter: THREE.NearestFilter, magFilter: THREE.NearestFilter,
    });
    this.lamp = new THREE.OrthographicCamera(
      -SHADOW_REACH, SHADOW_REACH, SHADOW_REACH, -SHADOW_REACH, 0, 4 * SHADOW_REACH,
    );
    this.lamp.position.copy(direction(LIGHT.key)).multiplyScalar(2 * SHADOW_REACH);
    this.lamp.lookAt(0, 0, 0);
    this.lamp.updateMatrixWorld();
    this.depths = new THREE.ShaderMaterial({
      vertexShader: "void main() { gl_Position = projectionMatrix * viewMatrix * vec4(position, 1.0); }",
      fragmentShader: "void main() { gl_FragColor = vec4(1.0); }",
    });
    const entries = Object.entries(LIGHT).map(([name, numbers]) => [
      name, { value: name.endsWith("Color") || name === "sky" || name === "bounce" ? vector(numbers) : direction(numbers) },
    ]);
    this.uniforms = {
      ...Object.fromEntries(entries),
      keyHalf: { value: halfway(LIGHT.key) },
      fillHalf: { value: halfway(LIGHT.fill) },
      shadowMap: { value: this.target.depthTexture },
      shadowSpace: { value: this.lamp.projectionMatrix.clone().multiply(this.lamp.matrixWorldInverse) },
      shadows: { value: 1 },
    };
  }

  /** Our material for what the file gave: its picture, its sides. */
  paint(given) {
    const picture = given.map ?? null;
    if (picture) picture.colorSpace = THREE.NoColorSpace; // colours are multiplied as they are encoded
    return new THREE.ShaderMaterial({
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      uniforms: { ...this.uniforms, ...(picture && { picture: { value: picture } }) },
      defines: picture ? { PICTURE: 1 } : {},
      vertexColors: true,
      side: given.side,
    });
  }

  /** Draw the key light's shadow map of a scene as it is now. */
  castShadows(renderer, scene) {
    scene.overrideMaterial = this.depths;
    renderer.setRenderTarget(this.target);
    renderer.clear();
    renderer.render(scene, this.lamp);
    renderer.setRenderTarget(null);
    scene.overrideMaterial = null;
  }
}
