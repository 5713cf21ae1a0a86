// npm `ocpp-rpc` in strict mode as a charger of either version: it checks every message, both ways,
// against the official schemas it ships; a wrong answer of ours rejects the call and ends this
// program. Facts and lines: see driving.py.

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.KEYWATT_TEST_NODE_MODULES, "anchor.js"));
const { RPCClient } = require("ocpp-rpc");

const facts = JSON.parse(process.env.INTEROP_FACTS);
const is16 = facts.version === "1.6";

const say = (line) => console.log(JSON.stringify(line));
const step = (name, values = {}) => say({ step: name, ...values });
const now = () => new Date().toISOString();

const client = new RPCClient({
  endpoint: facts.url,
  identity: facts.station_id,
  password: facts.password,
  protocols: [is16 ? "ocpp1.6" : "ocpp2.0.1"],
  strictMode: true,
  reconnect: false,
  maxBadMessages: 0,
  wsOpts: facts.ca ? { ca: readFileSync(facts.ca) } : {},
});
client.on("strictValidationFailure", ({ error, method, result, params }) => {
  console.error(`${method}: ${error.message}`, JSON.stringify(error.details), result ?? params);
  process.exit(1);
});
client.on("badMessage", ({ buffer, error }) => {
  console.error(`not a message: ${buffer}`, error);
  process.exit(1);
});

// A change of access has the charger forget what it remembers.
client.handle("ClearCache", () => ({ status: "Accepted" }));

// The next CALL of an action, answered with Accepted.
const next = (action) =>
  new Promise((resolve) => {
    client.handle(action, ({ params }) => {
      resolve(params);
      return { status: "Accepted" };
    });
  });

const wh = (value) =>
  is16
    ? [{ timestamp: now(), sampledValue: [{ value: String(value), unit: "Wh" }] }]
    : [{ timestamp: now(), sampledValue: [{ value, unitOfMeasure: { unit: "Wh" } }] }];

async function authorize(token) {
  if (is16) return (await client.call("Authorize", { idTag: token.idToken })).idTagInfo;
  return (await client.call("Authorize", { idToken: token })).idTokenInfo;
}

class Transaction16 {
  constructor(register) {
    this.register = register;
  }

  async start(token) {
    const answer = await client.call("StartTransaction", {
      connectorId: 1,
      idTag: token.idToken,
      meterStart: this.register,
      timestamp: now(),
    });
    this.id = answer.transactionId;
    return answer.idTagInfo;
  }

  async meter() {
    const meterValue = wh(this.register + 500);
    await client.call("MeterValues", { connectorId: 1, transactionId: this.id, meterValue });
  }

  async stop(reason, token) {
    const answer = await client.call("StopTransaction", {
      transactionId: this.id,
      meterStop: this.register + 1000,
      timestamp: now(),
      reason,
      ...(token ? { idTag: token.idToken } : {}),
    });
    return answer.idTagInfo;
  }
}

class Transaction201 {
  id = randomUUID();
  seqNo = 0;

  constructor(register) {
    this.register = register;
  }

  async event(eventType, triggerReason, more, info = {}, token = undefined) {
    const answer = await client.call("TransactionEvent", {
      eventType,
      triggerReason,
      timestamp: now(),
      seqNo: this.seqNo++,
      transactionInfo: { transactionId: this.id, ...info },
      evse: { id: 1, connectorId: 1 },
      meterValue: wh(this.register + more),
      ...(token ? { idToken: token } : {}),
    });
    return answer.idTokenInfo;
  }

  start(token, remoteStartId) {
    return remoteStartId === undefined
      ? this.event("Started", "Authorized", 0, {}, token)
      : this.event("Started", "RemoteStart", 0, { remoteStartId }, token);
  }

  async meter() {
    await this.event("Updated", "MeterValuePeriodic", 500, { chargingState: "Charging" });
  }

  stop(reason, token) {
    const trigger = reason === "Remote" ? "RemoteStop" : "StopAuthorized";
    return this.event("Ended", trigger, 1000, { stoppedReason: reason }, token);
  }
}

const begin = (register) => (is16 ? new Transaction16(register) : new Transaction201(register));

await client.connect();
step("connected", { subprotocol: client.protocol });
const boot = await client.call(
  "BootNotification",
  is16
    ? { chargePointVendor: "Interop", chargePointModel: "npm ocpp-rpc" }
    : { reason: "PowerUp", chargingStation: { vendorName: "Interop", model: "npm ocpp-rpc" } },
);
step("boot", { status: boot.status, interval: boot.interval, current_time: boot.currentTime });
const beat = await client.call("Heartbeat", {});
step("heartbeat", { current_time: beat.currentTime });
await client.call(
  "StatusNotification",
  is16
    ? { connectorId: 1, errorCode: "NoError", status: "Available" }
    : { timestamp: now(), connectorStatus: "Available", evseId: 1, connectorId: 1 },
);
step("status_notification");

for (const [name, card] of Object.entries(facts.cards)) {
  step(`authorize ${name}`, await authorize({ idToken: card, type: "ISO14443" }));
}

const token = { idToken: facts.cards.accepted, type: "ISO14443" };
let transaction = begin(1000);
const started = await transaction.start(token);
step("start", { transaction_id: transaction.id, ...started });
await transaction.meter();
step("stop", await transaction.stop("Local", token));
const data = await client.call("DataTransfer", { vendorId: "org.example", data: "y" });
step("data_transfer", { status: data.status });

const remoteStart = next(is16 ? "RemoteStartTransaction" : "RequestStartTransaction");
say({ ask: "remote_start" });
const asked = await remoteStart;
const remote = is16 ? { idToken: asked.idTag } : asked.idToken;
step("remote_start", {
  id_tag: remote.idToken,
  kind: remote.type,
  connector: is16 ? asked.connectorId : asked.evseId,
});
step("authorize remote", await authorize(remote));
transaction = begin(2000);
const remotely = await transaction.start(remote, asked.remoteStartId);
step("start remote", { transaction_id: transaction.id, ...remotely });
const remoteStop = next(is16 ? "RemoteStopTransaction" : "RequestStopTransaction");
say({ ask: "remote_stop", transaction_id: String(transaction.id) });
step("remote_stop", { same: (await remoteStop).transactionId === transaction.id });
await transaction.meter();
await transaction.stop("Remote");
await client.close();
step("done");
