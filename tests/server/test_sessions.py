"""Sessions over a real network, on loopback: what is said, shown, interrupted and refused."""

import asyncio
import json
import runpy
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as dial

from facestream.client import connect
from facestream.errors import ProtocolError, ServeError
from facestream.server.limits import Doorman, Limits
from facestream.server.protocol import IDLE, Close, Flag, Hello
from facestream.signals import FACE

from .conftest import JAW, Echo, serving, tone

HELLO = '{"type": "hello"}'


async def frames(live, count):
    found = []
    async for face in live:
        found.append(face)
        if len(found) == count:
            return found
    raise AssertionError("the session ended")


async def until(live, wanted):
    """Frames up to the first one that is wanted."""
    found = []
    async for face in live:
        found.append(face)
        if wanted(face):
            return found
    raise AssertionError("the session ended")


def run(work):
    return asyncio.run(asyncio.wait_for(work, 20))


@pytest.mark.parametrize("motion", ["binary", "json"])
@pytest.mark.parametrize(("rate", "format"), [(16_000, "s16"), (48_000, "f32"), (44_100, "s16"), (8_000, "s16")])
def test_speech_is_shown_frame_by_frame_in_the_clients_samples(server, rate, format, motion):
    async def talk():
        async with connect(server.url, sample_rate=rate, format=format, source="speech", motion=motion) as live:
            assert live.welcome.channels == FACE
            await live.send(tone(0.6, rate))
            end = asyncio.create_task(live.end())
            found = await until(live, lambda face: face.heard >= 14 * rate / 25)
            return found, await end

    found, ended = run(talk())
    said = [face for face in found if face.heard != IDLE]
    assert [face.heard for face in said] == pytest.approx([n * rate / 25 for n in range(15)], abs=1)
    assert [face.index for face in found] == list(range(found[0].index, found[0].index + len(found)))
    assert all(face.sample == 640 * face.index for face in found)
    assert min(face.values[JAW] for face in said[1:14]) > 0.5
    if motion == "binary":
        assert [bool(face.flags & Flag.LAST) for face in said] == [False] * 14 + [True]
    assert (ended.position, ended.frame) == (round(0.6 * rate), said[-1].index)


def test_a_face_lives_without_sound(server):
    async def watch():
        async with connect(server.url) as live:
            return await frames(live, 10)

    found = run(watch())
    assert {face.heard for face in found} == {IDLE}
    assert len({float(face.values[FACE.index("headYaw")]) for face in found}) > 5


def test_an_interruption_stops_speech_and_says_where(server):
    async def talk():
        async with connect(server.url, sample_rate=24_000, source="speech") as live:
            await live.send(tone(5.0, 24_000))
            ending = asyncio.create_task(live.end())
            before = await until(live, lambda face: face.heard >= 12_000)
            interrupted = await live.interrupt()
            after = await frames(live, 8)
            await live.send(tone(0.2, 24_000))
            again = await until(live, lambda face: face.heard != IDLE)
            with pytest.raises(asyncio.CancelledError):
                await ending
            return before, interrupted, after, again

    before, interrupted, after, again = run(talk())
    assert interrupted.turn == 1
    assert 0 < interrupted.position <= before[-1].heard + 960
    assert interrupted.position % 960 == 0
    assert after[0].index == interrupted.frame <= before[-1].index + 3
    assert {(face.turn, face.heard) for face in after} == {(1, IDLE)}
    jaw = [float(face.values[JAW]) for face in after]
    assert max(jaw[5:]) == 0  # 200 ms
    assert jaw[0] > 0.3  # it glides
    assert again[-1].heard == 0


def test_an_interruption_takes_the_clients_word_for_what_was_played(server):
    async def talk():
        async with connect(server.url, source="speech") as live:
            await live.send(tone(3.0))
            before = await until(live, lambda face: face.heard >= 16_000)
            played = before[-1].heard - 5 * 640 + 100
            return before, played, await live.interrupt(played), await frames(live, 2)

    before, played, interrupted, after = run(talk())
    assert interrupted.position == played
    assert interrupted.frame == after[0].index
    assert next(face.index for face in before if face.heard >= played) == interrupted.frame


def test_style_ping_and_statistics(server, caplog):
    async def talk():
        async with connect(server.url) as live:
            await live.style("other")
            await live.style("loud")
            await until(live, lambda face: face.values[FACE.index("mouthSmileLeft")] == 1)
            await live.send(tone(0.1))
            return await live.ping(), await live.statistics()

    trip, statistics = run(talk())
    assert 0 < trip < 5
    assert statistics.samples == 1600
    assert statistics.frames > 0
    assert (statistics.dropped, statistics.cut_seconds) == (0, 0.0)
    assert "no style 'loud'" in caplog.text


