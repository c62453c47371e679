"""Many users in one engine: each as if alone, each at its pace."""

import numpy as np
import pytest

from facestream import Stream, animate
from facestream.errors import AudioError, BundleError, FullHouseError
from facestream.runtime.engine import SILENT, Engine
from facestream.runtime.pace import MICROPHONE, SPEECH
from facestream.signals import FACE

from .test_stream import voice

FRAME = 640


class World:
    """An engine, its clock, and users who speak into microphones of their own."""

    def __init__(self, talker, **sizes):
        self.engine = Engine(talker, **sizes)
        self.now, self.shown, self.mouths = 0.0, {}, {}

    def join(self, sound=(), phase=0.0, packet=320, **settings):
        user = self.engine.join(self.now, **settings)
        self.mouths[user] = [np.asarray(sound, np.float32), self.now + phase, packet, 0]
        self.shown[user] = []
        return user

    def run(self, seconds):
        for _ in range(round(seconds / self.engine.tick_seconds)):
            self.now += self.engine.tick_seconds
            for user in [user for user in self.mouths if user in self.engine.users]:
                sound, begun, packet, said = self.mouths[user]
                while said < len(sound) and begun + (said + packet) / 16_000 <= self.now:
                    self.engine.push(user, sound[said : said + packet], self.now)
                    said += packet
                self.mouths[user][3] = said
            for each in self.engine.tick(self.now):
                self.shown[each.user].append((self.now, each))

    def faces(self, user, heard_only=True):
        return np.array([each.frame.values for _, each in self.shown[user] if each.heard != SILENT or not heard_only])


def alone(talker, sound, style="neutral", seed=0):
    stream = Stream(talker, style, seed)
    return np.array([frame.values for frame in stream.push(sound)])


@pytest.mark.parametrize("count", [1, 3, 20])
def test_every_user_gets_the_face_it_would_get_alone(tiny_talker, count):
    rng = np.random.default_rng(count)
    world = World(tiny_talker, seats=32)
    users = {}
    for seed in range(count):
        sound = voice(3.0, seed) * 10 ** rng.uniform(-2, 1)
        style = ("neutral", "other")[seed % 2]
        users[world.join(sound, rng.uniform(0, 0.04), int(rng.integers(50, 640)), style=style, seed=seed)] = (
            sound,
            style,
            seed,
        )
        world.run(rng.uniform(0, 0.05))
    world.run(1.2)
    for user, (sound, style, seed) in users.items():
        faces = world.faces(user)
        assert len(faces) > 20
        assert not user.idled
        np.testing.assert_allclose(faces, alone(tiny_talker, sound, style, seed)[: len(faces)], atol=1e-4)


def test_who_comes_and_goes_beside_a_user_does_not_show(tiny_talker):
    sound = voice(4.0)
    world = World(tiny_talker, seats=16, bays=2)
    user = world.join(sound, seed=7)
    rng, others = np.random.default_rng(0), []
    for round_ in range(30):
        if len(others) < 12 and rng.random() < 0.6:
            others.append(world.join(voice(4.0, round_) * 20, rng.uniform(0, 0.04), seed=round_))
        elif others:
            world.engine.leave(others.pop(int(rng.integers(len(others)))))
        world.run(0.12)
    faces = world.faces(user)
    assert len(faces) > 80
    np.testing.assert_allclose(faces, alone(tiny_talker, sound, seed=7)[: len(faces)], atol=1e-4)


def test_a_seat_is_clean_for_the_next_one(tiny_talker):
    world = World(tiny_talker, seats=2)
    first, stays = world.join(voice(1.0, 1) * 30), world.join(voice(3.0, 2))
    world.run(0.6)
    world.engine.leave(first)
    sound = voice(1.0, 3)
    newcomer = world.join(sound)
    world.run(0.8)
    np.testing.assert_allclose(
        world.faces(newcomer), alone(tiny_talker, sound)[: len(world.faces(newcomer))], atol=1e-4
    )
    assert len(world.faces(stays)) > 30


@pytest.mark.parametrize("count", [1, 20])
def test_a_frame_waits_for_its_sound_and_for_two_ticks_at_most(tiny_talker, count):
    world = World(tiny_talker)
    users = [world.join(voice(3.0), phase=0.04 * i / count, packet=160) for i in range(count)]
    world.run(2.5)
    for user in users:
        begun = world.mouths[user][1]
        late = [now - (begun + each.frame.sample / 16_000) for now, each in world.shown[user]][5:]
        ahead = tiny_talker.timing.first_frame_ms / 1000
        assert ahead - 1e-6 <= min(late)
        assert max(late) <= ahead + 3.5 * world.engine.tick_seconds


def test_the_place_of_a_frame_in_the_users_sound(tiny_talker):
    world = World(tiny_talker)
    user = world.join(voice(1.0))
    world.run(2.0)
    heard = [each.heard for _, each in world.shown[user]]
    said = [each for each in heard if each != SILENT]
    assert said == [FRAME * n for n in range(len(said))]
    assert len(said) == 25
    assert heard[-1] == SILENT  # the sound has ended


def test_a_silent_user_has_a_living_face_that_costs_one_step_a_frame(tiny_talker):
    world = World(tiny_talker)
    user = world.join()
    world.run(4.0)
    frames = [each.frame.index for _, each in world.shown[user]]
    assert frames == list(range(len(frames)))
    assert 4.0 * 25 - 6 <= len(frames) <= 4.0 * 25
    assert np.abs(np.diff(world.faces(user, heard_only=False), axis=0)).max() > 0


