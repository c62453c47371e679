"""The words and bytes of the protocol: the same golden file is read by the page's tests."""

import json
from pathlib import Path

import numpy as np
import pytest

from facestream.errors import ProtocolError
from facestream.server import protocol
from facestream.server.protocol import Close, Face, Flag, from_client, from_server, json_twin, pack, samples_of, unpack

GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text())


def named(entries):
    return pytest.mark.parametrize("entry", entries, ids=[entry.get("name") or str(entry)[:40] for entry in entries])


def fields(face):
    return {
        "turn": face.turn,
        "flags": int(face.flags),
        "index": face.index,
        "heard": face.heard,
        "sample": face.sample,
        "values": face.values.tolist(),
    }


@named(GOLDEN["motion"])
def test_packets_of_motion_are_these_bytes(entry):
    assert [fields(face) for face in unpack(bytes.fromhex(entry["hex"]))] == entry["frames"]
    faces = [
        Face(
            each["turn"],
            each["index"],
            each["heard"],
            each["sample"],
            np.array(each["values"], np.float32),
            Flag(each["flags"]),
        )
        for each in entry["frames"]
    ]
    assert pack(faces).hex() == entry["hex"]


@named(GOLDEN["torn"])
def test_what_is_no_packet_is_refused(entry):
    with pytest.raises(ProtocolError):
        unpack(bytes.fromhex(entry["hex"]))


@named(GOLDEN["sound"])
def test_sound_is_these_bytes(entry):
    assert samples_of(bytes.fromhex(entry["hex"]), entry["format"]).tolist() == pytest.approx(
        entry["samples"], abs=1e-7
    )


@pytest.mark.parametrize(("format", "size"), [("s16", 3), ("f32", 6)])
def test_half_a_sample_is_refused(format, size):
    with pytest.raises(ProtocolError, match="whole number") as refused:
        samples_of(bytes(size), format)
    assert refused.value.code == Close.BAD_SAMPLES


@named(GOLDEN["client"])
def test_a_client_says(entry):
    assert json.loads(protocol.write(from_client(json.dumps(entry)))) == entry


@named(GOLDEN["server"])
def test_the_server_says(entry):
    assert json.loads(protocol.write(from_server(json.dumps(entry)))) == entry


@named(GOLDEN["refused"])
def test_what_is_not_said_so(entry):
    with pytest.raises(ProtocolError) as refused:
        from_client(entry["text"])
    assert refused.value.code == entry["code"]
    assert len(str(refused.value)) > 20


def test_every_message_has_a_golden_one():
    def kinds(union):
        return {kind.model_fields["type"].default for kind in union.__args__}

    assert {entry["type"] for entry in GOLDEN["client"]} == kinds(protocol.FromClient)
    assert {entry["type"] for entry in GOLDEN["server"]} == kinds(protocol.FromServer)


def test_the_json_twin_says_the_same_as_the_packet():
    rng = np.random.default_rng(0)
    faces = [Face(3, i, 640 * i, 640 * i, rng.uniform(-1, 1, 77).astype(np.float32)) for i in range(4)]
    for binary, text in zip(unpack(pack(faces)), from_server(json_twin(faces)).frames, strict=True):
        assert {**fields(binary), "values": None} == {**text.model_dump(), "values": None}
        np.testing.assert_allclose(binary.values, text.values, atol=6e-4)


def test_the_prose_names_every_message_and_close_code():
    prose = (Path(protocol.__file__).parent / "PROTOCOL.md").read_text()
    for code in Close:
        assert f"| {code.value} |" in prose
    for entry in [*GOLDEN["client"], *GOLDEN["server"]]:
        assert f'"type": "{entry["type"]}"' in prose
        assert all(f'"{name}"' in prose for name in entry)
