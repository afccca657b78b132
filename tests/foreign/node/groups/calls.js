"use strict";
// Calls: create with a script and with an answer URL, list, get.

const assert = require("node:assert/strict");
const { ALICE, BOB, all, application, linked, refused, within } = require("../local.js");
const { withWebhooks } = require("../server.js");

module.exports = (check) =>
  withWebhooks([{ action: "conversation", name: "room" }], async (inbox) => {
    const { made, client } = await application("Calls", inbox.url);
    const number = await linked(client, made);
    const api = client.voice;
    const ends = { to: [{ type: "phone", number: BOB }], from: { type: "phone", number } };
    const talk = [{ action: "talk", text: "Hello" }];
    let one, two, three;
    await check("list: empty", async () => {
      assert.deepEqual(await all(api.getAllCalls()), []);
    });
    await check("create: with a script", async () => {
      one = await api.createOutboundCall({ ...ends, ncco: talk });
      within({ status: "started", direction: "outbound" }, one);
      assert.match(one.conversationUUID, /^CON-/);
    });
    await check("its events: started, ringing, answered, completed", async () => {
      await inbox.status(one.uuid, "completed");
      const states = inbox.kept.filter(({ body }) => body.uuid === one.uuid);
      const wanted = ["started", "ringing", "answered", "completed"];
      assert.deepEqual(states.map(({ body }) => body.status), wanted);
    });
    await check("get: completed, with price and times as text", async () => {
      const seen = await api.getCall(one.uuid);
      within({ uuid: one.uuid, status: "completed", direction: "outbound" }, seen);
      within({ to: { number: BOB }, from: { number } }, seen);
      assert.equal(seen.conversationUUID, one.conversationUUID);
      for (const name of ["rate", "price", "duration", "startTime", "endTime", "network"]) {
        assert.equal(typeof seen[name], "string", `${name} is ${seen[name]}`);
      }
    });
    await check("create: with an answer URL and an event URL of its own", async () => {
      two = await api.createOutboundCall({
        ...ends,
        answerUrl: [`${inbox.url}/answer`],
        answerMethod: "GET",
        eventUrl: [`${inbox.url}/own`],
        eventMethod: "GET",
      });
      const said = await inbox.status(two.uuid, "answered");
      assert.deepEqual([said.method, said.path], ["GET", "/own"]);
      await inbox.wait("answer", ({ path, query }) => path === "/answer" && query.uuid === two.uuid);
    });
    await check("create: what the SDK's builders write", async () => {
      const { NCCOBuilder, Input, Talk, Conversation } = require("@vonage/voice");
      const script = new NCCOBuilder();
      script.addAction(new Talk("Hello", true, 1, "0", "en-GB", "0"));
      script.addAction(new Input({ timeOut: 3, maxDigits: 1, submitOnHash: true }));
      script.addAction(new Conversation("another"));
      const to = [{ type: "phone", number: ALICE }];
      const from = { randomFromNumber: true };
      three = await api.createOutboundCall({ to, ...from, ncco: script.build() });
      assert.equal((await api.getCall(three.uuid)).from.number, number);
    });
    await check("list: absolute links lead through the pages", async () => {
      const seen = await all(api.getAllCalls({ pageSize: 1 }));
      assert.deepEqual(seen.map(({ uuid }) => uuid), [one.uuid, two.uuid, three.uuid]);
      const page = await api.getCallsPage({ pageSize: 2 });
      within({ count: 3, page_size: 2, record_index: 0 }, page);
    });
    await check("list: by status, conversation, and in the other order", async () => {
      const listed = async (filter) => (await all(api.getAllCalls(filter))).map(({ uuid }) => uuid);
      assert.deepEqual(await listed({ status: "completed" }), [one.uuid]);
      assert.deepEqual(await listed({ conversationUuid: one.conversationUUID }), [one.uuid]);
      assert.deepEqual(await listed({ order: "desc" }), [three.uuid, two.uuid, one.uuid]);
    });
    await check("create: what cannot be is refused", async () => {
      const to = [{ type: "phone", number: "12" }];
      await refused(400, () => api.createOutboundCall({ ...ends, to, ncco: talk }));
    });
    await check("hang up: both", async () => {
      for (const { uuid } of [two, three]) {
        await api.hangupCall(uuid);
        await inbox.status(uuid, "completed");
        assert.equal((await api.getCall(uuid)).status, "completed");
      }
    });
  });
