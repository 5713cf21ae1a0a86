// npm `ocpp-rpc` in strict mode as a station that sends every message of its version, and answers
// every one: both ways against the official schemas it ships. Messages: messages.json. Lines: see
// everything.py.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

const require = createRequire(join(process.env.KEYWATT_TEST_NODE_MODULES, "anchor.js"));
const { RPCClient } = require("ocpp-rpc");

const facts = JSON.parse(process.env.INTEROP_FACTS);
const file = new URL("messages.json", import.meta.url);
const messages = JSON.parse(readFileSync(file, "utf8"))[facts.version];

const say = (line) => console.log(JSON.stringify(line));
const step = (name, values = {}) => say({ step: name, ...values });

const fail = (...why) => {
  console.error(...why);
  process.exit(1);
};

// Every request schema that the library ships has its sample.
const schemas = require(
  facts.version === "1.6"
    ? "ocpp-rpc/lib/schemas/ocpp1_6.json"
    : "ocpp-rpc/lib/schemas/ocpp2_0_1.json",
);
const sampled = new Set([...messages.station, ...messages.central].map(({ action }) => action));
for (const { $id } of schemas) {
  const action = /^urn:(\w+)\.req$/.exec($id)?.[1];
  if (action && !sampled.has(action)) fail(`no sample of ${action}`);
}

const client = new RPCClient({
  endpoint: facts.url,
  identity: facts.station_id,
  password: facts.password,
  protocols: [`ocpp${facts.version}`],
  strictMode: true,
  reconnect: false,
  maxBadMessages: 0,
});
client.on("strictValidationFailure", ({ error, method, result, params }) =>
  fail(`${method}: ${error.message}`, JSON.stringify(error.details), result ?? params),
);
client.on("badMessage", ({ buffer, error }) => fail(`not a message: ${buffer}`, error));

const left = new Set(messages.central.map(({ action }) => action));
const askedForAll = new Promise((resolve) => {
  for (const { action, payload, answer } of messages.central) {
    client.handle(action, ({ params }) => {
      if (!isDeepStrictEqual(params, payload)) fail(`${action}: ${JSON.stringify(params)}`);
      left.delete(action);
      if (left.size === 0) resolve();
      return answer;
    });
  }
});

await client.connect();
step("connected", { subprotocol: client.protocol });
for (const { action, payload } of messages.station) {
  try {
    const answer = await client.call(action, payload);
    step(action, { status: answer.status ?? null });
  } catch (error) {
    step(action, { error: error.rpcErrorCode ?? String(error) });
  }
}
say({ ask: "central" });
await askedForAll;
// Its answer shows that the last of ours is out.
await client.call("Heartbeat", {});
await client.close();
step("done");
