"use strict";
// Events: create custom ones, list, get, delete.

const assert = require("node:assert/strict");
const { all, application, refused, within } = require("../local.js");

module.exports = async (check) => {
  const { client } = await application("Events");
  const api = client.conversations;
  const room = await api.createConversation({ name: "room" });
  const alice = await client.users.createUser({ name: "alice", displayName: "Alice" });
  const member = await api.createMember(room.id, {
    user: { id: alice.id },
    state: "joined",
    channel: { type: "app" },
  });
  const body = { subject: "Hello", nested: { Key_One: 1 } };
  let greeting;
  await check("create: a custom event", async () => {
    greeting = await api.createEvent(room.id, { type: "custom:greeting", from: member.id, body });
    assert.ok(Number.isInteger(greeting.id), JSON.stringify(greeting));
    assert.ok(Date.parse(greeting.timestamp), greeting.timestamp);
  });
  await check("get: with its sender", async () => {
    const seen = await api.getEvent(room.id, greeting.id);
    within({ id: greeting.id, type: "custom:greeting", from: member.id }, seen);
    assert.equal(seen.body.subject, "Hello");
    within({ fromUser: { id: alice.id, name: "alice" }, fromMember: { id: member.id } }, seen);
  });
  await check("list: joining is in the log before it; ids go up without a gap", async () => {
    const seen = await all(api.listAllEvents(room.id));
    assert.deepEqual(seen.map(({ id }) => id), seen.map((_, at) => seen[0].id + at));
    assert.ok(seen.some(({ type }) => type === "member:joined"), seen.map(({ type }) => type).join());
    assert.equal(seen.at(-1).type, "custom:greeting");
    assert.equal((await api.getConversation(room.id)).sequenceNumber, greeting.id);
  });
  await check("list: absolute links lead through the pages", async () => {
    const whole = await all(api.listAllEvents(room.id));
    const seen = await all(api.listAllEvents(room.id, { pageSize: 1 }));
    assert.deepEqual(seen.map(({ id }) => id), whole.map(({ id }) => id));
  });
  await check("delete: its body is gone, and an event says so", async () => {
    await api.deleteEvent(room.id, greeting.id);
    const seen = await all(api.listAllEvents(room.id));
    const gone = seen.find(({ type }) => type === "event:delete");
    assert.equal(Number(gone?.body.eventId), greeting.id, seen.map(({ type }) => type).join());
    const old = seen.find(({ id }) => id === greeting.id);
    assert.equal(old?.body?.subject, undefined);
  });
  await check("delete: only one's own kind of event", async () => {
    const [first] = await all(api.listAllEvents(room.id));
    await assert.rejects(api.deleteEvent(room.id, first.id), ({ response }) => !response.ok);
  });
  await check("404 of an event that is not there", async () => {
    const said = await refused(404, () => api.getEvent(room.id, 9999));
    assert.match(said.code, /:error:not-found$/);
  });
};
