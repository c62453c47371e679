"""Named faces: the 15 visemes and six emotions, as weights of the head's shapes by name.

The visemes are those of the Oculus (OVR) LipSync documentation, the emotions P. Ekman's six; which muscles an emotion
moves follows the prototypes of the Facial Action Coding System (P. Ekman, W. Friesen, J. Hager 2002), each action unit
by the ARKit shape that shows it. All amounts were set by eye on our own head.
"""

from __future__ import annotations

from collections.abc import Mapping

Weights = Mapping[str, float]


def _both(**amounts: float) -> dict[str, float]:
    """Each amount on the left and on the right side."""
    return {name + side: amount for name, amount in amounts.items() for side in ("Left", "Right")}


VISEMES: Mapping[str, Weights] = {
    "sil": {},
    "PP": {"jawOpen": 0.10, "mouthClose": 0.10, "mouthRollLower": 0.25, "mouthRollUpper": 0.25}
    | _both(mouthPress=0.35),
    "FF": {"jawOpen": 0.07, "mouthRollLower": 0.70, "mouthShrugLower": 0.14} | _both(mouthUpperUp=0.34),
    "TH": {"jawOpen": 0.08, "tongueOut": 0.44} | _both(mouthLowerDown=0.16, mouthUpperUp=0.14),
    "DD": {"jawOpen": 0.13, "tongueTipUp": 0.75} | _both(mouthLowerDown=0.14, mouthUpperUp=0.08, mouthStretch=0.08),
    "kk": {"jawOpen": 0.20, "tongueUp": 0.60, "tongueIn": 0.35} | _both(mouthLowerDown=0.12, mouthUpperUp=0.08),
    "CH": {"jawOpen": 0.08, "jawForward": 0.15, "mouthFunnel": 0.60, "mouthPucker": 0.15, "tongueUp": 0.40}
    | _both(mouthLowerDown=0.12, mouthUpperUp=0.10),
    "SS": {"jawOpen": 0.02, "jawForward": 0.06, "tongueTipUp": 0.35}
    | _both(mouthLowerDown=0.45, mouthUpperUp=0.18, mouthStretch=0.25, mouthDimple=0.10),
    "nn": {"jawOpen": 0.15, "tongueTipUp": 0.90, "tongueNarrow": 0.20} | _both(mouthLowerDown=0.10, mouthUpperUp=0.06),
    "RR": {"jawOpen": 0.13, "mouthFunnel": 0.28, "mouthPucker": 0.28, "tongueRollUp": 0.40, "tongueUp": 0.30}
    | _both(mouthLowerDown=0.06),
    "aa": {"jawOpen": 0.55, "tongueDown": 0.40} | _both(mouthLowerDown=0.10, mouthUpperUp=0.08, mouthStretch=0.06),
    "E": {"jawOpen": 0.32, "tongueUp": 0.20}
    | _both(mouthStretch=0.28, mouthSmile=0.12, mouthLowerDown=0.16, mouthUpperUp=0.10),
    "ih": {"jawOpen": 0.18, "tongueUp": 0.40, "tongueWide": 0.30}
    | _both(mouthStretch=0.32, mouthSmile=0.22, mouthLowerDown=0.22, mouthUpperUp=0.12),
    "oh": {"jawOpen": 0.36, "mouthFunnel": 0.45, "mouthPucker": 0.30, "tongueDown": 0.30, "tongueIn": 0.20},
    "ou": {"jawOpen": 0.14, "mouthFunnel": 0.30, "mouthPucker": 0.75, "tongueIn": 0.30},
}

EMOTIONS: Mapping[str, Weights] = {
    "happy": {"browInnerUp": 0.10, "jawOpen": 0.10}
    | _both(mouthSmile=0.90, cheekSquint=0.70, eyeSquint=0.15, mouthUpperUp=0.25, mouthDimple=0.15, browOuterUp=0.10),
    "sad": {"browInnerUp": 0.90, "mouthShrugLower": 0.45, "mouthRollLower": 0.10, "headPitch": 0.06}
    | _both(mouthFrown=0.75, eyeSquint=0.20, eyeLookDown=0.35, browDown=0.12, eyeBlink=0.12),
    "angry": {"mouthShrugUpper": 0.15, "mouthRollLower": 0.10, "jawForward": 0.25, "headPitch": 0.04}
    | _both(browDown=1.00, eyeSquint=0.35, eyeWide=0.30, noseSneer=0.45, mouthPress=0.55, mouthFrown=0.40),
    "surprised": {"browInnerUp": 0.85, "jawOpen": 0.50, "mouthFunnel": 0.22} | _both(browOuterUp=0.90, eyeWide=0.85),
    "afraid": {"browInnerUp": 1.00, "jawOpen": 0.18}
    | _both(browOuterUp=0.35, browDown=0.35, eyeWide=0.80, mouthStretch=0.70, mouthFrown=0.25, mouthLowerDown=0.30),
    "disgusted": {"mouthShrugLower": 0.35, "mouthShrugUpper": 0.25}
    | _both(noseSneer=0.95, browDown=0.60, eyeSquint=0.55, mouthUpperUp=0.45, mouthFrown=0.45, cheekSquint=0.50),
}
