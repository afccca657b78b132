"use strict";
// The SDK pointed at the emulator, and what every group of checks uses.

const assert = require("node:assert/strict");
const { Vonage } = require("@vonage/server-sdk");

const { RINGBACK_URL: url, VONAGE_API_KEY: apiKey, VONAGE_API_SECRET: apiSecret } = process.env;
const ALICE = "447700000001";
const BOB = "447700000003";
const NOWHERE = "http://127.0.0.1:9";

/** A client whose hosts are the emulator. */
const connect = (credentials) => new Vonage(credentials, { apiHost: url, restHost: url });

/** A client with the account's key and secret. */
const account = () => connect({ apiKey, apiSecret });

/** A new application, and a client with its key beside the account's. */
async function application(name, webhooks = NOWHERE) {
  const made = await account().applications.createApplication({
    name,
    capabilities: {
      voice: {
        webhooks: {
          answerUrl: { address: `${webhooks}/answer`, httpMethod: "GET" },
          eventUrl: { address: `${webhooks}/event`, httpMethod: "POST" },
        },
      },
    },
  });
  const { privateKey } = made.keys;
  return { made, client: connect({ apiKey, apiSecret, applicationId: made.id, privateKey }) };
}

/** Links the account's first number to an application. */
async function linked(client, made) {
  const { msisdn, country } = (await client.numbers.getOwnedNumbers()).numbers[0];
  await client.numbers.updateNumber({ country, msisdn, applicationId: made.id });
  return msisdn;
}

/** All that an iterator yields. */
async function all(iterator) {
  const items = [];
  for await (const item of iterator) items.push(item);
  return items;
}

/** The call has to be refused with this status; returns the body of the refusal. */
async function refused(status, call) {
  let value;
  try {
    value = await call();
  } catch (error) {
    assert.ok(error.response, `no refusal but ${error}`);
    assert.equal(error.response.status, status, `${error}`);
    const reason = error.response.headers.get("ringback-reason");
    assert.notEqual(reason, "path-unknown", "not served");
    return error.response.json();
  }
  assert.fail(`accepted, where ${status} was due: ${JSON.stringify(value)}`);
}

/** All of the part has to be in the whole, which may say more. */
function within(part, whole, at = "") {
  for (const [name, value] of Object.entries(part)) {
    const nested = value && typeof value === "object" && !Array.isArray(value);
    if (nested) within(value, whole?.[name], `${at}/${name}`);
    else assert.deepEqual(whole?.[name], value, `${at}/${name} is ${JSON.stringify(whole?.[name])}`);
  }
}

module.exports = { ALICE, BOB, account, all, application, connect, linked, refused, url, within };
