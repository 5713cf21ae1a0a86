"""What the chargers of both versions share: facts in, connection, one JSON line for each step out.

The facts are one JSON object in the variable INTEROP_FACTS. A line {"step": ...} tells what
happened; after a line {"ask": ...} the test does what is asked for (a remote start, say) and this
program waits for what comes of it over the socket.
"""

import asyncio
import base64
import json
import logging
import os
import ssl
import sys

import websockets

FACTS = json.loads(os.environ["INTEROP_FACTS"])
# Longer than the test waits for a line, so that the test tells what is missing.
TIMEOUT_SECONDS = 60

# An error inside of the library would otherwise pass in silence.
logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


def step(name, **values):
    print(json.dumps({"step": name, **values}), flush=True)


def ask(what, **values):
    print(json.dumps({"ask": what, **values}), flush=True)


def connect(subprotocol):
    """A connection with Basic auth, and TLS where the address says so."""
    url = f"{FACTS['url']}/{FACTS['station_id']}"
    user = f"{FACTS['station_id']}:{FACTS['password']}".encode()
    context = None
    if url.startswith("wss://"):
        context = ssl.create_default_context(cafile=FACTS["ca"])
    return websockets.connect(
        url,
        subprotocols=[subprotocol],
        additional_headers={"Authorization": "Basic " + base64.b64encode(user).decode()},
        ssl=context,
        proxy=None,
    )


async def soon(awaitable):
    return await asyncio.wait_for(awaitable, TIMEOUT_SECONDS)


async def run(subprotocol, charger_class, round_of):
    """Connects, lets the library serve the socket, and goes through the round."""
    async with connect(subprotocol) as connection:
        step("connected", subprotocol=connection.subprotocol)
        charger = charger_class(FACTS["station_id"], connection, response_timeout=TIMEOUT_SECONDS)
        serving = asyncio.create_task(charger.start())
        try:
            rounds = asyncio.create_task(round_of(charger))
            # The end of the connection ends the round too, instead of a wait for its timeouts.
            done, _ = await asyncio.wait({rounds, serving}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            rounds.cancel()
        finally:
            serving.cancel()
    step("done")
