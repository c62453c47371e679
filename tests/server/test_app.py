"""What is served beside the sessions, and how a server starts and stops."""

import gzip
import io
import json
import logging
import shutil
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request

import numpy as np
import pytest

from facestream.client import connect
from facestream.errors import ServeError
from facestream.server.logs import JsonLines, Sentences
from facestream.server.serve import Address, listen

from .conftest import serving
from .test_sessions import frames, run


def get(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as answer:
        return answer.status, answer.headers, answer.read()


def test_health_and_metrics_tell_of_a_session(server):
    async def talk():
        async with connect(server.url) as live:
            await live.send(np.zeros(3200, np.float32))
            await frames(live, 12)
            return json.loads(get(server.http + "/healthz")[2]), get(server.http + "/metrics")[2].decode()

    health, metrics = run(talk())
    assert health["status"] == "ok"
    assert health["sessions"] >= 1
    numbers = dict(line.rsplit(" ", 1) for line in metrics.splitlines() if not line.startswith("#"))
    assert float(numbers["facestream_sessions"]) >= 1
    assert float(numbers["facestream_frames_total"]) >= 12
    assert float(numbers["facestream_ticks_total"]) >= 40
    assert float(numbers["facestream_first_frame_seconds_count"]) >= 1
    assert {"facestream_late_ticks_total", "facestream_late_frames_total", "facestream_dropped_frames_total"} <= set(
        numbers
    )
    assert "facestream_skew_seconds" in numbers


def test_the_page_and_its_parts_may_be_kept_but_are_asked_for(server):
    for path, kind in (("/", "text/html"), ("/protocol.js", "javascript"), ("/sample", "audio/flac")):
        _, headers, content = get(server.http + path)
        assert kind in headers["content-type"]
        assert content
    _, headers, _ = get(server.http + "/")
    assert headers["cache-control"] == "no-cache"
    with pytest.raises(urllib.error.HTTPError, match="304"):
        get(server.http + "/", **{"If-None-Match": headers["etag"]})
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(server.http + "/../pyproject.toml")


def test_a_face_comes_packed_and_once(server):
    _, headers, content = get(server.http + "/faces/default.glb")
    assert headers["content-type"] == "model/gltf-binary"
    assert headers["content-encoding"] == "gzip"
    assert gzip.GzipFile(fileobj=io.BytesIO(content)).read(4) == b"glTF"
    with pytest.raises(urllib.error.HTTPError, match="304"):
        get(server.http + "/faces/default.glb", **{"If-None-Match": headers["etag"]})
    with pytest.raises(urllib.error.HTTPError, match="404") as error:
        get(server.http + "/faces/nobody.glb")
    assert "no face 'nobody'" in error.value.read().decode()


def test_an_address_in_use_says_so():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ServeError, match="--port"):
            listen(Address(port=taken.getsockname()[1]))


def test_tls(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("making a certificate needs openssl")
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost"
    subprocess.run(
        ["openssl", *words.split(), "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"],
        check=True,
        capture_output=True,
    )
    trust = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    trust.check_hostname = False

    async def talk():
        async with connect(served.url, tls=trust) as live:
            return await frames(live, 3)

    with serving(certificate=tmp_path / "cert.pem", key=tmp_path / "key.pem") as served:
        assert len(run(talk())) == 3


def test_a_certificate_that_is_none_says_so(tmp_path):
    (tmp_path / "cert.pem").write_text("no certificate")
    with pytest.raises(ServeError, match="PEM"), serving(certificate=tmp_path / "cert.pem"):
        pass


def test_the_verb_serves_and_ends_with_a_goodbye():
    command = [sys.executable, "-m", "facestream.cli", "serve", "--port", "0", "--json-logs"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        place = process.stderr.readline().split()[2].rstrip(";")
        assert json.loads(get(place + "/healthz")[2])["status"] == "ok"

        async def talk():
            async with connect(place.replace("http", "ws")) as live:
                found = await frames(live, 3)
                process.terminate()
                return found

        assert len(run(talk())) == 3
        assert process.wait(15) == 0
        lines = [json.loads(line) for line in process.stderr.read().splitlines() if line.startswith("{")]
    ended = next(line for line in lines if line["event"] == "session ends")
    assert ended["code"] in (1000, 1001)
    assert ended["seconds"] > 0


def test_log_lines_for_people_and_for_machines():
    record = logging.LogRecord("facestream.server", logging.INFO, "", 0, "session %s", ("begins",), None)
    record.fields = {"session": "abc", "reason": "", "rate": 16_000}
    assert json.loads(JsonLines().format(record))["event"] == "session begins"
    assert json.loads(JsonLines().format(record))["rate"] == 16_000
    assert Sentences("%(message)s").format(record) == "session begins  session=abc rate=16000"
