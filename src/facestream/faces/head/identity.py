"""Who a head is: its forms, colours, hair and clothes, as plain numbers and names.

Forms run from -1 to 1 and are 0 on the head as it was sculpted. `warp.py` turns them into a deformation of space,
`paint.py` the colours into paint; hair and dress are chosen by name. Every identity keeps the topology and the rig.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from facestream.errors import FaceError

HAIR_STYLES = ("swept", "buzz", "bob", "long", "afro", "bun", "ponytail", "curls", "bald")
COVERING = ("bob", "long")  # styles that lie over the ears
BEARDS = ("none", "moustache", "goatee", "full")
GLASSES = ("none", "round", "square")
EARRINGS = ("none", "studs", "hoops")
CLOTHES = ("shirt", "sweater", "collar")
HAIR_COLORS = ("black", "dark brown", "brown", "auburn", "red", "blond", "grey", "white")
EYE_COLORS = ("dark brown", "brown", "hazel", "green", "blue", "grey")
CLOTHES_COLORS = ("teal", "coral", "mustard", "plum", "navy", "forest", "cream", "rose", "charcoal", "sky")

_NAMED = {
    "hair": HAIR_STYLES,
    "beard": BEARDS,
    "glasses": GLASSES,
    "earrings": EARRINGS,
    "clothes": CLOTHES,
    "hair_color": HAIR_COLORS,
    "eye_color": EYE_COLORS,
    "clothes_color": CLOTHES_COLORS,
}
_SHARES = ("strength", "skin_tone", "freckles", "stubble", "blush", "lipstick", "lashes")
_FORMS = (
    "build", "face_width", "face_length", "jaw_width", "chin", "cheekbones", "nose_length", "nose_width", "nose_bridge",
    "nose_tip", "mouth_width", "lips", "eye_size", "eye_spacing", "eye_tilt", "eye_opening", "brow_height",
    "brow_thickness", "ear_size",
)  # fmt: skip


@dataclass(frozen=True)
class Identity:
    """One person. Forms -1..1; shares 0..1; names from the tuples above.

    age: years; strength: 0 soft features, 1 a strong brow, jaw and neck; build: slender to stout; nose_tip: down to up;
    eye_tilt: outer corners down to up; skin_tone: 0 the fairest, 1 the deepest. Raises FaceError for what is not a
    person: a number out of range, a name that is not known.
    """

    age: float = 24.0
    strength: float = 0.4
    build: float = 0.0
    face_width: float = 0.0
    face_length: float = 0.0
    jaw_width: float = 0.0
    chin: float = 0.0
    cheekbones: float = 0.0
    nose_length: float = 0.0
    nose_width: float = 0.0
    nose_bridge: float = 0.0
    nose_tip: float = 0.0
    mouth_width: float = 0.0
    lips: float = 0.0
    eye_size: float = 0.0
    eye_spacing: float = 0.0
    eye_tilt: float = 0.0
    eye_opening: float = 0.0
    brow_height: float = 0.0
    brow_thickness: float = 0.0
    ear_size: float = 0.0
    skin_tone: float = 0.25
    freckles: float = 0.0
    stubble: float = 0.0
    blush: float = 0.5
    lipstick: float = 0.0
    lashes: float = 0.3
    hair: str = "swept"
    hair_color: str = "brown"
    eye_color: str = "green"
    beard: str = "none"
    glasses: str = "none"
    earrings: str = "none"
    clothes: str = "shirt"
    clothes_color: str = "teal"

    def __post_init__(self) -> None:
        for name, known in _NAMED.items():
            if (given := getattr(self, name)) not in known:
                raise FaceError(f"there is no {name.replace('_', ' ')} '{given}'; there are: {', '.join(known)}")
        for names, low in ((_FORMS, -1.0), (_SHARES, 0.0)):
            for name in names:
                if not low <= getattr(self, name) <= 1.0:
                    raise FaceError(f"{name} is {getattr(self, name)}; expected a number from {low:g} to 1")
        if not 4 <= self.age <= 100:
            raise FaceError(f"age is {self.age}; expected 4 to 100 years")

    @classmethod
    def named(cls, name: str) -> Identity:
        """A preset. Raises FaceError if there is none of this name."""
        if name not in PRESETS:
            raise FaceError(f"there is no face named '{name}'; there are: {', '.join(PRESETS)}")
        return PRESETS[name]

    @classmethod
    def from_seed(cls, seed: int) -> Identity:
        """A person drawn by chance, always the same one from the same seed."""
        rng = np.random.default_rng(seed)
        age, strength = float(rng.choice((rng.uniform(6, 14), rng.uniform(18, 80)), p=(0.15, 0.85))), rng.beta(0.6, 0.6)
        grown = age > 15
        tone, old = float(rng.beta(1.1, 1.3)), age > 55 + rng.normal(0, 8)
        forms = {name: float(np.clip(rng.normal(0, 0.45), -1, 1)) for name in _FORMS}
        man, woman = strength > 0.55 and grown, strength < 0.45
        styles = (
            ("swept", "buzz", "bald", "curls", "afro") if man else ("bob", "long", "bun", "ponytail", "curls", "afro")
        )
        dark = ("black", "dark brown") if tone > 0.45 else HAIR_COLORS[1:6]
        return cls(
            age=age,
            strength=float(strength) if grown else 0.2,
            **forms,
            skin_tone=tone,
            freckles=float(rng.uniform(0.3, 1)) if tone < 0.35 and rng.random() < 0.35 else 0.0,
            stubble=float(rng.uniform(0, 0.8)) if man else 0.0,
            blush=float(rng.uniform(0.3, 0.8)),
            lipstick=float(rng.uniform(0, 0.8)) if woman and grown else 0.0,
            lashes=float(rng.uniform(0.5, 1)) if woman else 0.25,
            hair=str(rng.choice(styles if grown or woman else ("swept", "buzz", "curls", "afro"))),
            hair_color=str(rng.choice(("grey", "white") if old else dark)),
            eye_color=str(rng.choice(EYE_COLORS[:2] if tone > 0.45 else EYE_COLORS)),
            beard=str(rng.choice(BEARDS, p=(0.55, 0.15, 0.1, 0.2))) if man else "none",
            glasses=str(rng.choice(GLASSES, p=(0.7, 0.15, 0.15))),
            earrings=str(rng.choice(EARRINGS)) if woman and grown else "none",
            clothes=str(rng.choice(CLOTHES)),
            clothes_color=str(rng.choice(CLOTHES_COLORS)),
        )

    def but(self, **changes: float | str) -> Identity:
        """The same person but for these fields."""
        unknown = set(changes) - {field.name for field in fields(self)}
        if unknown:
            raise FaceError(f"an identity has no {', '.join(sorted(unknown))}")
        return replace(self, **changes)  # type: ignore[arg-type]


PRESETS: dict[str, Identity] = {
    "default": Identity(),
    "mira": Identity(
        age=27, strength=0.05, build=-0.4, face_width=-0.25, jaw_width=-0.65, cheekbones=0.7, nose_width=-0.1,
        nose_tip=0.4, nose_bridge=0.2, lips=0.55, eye_size=0.45, eye_spacing=0.4, eye_tilt=0.35, skin_tone=0.52,
        blush=0.5, lipstick=0.35, lashes=0.9, hair="long", hair_color="black", eye_color="dark brown", earrings="studs",
        clothes="sweater", clothes_color="coral",
    ),
    "kofi": Identity(
        age=34, strength=0.8, build=0.1, face_length=0.15, jaw_width=0.4, chin=0.3, nose_width=0.85, nose_length=0.1,
        mouth_width=0.4, lips=0.85, eye_size=-0.1, brow_thickness=0.3, skin_tone=0.90, blush=0.3, hair="buzz",
        hair_color="black", eye_color="dark brown", beard="goatee", clothes="collar", clothes_color="mustard",
    ),
    "rosa": Identity(
        age=74, strength=0.15, build=0.7, face_width=0.3, face_length=-0.15, jaw_width=0.25, cheekbones=0.3,
        nose_length=0.4, nose_width=0.4, nose_tip=0.2, lips=-0.45, eye_size=-0.1, eye_opening=-0.3, skin_tone=0.33,
        blush=0.8, lipstick=0.3, lashes=0.4, hair="bun", hair_color="white", eye_color="brown", glasses="round",
        earrings="studs", clothes="sweater", clothes_color="plum",
    ),
    "theo": Identity(
        age=7, strength=0.1, build=0.3, face_width=0.15, nose_tip=0.6, lips=-0.1, eye_size=0.3, ear_size=0.7,
        skin_tone=0.12, freckles=0.9, blush=0.8, hair="curls", hair_color="red", eye_color="blue", clothes="shirt",
        clothes_color="sky",
    ),
    "lars": Identity(
        age=43, strength=1.0, build=0.6, face_width=0.25, face_length=0.25, jaw_width=0.6, chin=0.3, nose_length=0.45,
        nose_width=0.3, nose_bridge=0.6, mouth_width=0.1, lips=-0.3, eye_size=-0.35, brow_thickness=0.7,
        skin_tone=0.15, blush=0.6, hair="bald", hair_color="auburn", eye_color="blue", beard="full",
        clothes="sweater", clothes_color="navy",
    ),
    "yuki": Identity(
        age=22, strength=0.05, build=-0.1, face_width=0.30, face_length=-0.25, jaw_width=-0.35, cheekbones=0.2,
        nose_length=-0.5, nose_width=0.1, nose_bridge=-0.8, chin=-0.2, mouth_width=-0.3, lips=0.2, eye_tilt=0.5,
        eye_opening=-0.35, eye_spacing=0.3, skin_tone=0.18, blush=0.7, lipstick=0.45, lashes=0.7, hair="bob",
        hair_color="black", eye_color="dark brown", clothes="collar", clothes_color="cream",
    ),
    "amara": Identity(
        age=31, strength=0.1, build=-0.1, face_width=-0.1, face_length=0.25, jaw_width=-0.45, chin=0.2,
        cheekbones=0.9, nose_width=0.6, lips=1.0, mouth_width=0.2, eye_size=0.35, eye_spacing=0.4, eye_tilt=0.25,
        brow_height=0.4, skin_tone=0.80, blush=0.4, lipstick=0.6, lashes=1.0, hair="afro", hair_color="black",
        eye_color="brown", earrings="hoops", clothes="shirt", clothes_color="forest",
    ),
    "nadia": Identity(
        age=38, strength=0.25, build=-0.5, face_width=-0.4, face_length=0.55, jaw_width=0.1, chin=0.35,
        nose_length=0.6, nose_bridge=0.7, lips=0.2, eye_size=0.05, eye_spacing=0.4, eye_opening=-0.1, skin_tone=0.28,
        freckles=0.5, blush=0.4, lipstick=0.5, lashes=0.6, hair="ponytail", hair_color="auburn", eye_color="green",
        glasses="square", clothes="collar", clothes_color="charcoal",
    ),
    "omar": Identity(
        age=66, strength=0.75, build=-0.2, face_width=-0.1, face_length=0.4, jaw_width=0.1, chin=0.2, nose_length=0.8,
        nose_width=0.5, nose_bridge=0.9, nose_tip=-0.7, lips=-0.1, eye_size=-0.15, eye_tilt=-0.4, brow_thickness=0.6,
        ear_size=0.7, skin_tone=0.55, blush=0.3, stubble=0.3, hair="swept", hair_color="grey", eye_color="hazel",
        beard="moustache", clothes="collar", clothes_color="teal",
    ),
}  # fmt: skip
