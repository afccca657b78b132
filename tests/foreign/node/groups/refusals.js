"use strict";
// What is refused becomes the SDK's error, with the platform's body.

const assert = require("node:assert/strict");
const { account, application, connect, refused } = require("../local.js");

const NOBODY = "00000000-0000-4000-8000-000000000000";

module.exports = async (check) => {
  const client = account();
  await check("404 of an application", async () => {
    const body = await refused(404, () => client.applications.getApplication(NOBODY));
    assert.equal(body.title, "Not Found");
  });
  await check("401 with another secret", async () => {
    const wrong = connect({ apiKey: process.env.VONAGE_API_KEY, apiSecret: "not the secret" });
    await refused(401, () => wrong.applications.getApplicationPage({}));
    await refused(401, () => wrong.accounts.getBalance());
    await refused(401, () => wrong.numbers.getOwnedNumbers());
  });
  await check("420 of a number that is not owned", async () => {
    const number = { country: "GB", msisdn: "447700900999" };
    const body = await refused(420, () => client.numbers.updateNumber(number));
    assert.equal(body["error-code"], "420");
  });
  const { client: caller } = await application("Refusals");
  await check("404 of a conversation, with its code", async () => {
    const body = await refused(404, () => caller.conversations.getConversation(`CON-${NOBODY}`));
    assert.equal(body.code, "conversation:error:not-found");
  });
  await check("404 of a user, with its code", async () => {
    const body = await refused(404, () => caller.users.getUser(`USR-${NOBODY}`));
    assert.equal(body.code, "user:error:not-found");
  });
  await check("404 of a call", async () => {
    await refused(404, () => caller.voice.getCall(NOBODY));
    await refused(404, () => caller.voice.hangupCall(NOBODY));
  });
  await check("409 of a name that exists", async () => {
    await caller.users.createUser({ name: "bob" });
    const user = await refused(409, () => caller.users.createUser({ name: "bob" }));
    assert.equal(user.code, "user:error:duplicate-name");
    await caller.conversations.createConversation({ name: "room" });
    const room = await refused(409, () => caller.conversations.createConversation({ name: "room" }));
    assert.equal(room.code, "conversation:error:duplicate-name");
  });
};