def test_speech_that_comes_at_once_is_shown_as_it_is_spoken(tiny_talker):
    world = World(tiny_talker)
    user = world.join(source=SPEECH)
    world.run(1.0)
    sound = voice(3.0)
    world.engine.push(user, sound, world.now)
    pushed = world.now
    world.run(4.0)
    said = [(now, each) for now, each in world.shown[user] if each.heard != SILENT]
    assert len(said) == 75
    ahead = [each.heard / 16_000 - (now - pushed) for now, each in said]
    assert max(ahead) <= SPEECH.lead
    assert min(ahead) >= -0.2
    assert user.cut == 0


def test_a_microphone_that_was_held_up_is_cut_and_speech_is_not(tiny_talker):
    for source, cut in ((MICROPHONE, True), (SPEECH, False)):
        world = World(tiny_talker)
        user = world.join(voice(0.5), source=source)
        world.run(2.0)
        world.engine.push(user, voice(1.5, 5), world.now)
        world.run(0.02)
        assert (user.cut > 0) is cut
        world.run(3.0)
        said = [each.heard for _, each in world.shown[user] if each.heard != SILENT]
        assert (len(said) < 50 - 1) is cut
        assert said == sorted(said)
        assert said[-1] >= 32_000 - 3 * FRAME


def test_an_interruption_stops_at_once_rests_and_says_where(tiny_talker):
    world = World(tiny_talker)
    user = world.join(source=SPEECH)
    world.engine.push(user, voice(5.0), world.now)
    world.run(2.0)
    before = len(world.shown[user])
    position = world.engine.interrupt(user, world.now)
    late = tiny_talker.timing.first_frame_ms / 1000
    assert position == pytest.approx((2.0 - late) * 16_000, abs=2 * FRAME)
    assert position % FRAME == 0
    world.run(0.5)
    after = [each for _, each in world.shown[user][before:]]
    assert {each.turn for each in after} == {1}
    assert {each.heard for each in after} == {SILENT}
    assert after[0].frame.index * FRAME == position
    indices = [each.frame.index for each in after]
    assert indices == list(range(indices[0], indices[0] + len(indices)))
    world.engine.push(user, voice(0.4, 9), world.now)
    world.run(1.0)
    assert next(each.heard for _, each in world.shown[user] if each.turn == 1 and each.heard != SILENT) == 0


def test_an_interrupted_mouth_of_the_shipped_talker_is_shut_in_200_ms():
    from importlib.resources import files

    from facestream import load
    from facestream.audio.waveform import read_audio

    sound = read_audio(str(files("facestream") / "assets" / "sample.flac"))
    world = World(load())
    user = world.join(source=SPEECH)
    world.engine.push(user, sound, world.now)
    jaw = FACE.index("jawOpen")
    world.run(1.0)
    while world.shown[user][-1][1].frame.values[jaw] < 0.15:
        world.run(0.04)
    world.engine.interrupt(user, world.now)
    world.run(0.6)
    rest = [each.frame.values[jaw] for _, each in world.shown[user] if each.turn == 1][5:]
    assert len(rest) > 5
    assert max(rest) < 0.05


def test_bad_sound_is_refused_and_hurts_nobody(tiny_talker):
    world = World(tiny_talker)
    sound = voice(2.0)
    good, bad = world.join(sound), world.join(voice(2.0, 1))
    world.run(0.5)
    with pytest.raises(AudioError, match="NaN"):
        world.engine.push(bad, np.array([0.0, np.nan], np.float32), world.now)
    world.run(1.0)
    for user in (good, bad):
        assert np.isfinite(world.faces(user)).all()
        assert len(world.faces(user)) > 30
    np.testing.assert_allclose(world.faces(good), alone(tiny_talker, sound)[: len(world.faces(good))], atol=1e-4)


def test_a_full_house_and_a_wrong_style_say_so(tiny_talker):
    engine = Engine(tiny_talker, seats=2)
    users = [engine.join(0.0), engine.join(0.0)]
    with pytest.raises(FullHouseError, match="all 2 seats"):
        engine.join(0.0)
    engine.leave(users[0])
    with pytest.raises(BundleError, match="neutral"):
        engine.join(0.0, style="loud")
    engine.join(0.0)
    assert len(engine.users) == 2


def test_a_long_talk_with_pauses_remembers_no_more_than_a_short_one(tiny_talker):
    world = World(tiny_talker)
    user = world.join(source=SPEECH)
    for _ in range(30):
        world.engine.push(user, voice(0.1), world.now)
        world.run(0.4)
    assert len(user.pieces) <= 4
    assert user.lane.buffered <= FRAME
    assert len(user.lane.faces) <= 16


def test_a_drifting_microphone_is_followed_without_idling(tiny_talker):
    """A client whose clock runs slow by 1 % (a real one: 0.005 %) sends every packet later than the last."""
    world = World(tiny_talker)
    sound = voice(20.0)
    user = world.join(packet=320)
    world.mouths.clear()
    said = 0
    while said < len(sound) - 320:
        world.run(0.01)
        while said + 320 <= world.now * 0.99 * 16_000:
            world.engine.push(user, sound[said : said + 320], world.now)
            said += 320
    assert user.idled <= 1
    faces = world.faces(user)
    np.testing.assert_allclose(faces, animate(sound, tiny_talker).values[: len(faces)], atol=1e-4)
