"""Frames a second of drawing the talking head at 512 x 512 on one core, beside moderngl and pyrender in software.

    python benchmarks/drawing.py

Ours draws everything it has: shadows, occlusion, translucency, highlights, texture, four samples a pixel. moderngl gets
a plain shader (vertex colours, three lamps, a highlight, four samples a pixel, no shadows), pyrender its own materials
with three lamps. All draw the same poses in turns, from vertices in memory to a picture in memory; costs are processor
time, so compare the ratios. Neither library is needed by the product: what is not there is named and left out.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from importlib.util import find_spec

# Mesa's software renderer, in the calling thread alone; read when the libraries are imported
os.environ |= {"LIBGL_ALWAYS_SOFTWARE": "1", "LP_NUM_THREADS": "0"}
os.environ.setdefault("PYOPENGL_PLATFORM", "egl")

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from facestream.faces.camera import Camera
from facestream.faces.head import Head
from facestream.faces.light import Light
from facestream.faces.mesh import Floats, Mesh, Picture, vertex_normals
from facestream.faces.rasterizer import Renderer

SIZE, ROUNDS, FRAMES = 512, 5, 12
HOW = {
    "moderngl": "pip install moderngl; on Debian without a display also apt install libegl1 libgl1-mesa-dri",
    "pyrender": "pip install pyrender; on Debian without a display also apt install libegl1 libgl1-mesa-dri",
}
Draw = Callable[[Floats], Picture]
console = Console()

VERTEX = """
#version 330
uniform mat4 view; uniform vec3 eye;
in vec3 position; in vec3 normal; in vec3 color;
out vec3 n; out vec3 toward; out vec3 albedo;
void main() { gl_Position = view * vec4(position, 1.0); n = normal; toward = eye - position; albedo = color; }
"""
FRAGMENT = """
#version 330
uniform vec3 lamps[3]; uniform vec3 colors[3]; uniform vec3 sky; uniform vec3 bounce;
in vec3 n; in vec3 toward; in vec3 albedo;
out vec3 shown;
void main() {
    vec3 m = normalize(n), light = mix(bounce, sky, 0.5 + 0.5 * m.y);
    for (int i = 0; i < 3; i++) light += colors[i] * max(dot(m, lamps[i]), 0.0);
    float shine = pow(max(dot(m, normalize(lamps[0] + normalize(toward))), 0.0), 32.0);
    shown = sqrt(min(albedo * light + 0.1 * shine, 1.0));
}
"""


def matrix(camera: Camera) -> Floats:
    """The camera's place and three axes as OpenGL has them, [4, 4]."""
    pose = np.eye(4, dtype=np.float32)
    pose[:3, :3], pose[:3, 3] = camera.axes().T, camera.position
    return pose


def perspective(camera: Camera, near: float = 1.0, far: float = 30.0) -> Floats:
    scale = 1 / np.tan(np.radians(camera.view) / 2)
    depth = ((far + near) / (near - far), 2 * far * near / (near - far))
    return np.array([[scale, 0, 0, 0], [0, scale, 0, 0], [0, 0, *depth], [0, 0, -1, 0]], np.float32)


def lamps() -> tuple[Floats, Floats]:
    """Directions [3, 3] and colours [3, 3] of key, fill and rim."""
    table = Light().table()
    return table[0:6:2], table[1:6:2]


