"""Somebody watches a session that is another's."""

import asyncio

import numpy as np
import pytest

from facestream.client import connect
from facestream.errors import ProtocolError
from facestream.server.limits import Doorman
from facestream.server.protocol import Close

from .conftest import serving, tone
from .test_sessions import frames, run, until


def test_a_watcher_sees_what_the_speaker_sees(server):
    async def talk():
        async with connect(server.url, source="speech", sample_rate=24_000) as speaker:
            async with connect(server.url, watch=speaker.welcome.session) as watcher:
                assert watcher.welcome == speaker.welcome
                await speaker.send(tone(1.0, 24_000))
                shown = [await until(live, lambda face: face.heard >= 12_000) for live in (speaker, watcher)]
                stopped = await watcher.interrupt()
                await speaker.send(tone(0.5, 24_000))
                again = [await until(live, lambda face: face.turn == 1) for live in (speaker, watcher)]
                assert speaker.turn == stopped.turn == 1
            async with connect(server.url, watch=speaker.welcome.session) as late:
                return shown, again, await frames(late, 3)

    shown, again, late = run(talk())
    for speakers, watchers in (shown, again):
        seen = {face.index: face for face in speakers}
        assert len(seen.keys() & {face.index for face in watchers}) >= 1
        for face in watchers:
            if (same := seen.get(face.index)) and same.turn == face.turn:
                assert same.heard == face.heard
                np.testing.assert_array_equal(same.values, face.values)
    assert {face.turn for face in late} == {1}


def test_who_watches_sends_no_sound_and_ends_with_the_speaker(server):
    async def talk():
        async with connect(server.url) as speaker:
            name = speaker.welcome.session
            async with connect(server.url, watch=name) as loud:
                await loud.send(tone(0.1))
                with pytest.raises(ProtocolError, match="sends no sound") as refused:
                    await frames(loud, 100)
                assert refused.value.code == Close.BAD_MESSAGE
            watching = connect(server.url, watch=name)  # kept: the session ends with its last reference
            watcher = await watching.__aenter__()
            assert server.house.audience == 1
        with pytest.raises(ProtocolError, match="is over") as over:
            await frames(watcher, 100)
        assert over.value.code == Close.NO_SESSION
        await watcher.close()
        with pytest.raises(ProtocolError, match="there is no session"):
            await connect(server.url, watch=name).__aenter__()
        while server.house.audience:
            await asyncio.sleep(0.01)

    run(talk())


def test_a_watcher_needs_the_token_and_no_seat():
    async def talk(served):
        async with connect(served.url, token="sesame") as speaker:
            name = speaker.welcome.session
            with pytest.raises(ProtocolError, match="token"):
                await connect(served.url, watch=name).__aenter__()
            async with connect(served.url, watch=name, token="sesame") as watcher:
                return await frames(watcher, 2)

    with serving(seats=1, doorman=Doorman(token="sesame")) as served:
        assert len(run(talk(served))) == 2
