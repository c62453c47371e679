"""A bundle: the folder in which a trained talker travels.

    config.json    what it is, strictly: rates, channels, styles, memories, licence
    talker.onnx    one step of the network: memories in, what is new out, any number of lanes
    README.md      the model card
    speech.onnx    where the talker hears through a speech model: a window of sound to features at the motion rate
    mesh.npz       where vertices come out: the mesh that they belong to, at rest

Needs no torch. The step's inputs are sound [L, rows, bands], style [L, styles], noise [L, latents], step [L] and the
memories by name; its outputs are face [L, channels] and the update of each memory as `new.NAME`.

A step may be a block of F frames: noise is then [L, F, latents] and the face [L, F, channels, or 3 vertices]. With a
speech model, speech.onnx takes a window of sound [L, N] to features [L, F, bands], which are talker.onnx' sound.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facestream.errors import BundleError, did_you_mean
from facestream.streaming.memory import Memory, describe, parse
from facestream.timing import Timing

FORMAT = 2
CONFIG, NETWORK, CARD = "config.json", "talker.onnx", "README.md"
SPEECH, MESH = "speech.onnx", "mesh.npz"
NEW = "new."  # prefix of an update among the network's outputs


@dataclass(frozen=True)
class BundleConfig:
    """What a bundle says of itself.

    fps, delay, block, ahead: see timing.Timing; bands: mel bands, or a speech model's features; latents: width of the
    noise; channels, styles: names in the order of the network's columns; memories: its memory plan; licence: SPDX name;
    made_from: sources and their licences; reach: samples before a step that the speech model hears, None if there is
    no such model; vertices: of the mesh whose offsets come out where there are no channels.
    """

    format: int
    name: str
    fps: int
    delay: int
    bands: int
    latents: int
    channels: tuple[str, ...]
    styles: tuple[str, ...]
    memories: Mapping[str, Memory]
    licence: str
    made_from: tuple[str, ...]
    block: int = 1
    ahead: int = 0
    reach: int | None = None
    vertices: int = 0

    @property
    def timing(self) -> Timing:
        """Rates and delay."""
        return Timing(self.fps, self.delay, self.block, self.ahead)

    @property
    def noise(self) -> tuple[int, ...]:
        """Shape of a lane's noise in a step."""
        return (self.latents,) if self.block == 1 else (self.block, self.latents)

    @property
    def face(self) -> tuple[int, ...]:
        """Shape of a lane's faces in a step."""
        width = len(self.channels) or 3 * self.vertices
        return (width,) if self.block == 1 else (self.block, width)


def write_config(folder: Path, config: BundleConfig) -> None:
    """Write config.json, without what is as it is by default."""
    every = dataclasses.fields(config)
    fields = {each.name: value for each in every if (value := getattr(config, each.name)) != each.default}
    fields["memories"] = describe(config.memories)
    (folder / CONFIG).write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")


def read_config(folder: Path) -> BundleConfig:
    """Read config.json. Raises BundleError: no such file, torn, another format, keys unknown or missing."""
    path = folder / CONFIG
    if not path.is_file():
        raise BundleError(
            f"'{folder}' is not a bundle: it has no {CONFIG}; expected a folder with {CONFIG} and {NETWORK}"
        )
    try:
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        found = fields.get("format")
    except (ValueError, AttributeError) as error:
        raise BundleError(f"'{path}' is torn or not JSON ({error}); copy the bundle again") from error
    if found != FORMAT:
        raise BundleError(
            f"'{path}' is of format {found}; this facestream reads format {FORMAT}: install the release it was made for"
        )
    _check_keys(path, fields)
    try:
        memories = parse(fields.pop("memories"))
    except (KeyError, TypeError, AttributeError) as error:
        raise BundleError(f"'{path}' describes a memory that this facestream does not know ({error})") from error
    plain: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
    return BundleConfig(memories=memories, **plain)


def _check_keys(path: Path, fields: dict[str, Any]) -> None:
    known = {field.name: field.default for field in dataclasses.fields(BundleConfig)}
    for key in fields:
        if key not in known:
            raise BundleError(
                f"'{path}' has the unknown key '{key}'.{did_you_mean(key, tuple(known))} Known: {', '.join(known)}"
            )
    missing = [key for key, default in known.items() if key not in fields and default is dataclasses.MISSING]
    if missing:
        raise BundleError(f"'{path}' lacks {', '.join(missing)}; it is torn or was edited: copy the bundle again")