def with_moderngl(mesh: Mesh) -> tuple[Draw, str]:
    import moderngl

    context, camera = moderngl.create_standalone_context(backend="egl"), Camera()
    program = context.program(vertex_shader=VERTEX, fragment_shader=FRAGMENT)
    view = perspective(camera) @ np.linalg.inv(matrix(camera))
    directions, colors = lamps()
    program["view"].write(np.ascontiguousarray(view.T, np.float32).tobytes())
    program["eye"].value = camera.position
    program["lamps"].write(directions.tobytes())
    program["colors"].write(colors.tobytes())
    program["sky"].value, program["bounce"].value = Light().sky, Light().bounce
    places, faces = context.buffer(reserve=mesh.vertices.nbytes), context.buffer(reserve=mesh.vertices.nbytes)
    paint, corners = context.buffer(mesh.colors.tobytes()), context.buffer(mesh.triangles.tobytes())
    content = [(places, "3f", "position"), (faces, "3f", "normal"), (paint, "3f", "color")]
    array = context.vertex_array(program, content, corners)
    depth = context.depth_renderbuffer((SIZE, SIZE), samples=4)
    smooth = context.framebuffer([context.renderbuffer((SIZE, SIZE), 3, samples=4)], depth)
    plain = context.framebuffer([context.renderbuffer((SIZE, SIZE), 3)])
    context.enable(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
    normals = np.empty_like(mesh.vertices)

    def draw(vertices: Floats) -> Picture:
        vertex_normals(vertices, mesh.triangles, mesh.weld, normals)
        with context:  # two libraries share this thread
            places.write(vertices.tobytes())
            faces.write(normals[mesh.weld].tobytes())
            smooth.use()
            smooth.clear(0.8, 0.85, 0.86)
            array.render()
            context.copy_framebuffer(plain, smooth)
            return np.frombuffer(plain.read(components=3, alignment=1), np.uint8).reshape(SIZE, SIZE, 3)[::-1]

    return draw, context.info["GL_RENDERER"]


def with_pyrender(mesh: Mesh) -> tuple[Draw, str]:
    np.infty = np.inf  # noqa: NPY201  # a name that pyrender 0.1.45 still uses
    import pyrender
    from OpenGL.GL import GL_RENDERER, glGetString

    scene, camera = pyrender.Scene(bg_color=(0.8, 0.85, 0.86), ambient_light=Light().sky), Camera()
    scene.add(pyrender.PerspectiveCamera(np.radians(camera.view), znear=1, zfar=30, aspectRatio=1), pose=matrix(camera))
    for direction, color in zip(*lamps(), strict=True):
        axes = Camera(position=tuple(direction), target=(0, 0, 0)).axes()
        pose = np.eye(4)
        pose[:3, :3] = axes.T
        scene.add(pyrender.DirectionalLight(color, intensity=3.0), pose=pose)
    canvas, normals = pyrender.OffscreenRenderer(SIZE, SIZE), np.empty_like(mesh.vertices)

    def draw(vertices: Floats) -> Picture:
        vertex_normals(vertices, mesh.triangles, mesh.weld, normals)
        part = pyrender.Primitive(vertices, normals[mesh.weld], color_0=mesh.colors, indices=mesh.triangles)
        node = scene.add(pyrender.Mesh([part]))
        color, _ = canvas.render(scene)
        scene.remove_node(node)
        return np.asarray(color)

    draw(mesh.vertices)
    return draw, glGetString(GL_RENDERER).decode()


def talking(head: Head) -> list[Floats]:
    """Poses [V, 3] of a head that speaks and looks about."""
    channels = ("jawOpen", "mouthSmileLeft", "mouthSmileRight", "headYaw", "headPitch")
    t = np.linspace(0, 2 * np.pi, FRAMES, endpoint=False)
    values = (0.25 - 0.25 * np.cos(5 * t), 0.3 + 0 * t, 0.3 + 0 * t, 0.3 * np.sin(t), 0.1 * np.sin(2 * t))
    pose = head.bind(channels)
    return [pose(row) for row in np.stack(values, -1).astype(np.float32)]


def cost(draw: Draw, poses: list[Floats]) -> float:
    """Processor seconds a frame."""
    start = time.process_time()
    for vertices in poses:
        draw(vertices)
    return (time.process_time() - start) / len(poses)


def compare() -> None:
    """All renderers that are there, in turns."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    head = Head.load()
    poses, runs, notes = talking(head), {"facestream": Renderer(head.mesh, SIZE).draw}, {"facestream": "everything on"}
    for name, make in (("pyrender", with_pyrender), ("moderngl", with_moderngl)):
        if find_spec(name) is None:
            console.print(f"{name} is not installed: {HOW[name]}")
            continue
        try:
            runs[name], notes[name] = make(head.mesh)
        except Exception as error:  # whatever a missing driver raises
            console.print(f"{name} finds no way to draw ({type(error).__name__}: {error}): {HOW[name]}")
    for draw in runs.values():
        draw(poses[0])
    rounds = [{name: cost(draw, poses) for name, draw in runs.items()} for _ in track(range(ROUNDS), "in turns")]
    costs = {name: float(np.median([each[name] for each in rounds])) for name in runs}
    title = f"{len(head.mesh.vertices)} vertices, {len(head.mesh.triangles)} triangles, {SIZE} x {SIZE}, one core"
    table = Table("", "ms a frame", "frames a second", "ours is faster by", "", title=title)
    for name, seconds in costs.items():
        ratio = f"{seconds / costs['facestream']:.1f} x"
        table.add_row(name, f"{seconds * 1e3:.1f}", f"{1 / seconds:.0f}", ratio, notes[name])
    console.print(table)


if __name__ == "__main__":
    compare()
