"""HTTP beside the sessions: the page, faces, the sample, health and metrics."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import Annotated

from fastapi import FastAPI, Header, HTTPException, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from facestream.errors import FaceError, MissingExtra, ProtocolError
from facestream.server.house import House
from facestream.server.ice import Ice
from facestream.server.protocol import Close

ASSETS = Path(str(files("facestream") / "assets"))
PAGE = Path(str(files("facestream.server") / "page"))
FRESH = "no-cache"  # kept, but asked for again each time: the ETag makes that cheap


class Page(StaticFiles):
    """The page's files."""

    def file_response(self, *args: object, **settings: object) -> Response:
        """A file, which a browser keeps and asks about again."""
        response = super().file_response(*args, **settings)  # type: ignore[arg-type]
        response.headers["cache-control"] = FRESH
        return response


def make_app(house: House, ice: tuple[Ice, ...] = ()) -> FastAPI:
    """The application of a house; it opens and closes with it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await house.open()
        yield
        await house.close()

    sculpting = Lock()
    app = FastAPI(title="facestream", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)

    @app.get("/healthz")
    def healthz() -> JSONResponse:
        health = {"status": "ok" if house.healthy else "failing", "sessions": len(house.sessions)}
        return JSONResponse(health, 200 if house.healthy else 503, {"cache-control": "no-store"})

    @app.get("/metrics")
    def metrics(authorization: Annotated[str, Header()] = "") -> Response:
        if not house.doorman.knows(authorization.removeprefix("Bearer ")):
            raise HTTPException(401, "the metrics need the server's token as a bearer token")
        return Response(house.metrics.text(), media_type="text/plain; version=0.0.4")

    @app.get("/faces")
    def faces() -> list[str]:
        from facestream.faces.head.identity import PRESETS

        return list(PRESETS)

    @app.get("/faces/{name}.glb")
    def face(name: str, request: Request) -> Response:
        try:
            with sculpting:  # one at a time: the engine needs the processor, too
                content, tag = glb(name)
        except FaceError as error:
            raise HTTPException(404, str(error)) from None
        headers = {"etag": tag, "cache-control": FRESH, "content-encoding": "gzip"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type="model/gltf-binary", headers=headers)

    @app.get("/webrtc/ice")
    def ways(authorization: Annotated[str, Header()] = "") -> JSONResponse:
        if not house.doorman.knows(authorization.removeprefix("Bearer ")):
            raise HTTPException(401, {"code": int(Close.BAD_TOKEN), "message": "the token is wrong or missing"})
        return JSONResponse({"iceServers": [each.fields() for each in ice]}, headers={"cache-control": "no-store"})

    @app.post("/webrtc/offer")
    async def offer(request: Request) -> JSONResponse:
        try:
            from facestream.server.webrtc import Offer, Peer
        except ModuleNotFoundError as error:
            raise HTTPException(501, str(MissingExtra(str(error.name), "webrtc", "a session over WebRTC"))) from None
        try:
            wanted = Offer.model_validate_json(await request.body())
            peer, headers = Peer(house, ice), request.headers
            bearer = headers.get("authorization", "").removeprefix("Bearer ")
            answer = await peer.answer(wanted, headers.get("origin"), headers.get("host"), bearer)
        except (FaceError, ValueError) as error:
            raise HTTPException(400, str(error)) from None
        except ProtocolError as error:
            raise HTTPException(403, {"code": error.code, "message": str(error)}) from None
        return JSONResponse(answer)

    @app.get("/sample")
    def sample() -> FileResponse:
        return FileResponse(ASSETS / "sample.flac", media_type="audio/flac")

    if PAGE.is_dir():
        app.mount("/", Page(directory=PAGE, html=True))
    return app


@lru_cache(maxsize=16)
def glb(name: str) -> tuple[bytes, str]:
    """A face as glTF binary, packed by gzip, and its ETag. name: as `faces.face.load_head` takes it.

    Raises FaceError for an unknown one.
    """
    from facestream.faces.face import load_head  # the compiler behind it is slow to load
    from facestream.faces.gltf import encode_glb

    content = gzip.compress(encode_glb(load_head(name)), compresslevel=6, mtime=0)
    return content, f'"{sha256(content).hexdigest()[:32]}"'
