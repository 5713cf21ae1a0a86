"""PyPI `ocpp` as a station that sends every message of its version, and answers every one. The
library checks all of them, both ways, against the official schemas it ships.

The messages are those of messages.json. Lines: see driving.py; each message is a step of its own,
then the test is asked for the messages to the station.
"""

import asyncio
import dataclasses
import importlib
import json
import pathlib

from ocpp.charge_point import camel_to_snake_case
from ocpp.exceptions import OCPPError
from ocpp.routing import on

from driving import FACTS, ask, run, soon, step

VERSION = FACTS["version"]
MESSAGES = json.loads((pathlib.Path(__file__).parent / "messages.json").read_text())[VERSION]
LIBRARY = importlib.import_module({"1.6": "ocpp.v16", "2.0.1": "ocpp.v201"}[VERSION])


def message(half, action, payload):
    return getattr(half, action)(**camel_to_snake_case(payload))


def name_of(sample):
    return f"on_{sample['action']}"


def handler(sample):
    """Answers an action with the sample's answer; the payload must be the sample's."""
    action, expected = sample["action"], camel_to_snake_case(sample["payload"])

    async def answer(self, **received):
        if received != expected:
            raise ValueError(f"{action}: {received}, not {expected}")
        self.left.discard(action)
        if not self.left:
            self.asked_for_all.set_result(None)
        return message(LIBRARY.call_result, action, sample["answer"])

    # The library finds handlers by their names.
    answer.__name__ = name_of(sample)
    return on(action)(answer)


class Base(LIBRARY.ChargePoint):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.left = {sample["action"] for sample in MESSAGES["central"]}
        self.asked_for_all = asyncio.get_event_loop().create_future()


Station = type(
    "Station",
    (Base,),
    {name_of(sample): handler(sample) for sample in MESSAGES["central"]},
)


def all_of_the_library():
    """The names of the messages that the library can make."""
    names = vars(LIBRARY.call).items()
    return {name for name, kind in names if dataclasses.is_dataclass(kind)}


async def round_of(station):
    samples = [*MESSAGES["station"], *MESSAGES["central"]]
    missing = all_of_the_library() - {sample["action"] for sample in samples}
    if missing:
        raise SystemExit(f"no sample of {missing}")
    for sample in MESSAGES["station"]:
        action = sample["action"]
        try:
            # A CALLERROR raises instead of being swallowed.
            request = message(LIBRARY.call, action, sample["payload"])
            answer = await station.call(request, suppress=False)
        except OCPPError as error:
            step(action, error=error.code)
        else:
            step(action, status=getattr(answer, "status", None))
    ask("central")
    await soon(station.asked_for_all)
    # Its answer shows that the last of ours is out.
    await station.call(LIBRARY.call.Heartbeat(), suppress=False)


SUBPROTOCOL = {"1.6": "ocpp1.6", "2.0.1": "ocpp2.0.1"}[VERSION]
asyncio.run(run(SUBPROTOCOL, Station, round_of))
