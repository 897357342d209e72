"""The sandbox as an ASGI application."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from airflow_provider_montecarlo_push.sandbox.admin import routes
from airflow_provider_montecarlo_push.sandbox.engine import Engine
from airflow_provider_montecarlo_push.sandbox.fault_injection import FaultInjection
from airflow_provider_montecarlo_push.sandbox.flows import GRAPHQL_PATH, INGEST_PATHS
from airflow_provider_montecarlo_push.sandbox.gql.endpoint import graphql_endpoint
from airflow_provider_montecarlo_push.sandbox.ingest import ingest

_WEB = Path(__file__).parent / "web"
_POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def create_app(engine: Engine) -> Starlette:
    """Return the application: ingest endpoints, GraphQL, the sandbox's own API and the web page."""
    app = Starlette(
        routes=[
            *(Route(path, ingest, methods=["POST"]) for path in INGEST_PATHS),
            Route(GRAPHQL_PATH, graphql_endpoint, methods=["POST"]),
            Mount("/sandbox/api", routes=routes()),
            Mount("/static", StaticFiles(directory=_WEB / "static")),
            Route("/health", _health),
            Route("/", _page),
        ],
        middleware=[Middleware(FaultInjection, engine=engine)],
        exception_handlers={HTTPException: _refuse},
    )
    app.router.redirect_slashes = False
    app.state.engine = engine
    return app


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _page(_request: Request) -> Response:
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    return FileResponse(_WEB / "index.html", headers=headers)


async def _refuse(request: Request, error: Exception) -> Response:
    """Answer unknown paths and methods in JSON, as the API answers everything."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    message = f"{error.detail}: {request.method} {request.url.path}"
    return JSONResponse({"message": message}, error.status_code, headers=dict(error.headers or {}))
