"""PyPI `ocpp` as a 2.0.1 charging station. The library checks every message, both ways, against the
official schemas it ships; a wrong answer of ours ends this program."""

import asyncio
import uuid
from datetime import datetime, timezone

from ocpp.routing import on
from ocpp.v201 import ChargePoint, call, call_result

from driving import FACTS, ask, run, soon, step


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class Station(ChargePoint):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.remote_start = asyncio.get_event_loop().create_future()
        self.remote_stop = asyncio.get_event_loop().create_future()

    @on("ClearCache")
    async def on_clear_cache(self, **_):
        """A change of access has the charger forget what it remembers."""
        return call_result.ClearCache(status="Accepted")

    @on("RequestStartTransaction")
    async def on_request_start(self, id_token, remote_start_id, evse_id=None, **values):
        group = values.get("group_id_token")
        self.remote_start.set_result((id_token, remote_start_id, evse_id, group))
        return call_result.RequestStartTransaction(status="Accepted")

    @on("RequestStopTransaction")
    async def on_request_stop(self, transaction_id):
        self.remote_stop.set_result(transaction_id)
        return call_result.RequestStopTransaction(status="Accepted")

    async def ask(self, payload):
        """A CALLERROR raises instead of being swallowed."""
        return await self.call(payload, suppress=False)


class Transaction:
    """A transaction and its events."""

    def __init__(self, station):
        self.station = station
        self.id = str(uuid.uuid4())
        self.seq_no = 0

    async def event(self, kind, trigger, energy, id_token=None, **info):
        payload = call.TransactionEvent(
            event_type=kind,
            timestamp=now(),
            trigger_reason=trigger,
            seq_no=self.seq_no,
            transaction_info={"transaction_id": self.id, **info},
            evse={"id": 1, "connector_id": 1},
            id_token=id_token,
            meter_value=[
                {
                    "timestamp": now(),
                    "sampled_value": [
                        {
                            "value": float(energy),
                            "measurand": "Energy.Active.Import.Register",
                            "unit_of_measure": {"unit": "Wh"},
                        }
                    ],
                }
            ],
        )
        self.seq_no += 1
        return await self.station.ask(payload)


def card_token(value):
    return {"id_token": value, "type": "ISO14443"}


async def round_of(station):
    boot = await station.ask(
        call.BootNotification(
            charging_station={"model": "PyPI ocpp", "vendor_name": "Interop"}, reason="PowerUp"
        )
    )
    step("boot", status=boot.status, interval=boot.interval, current_time=boot.current_time)
    beat = await station.ask(call.Heartbeat())
    step("heartbeat", current_time=beat.current_time)
    await station.ask(
        call.StatusNotification(
            timestamp=now(), connector_status="Available", evse_id=1, connector_id=1
        )
    )
    step("status_notification")

    for name, card in FACTS["cards"].items():
        info = (await station.ask(call.Authorize(id_token=card_token(card)))).id_token_info
        step(f"authorize {name}", **info)

    transaction = Transaction(station)
    token = card_token(FACTS["cards"]["accepted"])
    started = await transaction.event("Started", "Authorized", 1000, token)
    step("start", transaction_id=transaction.id, **started.id_token_info)
    await transaction.event("Updated", "MeterValuePeriodic", 1500, charging_state="Charging")
    ended = await transaction.event("Ended", "StopAuthorized", 2000, token, stopped_reason="Local")
    step("stop", **ended.id_token_info)

    await station.ask(
        call.NotifyEvent(
            generated_at=now(),
            seq_no=0,
            event_data=[
                {
                    "event_id": 1,
                    "timestamp": now(),
                    "trigger": "Delta",
                    "actual_value": "true",
                    "event_notification_type": "HardWiredNotification",
                    "component": {"name": "Connector", "evse": {"id": 1}},
                    "variable": {"name": "Available"},
                }
            ],
        )
    )
    await station.ask(call.SecurityEventNotification(type="SettingSystemTime", timestamp=now()))
    data = await station.ask(call.DataTransfer(vendor_id="org.example", message_id="x", data="y"))
    step("data_transfer", status=data.status)

    ask("remote_start")
    token, remote_start_id, evse, group = await soon(station.remote_start)
    step("remote_start", id_tag=token["id_token"], kind=token["type"], connector=evse, group=group)
    info = (await station.ask(call.Authorize(id_token=token))).id_token_info
    step("authorize remote", **info)
    transaction = Transaction(station)
    started = await transaction.event(
        "Started", "RemoteStart", 2000, token, remote_start_id=remote_start_id
    )
    step("start remote", transaction_id=transaction.id, **started.id_token_info)
    ask("remote_stop", transaction_id=transaction.id)
    step("remote_stop", same=await soon(station.remote_stop) == transaction.id)
    await transaction.event("Ended", "RemoteStop", 2500, stopped_reason="Remote")


asyncio.run(run("ocpp2.0.1", Station, round_of))
