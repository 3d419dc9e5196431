"""Errors as one line of JSON: {"error": "what was wrong and how to fix it"}."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from kg.errors import SightGraphError, printable

_LOG = logging.getLogger(__name__)


def error(status: int, message: object, **headers: str) -> JSONResponse:
    """Return the response; headers are given with underscores."""
    line = " ".join(printable(str(message)).split())
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return JSONResponse({"error": line}, status, named)


def add_handlers(app: FastAPI) -> None:
    """Let every failure of a request end as such a line."""

    @app.exception_handler(HTTPException)
    async def of_http(request: Request, problem: HTTPException) -> JSONResponse:
        return error(problem.status_code, problem.detail, **(dict(problem.headers or {})))

    @app.exception_handler(RequestValidationError)
    async def of_values(request: Request, problem: RequestValidationError) -> JSONResponse:
        first = problem.errors()[0]
        place = ".".join(str(one) for one in first["loc"])
        return error(422, f"{place}: {first['msg']}.")

    @app.exception_handler(SightGraphError)
    async def of_use(request: Request, problem: SightGraphError) -> JSONResponse:
        return error(422, problem)


def unexpected(problem: Exception) -> JSONResponse:
    """Return the response to a fault of the program, and log it."""
    _LOG.exception("a request failed", exc_info=problem)
    return error(500, f"unexpected {type(problem).__name__}. This is a fault of the program.")