def test_a_face_that_listens_says_so(server):
    async def talk():
        async with connect(server.url, listening=True) as live:
            listening = await frames(live, 5)
            await live.listen(False)
            return listening, await until(live, lambda face: not face.flags & Flag.LISTENING)

    listening, after = run(talk())
    assert all(face.flags & Flag.LISTENING for face in listening)
    brow = FACE.index("browInnerUp")
    assert listening[-1].values[brow] > 0
    assert after[-1].values[brow] == 0
    assert len(after) < 40


def refused(served, *messages, **settings):
    """The code and sentence that a connection is closed with after these messages."""
    with dial(served.url + "/v1/live", **settings) as wire:
        try:
            for message in messages:
                wire.send(message)
            while True:
                wire.recv(timeout=10)
        except ConnectionClosed as closed:
            assert closed.rcvd is not None
            return closed.rcvd.code, closed.rcvd.reason


@pytest.mark.parametrize(
    ("messages", "code", "words"),
    [
        (['{"type": "hello", "version": 9}'], Close.BAD_VERSION, "speak version 1"),
        (['{"type": "hello", "sample_rate": 96000}'], Close.BAD_MESSAGE, "48000"),
        (['{"type": "hello", "style": "loud"}'], Close.BAD_MESSAGE, "no style"),
        (['{"type": "ping"}'], Close.BAD_MESSAGE, "hello first"),
        ([HELLO, HELLO], Close.BAD_MESSAGE, "twice"),
        ([b"\0\0"], Close.TEXT_FOR_BYTES, "hello first"),
        ([HELLO, "AAAA"], Close.TEXT_FOR_BYTES, "JSON"),
        ([HELLO, b"\0\0\0"], Close.BAD_SAMPLES, "whole number"),
        (
            ['{"type": "hello", "format": "f32"}', np.array([0, np.nan], "<f4").tobytes()],
            Close.BAD_SAMPLES,
            "without them",
        ),
        (['{"type": "hello", "format": "f32"}', np.array([3e4], "<f4").tobytes()], Close.BAD_SAMPLES, "32768"),
        ([HELLO, bytes(3 << 20)], Close.OVERSIZED, "20 ms"),
    ],
    ids=lambda value: None if isinstance(value, list) else str(value),
)
def test_what_is_wrong_is_said_and_closed(server, messages, code, words):
    closed, sentence = refused(server, *messages)
    assert closed == code
    assert server.house.metrics.closed.labels(str(int(code)))._value.get() >= 1
    assert len(sentence.encode()) <= 123
    if len(sentence.encode()) < 120:
        assert words in sentence


def test_the_whole_sentence_comes_before_the_close(server):
    with dial(server.url + "/v1/live") as wire:
        wire.send('{"type": "hello", "format": "f32"}')
        wire.send(np.array([0, np.inf], "<f4").tobytes())
        said = []
        with pytest.raises(ConnectionClosed):
            while True:
                message = wire.recv(timeout=10)
                said += [json.loads(message)] if isinstance(message, str) else []
    assert said[-1]["type"] == "error"
    assert said[-1]["code"] == Close.BAD_SAMPLES
    assert "write the sound again" in said[-1]["message"]


def test_there_are_no_sessions_elsewhere(server):
    with pytest.raises(ServeError, match="404"):
        run(connect(server.url + "/elsewhere").__aenter__())


def test_who_may_come_in():
    doorman = Doorman(token="open sesame", origins=("https://example.org",))
    with serving(doorman=doorman) as served:
        for messages, headers, code, words in (
            ([HELLO], {}, Close.BAD_TOKEN, "ask whoever runs this server for one"),
            (['{"type": "hello", "token": "open"}'], {}, Close.BAD_TOKEN, "ask whoever runs this server for one"),
            ([HELLO], {"origin": "https://example.com"}, Close.BAD_ORIGIN, "start the server with --origin"),
        ):
            closed, sentence = refused(served, *messages, **headers)
            assert closed == code
            assert words in sentence
        for welcome in (
            {"origin": "https://example.org"},
            {"origin": served.http},
            {},
        ):
            with dial(served.url + "/v1/live", **welcome) as wire:
                wire.send('{"type": "hello", "token": "open sesame"}')
                assert json.loads(wire.recv(timeout=10))["type"] == "welcome"
        with dial(served.url + "/v1/live", additional_headers={"Authorization": "Bearer open sesame"}) as wire:
            wire.send(HELLO)
            assert json.loads(wire.recv(timeout=10))["type"] == "welcome"
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(served.http + "/metrics")


def test_a_full_house_says_so_and_has_room_again():
    with serving(seats=1) as served:

        async def talk():
            async with connect(served.url) as live:
                await frames(live, 1)
                with pytest.raises(ProtocolError, match="seats are taken") as refusal:
                    async with connect(served.url):
                        pass
            async with connect(served.url) as live:
                await frames(live, 1)
            return refusal.value.code

        assert run(talk()) == Close.FULL_HOUSE


