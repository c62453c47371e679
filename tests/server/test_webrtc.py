"""A session over WebRTC, with aiortc at both ends."""

import asyncio
import json
import urllib.error
import urllib.request

import numpy as np
import pytest

pytest.importorskip("aiortc", reason="WebRTC needs the extra 'webrtc'")

import aioice.ice
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from facestream.errors import ServeError
from facestream.server.ice import Ice
from facestream.server.limits import Doorman
from facestream.server.protocol import IDLE, Face, unpack
from facestream.server.webrtc import Player

from .conftest import serving, tone

RATE = 16_000


@pytest.fixture(autouse=True)
def loopback(monkeypatch):
    """aioice leaves 127.0.0.1 out; a test needs no other network."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4=True, use_ipv6=True: ["127.0.0.1"])


def face(heard, turn=0):
    return Face(turn, 0, heard, 0, np.zeros(1, np.float32))


def test_sound_waits_for_its_faces_and_faces_for_their_sound():
    player = Player(RATE, "s16", 25)
    player.hear(tone(0.2).astype("<i2").tobytes())
    assert player.next_sound(320) == b""
    player.see(face(IDLE))
    assert player.next_face().heard == IDLE
    for n in range(3):
        player.see(face(640 * n))
    seen = []
    for _ in range(8):
        played = player.played
        seen.append((player.next_face().heard, len(player.next_sound(320)) // 2, played))
    assert [heard for heard, *_ in seen[:6]] == [0, 0, 640, 640, 1280, 1280]
    assert [count for _, count, _ in seen] == [320] * 6 + [0, 0]  # three faces, then it waits
    player.interrupt(1)
    assert (player.played, player.next_sound(320)) == (0, b"")
    player.see(face(IDLE, turn=1))
    assert player.next_face().turn == 1


def test_a_microphone_is_not_heard_back_and_its_newest_face_is_seen():
    player = Player(RATE, "s16", 25, speaks=False)
    player.hear(tone(0.2).astype("<i2").tobytes())
    for n in range(3):
        player.see(face(640 * n))
    assert player.next_face().heard == 1280
    assert player.next_sound(320) == b""


def test_what_helps_through_routers_is_told_to_those_who_may_know():
    ice = (Ice.read("stun:stun.example.org:3478"), Ice.read("turn:me:s3cret@turn.example.org:3478?transport=tcp"))
    with serving(doorman=Doorman(token="sesame"), ice=ice) as served:
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(served.http + "/webrtc/ice")
        asked = urllib.request.Request(served.http + "/webrtc/ice", headers={"Authorization": "Bearer sesame"})
        with urllib.request.urlopen(asked) as answer:
            told = json.loads(answer.read())["iceServers"]
    assert told[0] == {"urls": "stun:stun.example.org:3478"}
    assert told[1] == {
        "urls": "turn:turn.example.org:3478?transport=tcp", "username": "me", "credential": "s3cret",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["example.org", "turn:example.org:3478", "stun:a:b@example.org", "http://example.org"])
def test_what_is_no_ice_server_is_said(text):
    with pytest.raises(ServeError, match="expected stun:host:port"):
        Ice.read(text)


def post(served, offer):
    request = urllib.request.Request(served.http + "/webrtc/offer", json.dumps(offer).encode())
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def loudness(samples):
    return float(np.abs(samples.astype(float)).max())


async def until(so):
    while not so():
        await asyncio.sleep(0.05)


async def call(served, seconds, **hello):
    """Speak for some seconds; the pictures, the sound and the messages that came."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pictures, sound, said, motion = [], [], [], []
    channel = connection.createDataChannel("live")
    connection.addTransceiver("video", direction="recvonly")
    connection.addTransceiver("audio", direction="recvonly")

    async def follow(track):
        kept = pictures if track.kind == "video" else sound
        while True:
            frame = await track.recv()
            kept.append((frame.time, frame.to_ndarray(format="rgb24") if track.kind == "video" else frame.to_ndarray()))

    tasks = []
    connection.on("track", lambda track: tasks.append(asyncio.ensure_future(follow(track))))
    channel.on("message", lambda message: (motion if isinstance(message, bytes) else said).append(message))
    opened = asyncio.Event()
    channel.on("open", opened.set)
    await connection.setLocalDescription(await connection.createOffer())
    local = connection.localDescription
    offer = {"sdp": local.sdp, "type": local.type, "hello": {"source": "speech", **hello}, "size": 64}
    answer = await asyncio.to_thread(post, served, offer)
    await connection.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))
    await asyncio.wait_for(opened.wait(), 15)
    channel.send((tone(seconds, level=0.5) * 32767).astype("<i2").tobytes())
    await until(lambda: len(pictures) > 5 and any(loudness(samples) > 3000 for _, samples in sound))
    channel.send('{"type": "interrupt"}')
    await until(lambda: any("interrupted" in message for message in said))
    after = len(sound)
    await until(lambda: len(sound) > after + 60 and len(pictures) > 10)
    await connection.close()
    for task in tasks:
        task.cancel()
    return pictures, sound, [json.loads(each) for each in said], [each for packet in motion for each in unpack(packet)]


def test_pictures_sound_and_motion_come_together_and_stop_together():
    with serving() as served:
        pictures, sound, said, motion = asyncio.run(asyncio.wait_for(call(served, 8.0), 60))
        assert said[0]["type"] == "welcome"
        stopped = next(each for each in said if each["type"] == "interrupted")
        assert 0 < stopped["position"] < 8 * RATE
        assert {face.turn for face in motion} == {0, 1}
        assert any(face.heard > 0 for face in motion)
        assert len(pictures) > 10
        assert pictures[0][1].shape == (64, 64, 3)
        assert pictures[0][1].std() > 5
        loud = [loudness(samples) for _, samples in sound]
        assert max(loud) > 3000
        assert max(loud[-10:]) < 1500
        assert not served.house.peers
        assert not served.house.sessions


def test_who_may_not_come_in_is_told():
    with serving(doorman=Doorman(token="sesame")) as served:
        for hello, words in (({}, "token"), ({"token": "sesame", "style": "loud"}, "no style")):
            offer = {"sdp": "", "type": "offer", "hello": hello, "size": 64}
            with pytest.raises(urllib.error.HTTPError, match="403") as refusal:
                post(served, offer)
            assert words in json.loads(refusal.value.read())["detail"]["message"]
        offer = {"sdp": "", "type": "offer", "hello": {"token": "sesame"}, "face": "nobody"}
        for nonsense in ({"type": "dance"}, offer):
            with pytest.raises(urllib.error.HTTPError, match="400"):
                post(served, nonsense)
        assert not served.house.peers
