"use strict";
// Signed webhooks of a whole incoming call, verified by the SDK itself.

const assert = require("node:assert/strict");
const { createHash } = require("node:crypto");
const { verifySignature } = require("@vonage/jwt");
const { ALICE, application, linked, url } = require("../local.js");
const { withWebhooks } = require("../server.js");

const secret = process.env.VONAGE_SIGNATURE_SECRET;
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

module.exports = (check) =>
  withWebhooks([{ action: "talk", text: "Hello" }], async (inbox) => {
    const { made, client } = await application("Signatures", inbox.url);
    const number = await linked(client, made);
    // Alice dials: the emulator's own API.
    const placed = await fetch(`${url}/_ringback/calls`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ from: ALICE, to: number }),
    });
    const uuid = (await placed.json()).id;
    let answer, events;
    await check("answer webhook: a GET, and its signature is good", async () => {
      answer = await inbox.wait("answer", ({ path }) => path === "/answer");
      assert.equal(answer.method, "GET");
      assert.equal(verifySignature(answer.token, secret), true);
      assert.deepEqual([answer.query.from, answer.query.to, answer.query.uuid], [ALICE, number, uuid]);
    });
    await check("event webhooks: POSTs, and every signature is good", async () => {
      await inbox.status(uuid, "completed");
      events = inbox.kept.filter(({ path }) => path === "/event");
      for (const { method, token } of events) {
        assert.equal(method, "POST");
        assert.equal(verifySignature(token, secret), true);
      }
      const states = events.filter(({ body }) => body.uuid === uuid).map(({ body }) => body.status);
      assert.deepEqual(states, ["started", "ringing", "answered", "completed"]);
    });
    await check("the payload hash is that of the bytes", async () => {
      for (const { token, raw } of events) {
        assert.equal(claims(token).payload_hash, sha256(raw));
      }
      assert.equal(claims(answer.token).payload_hash, sha256(JSON.stringify(answer.query)));
    });
    await check("another secret: the signature is not good", async () => {
      assert.equal(verifySignature(answer.token, "n".repeat(32)), false);
    });
  });
