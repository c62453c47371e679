"""The nouns that flow: names of the curves, Motion, Frame.

Shapes: T motion frames, C channels. Channels are matched by name, never by position.
Blendshape weights run 0..1. Rotations are radians, right-handed, in the face's own axes (x to the character's left,
y up, z out of the face): yaw about y (positive: towards its left), pitch about x (positive: nose down), roll about z
(positive: its left ear rises); a head is turned by R = Ry(yaw) @ Rx(pitch) @ Rz(roll).
"""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facestream.errors import MotionError
from facestream.files import write_whole

Floats = npt.NDArray[np.float32]

# The 52 face shapes of ARKit, in the order of Unreal's Live Link enumeration.
ARKIT: tuple[str, ...] = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
    "eyeWideLeft",
    "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight", "eyeSquintRight",
    "eyeWideRight",
    "jawForward", "jawLeft", "jawRight", "jawOpen",
    "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight",
    "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight",
    "mouthStretchLeft", "mouthStretchRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
# Audio2Face's extra tongue shapes.
TONGUE: tuple[str, ...] = (
    "tongueTipUp", "tongueTipDown", "tongueTipLeft", "tongueTipRight", "tongueRollUp", "tongueRollDown",
    "tongueRollLeft", "tongueRollRight", "tongueUp", "tongueDown", "tongueLeft", "tongueRight", "tongueIn",
    "tongueStretch", "tongueWide", "tongueNarrow",
)  # fmt: skip
ROTATIONS: tuple[str, ...] = (
    "headYaw", "headPitch", "headRoll",
    "leftEyeYaw", "leftEyePitch", "leftEyeRoll", "rightEyeYaw", "rightEyePitch", "rightEyeRoll",
)  # fmt: skip
FACE: tuple[str, ...] = ARKIT + TONGUE + ROTATIONS


@dataclass(frozen=True)
class AudioChunk:
    """Mono sound at 16 kHz. samples: [N] float32; start: index of the first sample on the session's clock."""

    samples: Floats
    start: int = 0


@dataclass(frozen=True)
class Frame:
    """The face at one instant. values: [C]; index: motion frame; sample: its instant on the audio clock."""

    index: int
    sample: int
    values: Floats


@dataclass(frozen=True)
class Motion:
    """Curves of a face. values: [T, C] float32; channels: C names; fps: frames a second (frame t is at t / fps)."""

    values: Floats
    channels: tuple[str, ...]
    fps: float = 25.0

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.channels):
            raise MotionError(
                f"motion values have shape {self.values.shape}; expected [frames, {len(self.channels)}], "
                "one column a channel"
            )
        if len(set(self.channels)) != len(self.channels):
            raise MotionError("motion has two channels of one name; give every channel a name of its own")

    def __len__(self) -> int:
        return int(self.values.shape[0])

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self) / self.fps

    def __getitem__(self, channel: str) -> Floats:
        """One curve, [T]. Raises MotionError if there is no such channel."""
        if channel not in self.channels:
            raise MotionError(f"motion has no channel '{channel}'; it has: {', '.join(self.channels)}")
        return self.values[:, self.channels.index(channel)]

    def select(self, channels: Sequence[str]) -> Motion:
        """These channels in this order; channels that the motion lacks are 0 throughout."""
        out = np.zeros((len(self), len(channels)), np.float32)
        for column, name in enumerate(channels):
            if name in self.channels:
                out[:, column] = self[name]
        return Motion(out, tuple(channels), self.fps)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write .npz or .csv (time in seconds, then a column a channel), by the path's ending; whole or not at all.

        Raises MotionError for another ending, SinkError if the file cannot be written.
        """
        path = Path(path)
        buffer = io.BytesIO()
        ending = path.suffix.lower()
        if ending == ".npz":
            np.savez_compressed(buffer, values=self.values, channels=np.array(self.channels), fps=np.float64(self.fps))
        elif ending == ".csv":
            text = io.TextIOWrapper(buffer, "utf-8", newline="", write_through=True)
            rows = csv.writer(text, lineterminator="\n")
            rows.writerow(("time", *self.channels))
            for t, row in enumerate(self.values):
                rows.writerow((f"{t / self.fps:.6f}", *(f"{value:.6g}" for value in row)))
            text.detach()
        else:
            raise MotionError(f"motion cannot be saved as '{path.name}'; expected a name that ends in .npz or .csv")
        write_whole(path, buffer.getvalue())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Motion:
        """Read what `save` wrote. Raises MotionError if the file is not motion."""
        path = Path(path)
        ending = path.suffix.lower()
        try:
            if ending == ".npz":
                with np.load(path, allow_pickle=False) as file:
                    return cls(
                        file["values"].astype(np.float32),
                        tuple(str(name) for name in file["channels"]),
                        float(file["fps"]),
                    )
            if ending == ".csv":
                with path.open(encoding="utf-8", newline="") as file_text:
                    header, *rows = list(csv.reader(file_text))
                table = np.array(rows, np.float64).reshape(len(rows), len(header))
                if header[0] != "time":
                    raise ValueError(f"the first column is '{header[0]}'")
                step = float(np.median(np.diff(table[:, 0]))) if len(rows) > 1 else 0.04
                if not step > 0:
                    raise ValueError("time stands still or runs back")
                return cls(table[:, 1:].astype(np.float32), tuple(header[1:]), round(1.0 / step, 3))
        except FileNotFoundError:
            raise MotionError(f"there is no motion file '{path}'") from None
        except (ValueError, KeyError, OSError, IndexError, EOFError, zipfile.BadZipFile) as error:
            raise MotionError(
                f"'{path}' is not a motion file that facestream wrote ({error}); expected .npz or .csv from Motion.save"
            ) from error
        raise MotionError(f"motion cannot be read from '{path.name}'; expected a name that ends in .npz or .csv")
