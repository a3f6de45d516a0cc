"""An endpoint that scores uploads: bounded, in memory, without blocking the event loop.

    uvicorn fastapi_server:app
    curl --data-binary @photo.jpg http://localhost:8000/score

The image is the request's body, not a form: forms are written to disk from some size on.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

import clipsight
from clipsight import Detector

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MAX_BYTES = 16 << 20
"""Largest upload. clipsight itself takes 64 MiB."""

MAX_WAITING = 32
"""Requests that may be under way at once. So at most MAX_WAITING uploads are in memory."""

SECONDS_TO_UPLOAD = 30
"""Whoever sends more slowly gives the place to others."""

STATUS = {
    "decode": 422,
    "unsupported": 415,
    "limit": 413,
    "argument": 400,
}
"""Answers to errors that are the upload's own; all others are the server's."""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load the model once, before the first request."""
    detector = await anyio.to_thread.run_sync(Detector.load)
    app.state.detector = detector
    app.state.places = anyio.CapacityLimiter(MAX_WAITING)
    # Each analysis takes a core.
    app.state.cores = anyio.CapacityLimiter(detector.threads)
    yield


app = FastAPI(lifespan=lifespan)


async def body_of(request: Request) -> bytes:
    """Read a body of at most MAX_BYTES, whatever its header promises."""
    too_large = HTTPException(413, f"the upload is larger than {MAX_BYTES} bytes")
    promised = request.headers.get("content-length", "0")
    if promised.isdecimal() and int(promised) > MAX_BYTES:
        raise too_large
    body = bytearray()
    try:
        with anyio.fail_after(SECONDS_TO_UPLOAD):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise too_large
    except TimeoutError:
        raise HTTPException(408, "the upload took too long") from None
    return bytes(body)


@app.post("/score")
async def score(request: Request) -> JSONResponse:
    """Score the image in the body; the answer is the JSON of ``pkg/schema.json``."""
    state = request.app.state
    try:
        state.places.acquire_on_behalf_of_nowait(request)
    except anyio.WouldBlock:
        headers = {"Retry-After": "1"}
        raise HTTPException(503, "too many images at once", headers=headers) from None
    try:
        body = await body_of(request)
        result = await anyio.to_thread.run_sync(
            state.detector.analyze, body, limiter=state.cores, abandon_on_cancel=False
        )
    except clipsight.Error as error:
        answer: dict[str, Any] = {"code": error.code, "message": error.message}
        return JSONResponse({"error": answer}, STATUS.get(error.code, 500))
    finally:
        state.places.release_on_behalf_of(request)
    return JSONResponse(result.to_dict())
