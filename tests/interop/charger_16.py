"""PyPI `ocpp` as a 1.6 charger. The library checks every message, both ways, against the official
schemas it ships; a wrong answer of ours ends this program."""

import asyncio
from datetime import datetime, timezone

from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result

from driving import FACTS, ask, run, soon, step


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Charger(ChargePoint):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.remote_start = asyncio.get_event_loop().create_future()
        self.remote_stop = asyncio.get_event_loop().create_future()

    @on("ClearCache")
    async def on_clear_cache(self, **_):
        """A change of access has the charger forget what it remembers."""
        return call_result.ClearCache(status="Accepted")

    @on("RemoteStartTransaction")
    async def on_remote_start(self, id_tag, connector_id=None, **_):
        self.remote_start.set_result((id_tag, connector_id))
        return call_result.RemoteStartTransaction(status="Accepted")

    @on("RemoteStopTransaction")
    async def on_remote_stop(self, transaction_id):
        self.remote_stop.set_result(transaction_id)
        return call_result.RemoteStopTransaction(status="Accepted")

    async def ask(self, payload):
        """A CALLERROR raises instead of being swallowed."""
        return await self.call(payload, suppress=False)


def meter_value(value):
    sample = {"value": str(value), "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
    return [{"timestamp": now(), "sampled_value": [sample]}]


async def transaction(charger, name, id_tag, meter_start):
    """From StartTransaction over a meter value; the number given."""
    started = await charger.ask(
        call.StartTransaction(
            connector_id=1, id_tag=id_tag, meter_start=meter_start, timestamp=now()
        )
    )
    step(name, transaction_id=started.transaction_id, **started.id_tag_info)
    await charger.ask(
        call.MeterValues(
            connector_id=1,
            transaction_id=started.transaction_id,
            meter_value=meter_value(meter_start + 500),
        )
    )
    return started.transaction_id


async def round_of(charger):
    boot = await charger.ask(
        call.BootNotification(
            charge_point_vendor="Interop", charge_point_model="PyPI ocpp", firmware_version="1.2.3"
        )
    )
    step("boot", status=boot.status, interval=boot.interval, current_time=boot.current_time)
    beat = await charger.ask(call.Heartbeat())
    step("heartbeat", current_time=beat.current_time)
    for connector in (0, 1):
        await charger.ask(
            call.StatusNotification(
                connector_id=connector, error_code="NoError", status="Available", timestamp=now()
            )
        )
    step("status_notification")

    for name, card in FACTS["cards"].items():
        info = (await charger.ask(call.Authorize(id_tag=card))).id_tag_info
        step(f"authorize {name}", **info)

    number = await transaction(charger, "start", FACTS["cards"]["accepted"], 1000)
    stopped = await charger.ask(
        call.StopTransaction(
            meter_stop=2000,
            timestamp=now(),
            transaction_id=number,
            reason="Local",
            id_tag=FACTS["cards"]["accepted"],
            transaction_data=meter_value(2000),
        )
    )
    step("stop", **stopped.id_tag_info)
    stopped = await charger.ask(
        call.StopTransaction(meter_stop=2000, timestamp=now(), transaction_id=987654)
    )
    step("stop without card", info=stopped.id_tag_info)

    data = await charger.ask(call.DataTransfer(vendor_id="org.example", message_id="x", data="y"))
    step("data_transfer", status=data.status)

    ask("remote_start")
    id_tag, connector = await soon(charger.remote_start)
    step("remote_start", id_tag=id_tag, connector=connector)
    info = (await charger.ask(call.Authorize(id_tag=id_tag))).id_tag_info
    step("authorize remote", **info)
    number = await transaction(charger, "start remote", id_tag, 2000)
    ask("remote_stop", transaction_id=str(number))
    step("remote_stop", same=await soon(charger.remote_stop) == number)
    await charger.ask(
        call.StopTransaction(
            meter_stop=3000, timestamp=now(), transaction_id=number, reason="Remote"
        )
    )


asyncio.run(run("ocpp1.6", Charger, round_of))
