"""Takes what is sent to a collector and drops it; prints its port. A process of its own, as a collector is."""

from __future__ import annotations

import asyncio

from aiohttp import web


async def _take(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(content_type="application/x-protobuf")


async def main() -> None:
    """Serve until killed."""
    app = web.Application(client_max_size=2**26)
    app.router.add_post("/v1/traces", _take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