@pytest.mark.parametrize(
    ("limits", "messages", "code"),
    [
        (Limits(hello_seconds=0.5), [], Close.NO_HELLO),
        (Limits(idle_seconds=0.5), [HELLO], Close.IDLE),
        (Limits(session_seconds=0.5), [HELLO], Close.TOO_LONG),
        (
            Limits(buffered_seconds=1.0, faster=100),
            ['{"type": "hello", "source": "speech"}', bytes(32_000), bytes(32_000)],
            Close.TOO_MUCH_BUFFERED,
        ),
        (Limits(buffered_seconds=1.0), [HELLO, *[bytes(32_000)] * 9], Close.TOO_FAST),
        (Limits(load=-1.0), [HELLO], Close.FULL_HOUSE),
        (Limits(messages=20), [HELLO, *['{"type": "ping"}'] * 60], Close.TOO_FAST),
    ],
    ids=["no hello", "idle", "too long", "too much", "too fast", "too busy", "too many"],
)
def test_limits_are_kept(limits, messages, code):
    with serving(limits=limits) as served:
        assert refused(served, *messages)[0] == code


def test_who_would_make_everybody_late_is_sent_away_until_there_is_time_again():
    class Slow(Echo):
        def step(self, sound, *others):
            time.sleep(0.018 * len(sound))  # of the 40 ms of a frame
            return super().step(sound, *others)

    def admitted(served, wanted, seconds=10):
        """Who come one after the other, until one is or is not let in; they stay."""
        here, deadline = [], time.monotonic() + seconds
        while time.monotonic() < deadline:
            wire = dial(served.url + "/v1/live", legacy=True)
            wire.send(HELLO)
            answer = json.loads(wire.recv(timeout=10))
            if (answer["type"] == "welcome") == wanted:
                return [*here, wire], answer
            here.append(wire) if answer["type"] == "welcome" else wire.close()
            time.sleep(0.3)
        raise AssertionError("that did not happen")

    with serving(Slow(), seats=40) as served:
        everybody, answer = admitted(served, False)
        assert answer["code"] == Close.FULL_HOUSE
        assert "no time for one more; try again" in answer["message"]  # and seats are left
        for wire in everybody:
            wire.close()
        for wire in admitted(served, True)[0]:
            wire.close()


def test_a_shutdown_is_said_to_everybody():
    with serving() as served:
        wire = dial(served.url + "/v1/live", legacy=True)
        wire.send(HELLO)
        wire.recv(timeout=10)
    with wire, pytest.raises(ConnectionClosed) as closed:
        while True:
            wire.recv(timeout=10)
    assert closed.value.rcvd.code == Close.SHUTDOWN
    assert "connect again" in closed.value.rcvd.reason


def test_who_does_not_read_loses_frames_that_are_counted(server):
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    deaf.connect(("127.0.0.1", server.port))
    with deaf:
        websocket = dial(server.url + "/v1/live", sock=deaf, max_queue=1, legacy=True)
        websocket.send('{"type": "hello", "motion": "json"}')
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and not any(session.dropped for session in server.house.sessions):
            time.sleep(0.05)
        assert [session.dropped > 0 for session in server.house.sessions] == [True]


def test_sessions_do_not_hear_each_other(server):
    async def talk(seed, level):
        async with connect(server.url, source="speech", seed=seed) as live:
            await live.send(tone(0.8, level=level))
            found = await until(live, lambda face: face.heard >= 18 * 640)
            return [float(face.values[JAW]) for face in found if face.heard > 640]

    async def all_of_them():
        return await asyncio.gather(*(talk(i, level) for i, level in enumerate((0.0, 0.5, 0.0, 0.5))))

    quiet, loud, *others = run(all_of_them())
    assert max(quiet) < min(loud)
    np.testing.assert_allclose(others[0], quiet[: len(others[0])], atol=1e-3)
    np.testing.assert_allclose(others[1], loud[: len(others[1])], atol=1e-3)


def test_the_example_of_a_client_runs(server, monkeypatch, capsys):
    root = Path(__file__).parents[2]
    sample = root / "src/facestream/assets/sample.flac"
    monkeypatch.setattr("sys.argv", ["live_client.py", str(sample), server.url])
    monkeypatch.setattr("facestream.client.Hello", lambda **told: Hello(**{**told, "style": "neutral"}))
    runpy.run_path(str(root / "examples" / "live_client.py"), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("interrupted at") for line in lines)
    assert lines[-1].startswith("said 1.00 s")
    assert any(line.startswith("turn 1") and "#" in line for line in lines)
