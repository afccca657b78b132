"use strict";
// Conversations: create, get, update, list, delete.

const assert = require("node:assert/strict");
const { all, application, refused, within } = require("../local.js");

const CUSTOM = { Customer_ID: "ABC123", nestedKey: { "a-b": [1, null, "x"] } };

module.exports = async (check) => {
  const { client } = await application("Conversations");
  const api = client.conversations;
  let bare, room;
  await check("list: empty", async () => {
    assert.deepEqual(await all(api.listAllConversations()), []);
  });
  await check("create: without a field it is NAM-…", async () => {
    bare = await api.createConversation({});
    assert.match(bare.id, /^CON-/);
    assert.match(bare.name, /^NAM-/);
    within({ state: "ACTIVE", sequenceNumber: 0 }, bare);
  });
  await check("create: custom data comes back as it went", async () => {
    room = await api.createConversation({
      name: "room",
      displayName: "The room",
      imageUrl: "https://demo.example/room.png",
      properties: { ttl: 3600, customSortKey: "a1", customData: CUSTOM },
    });
    within({ name: "room", displayName: "The room", state: "ACTIVE" }, room);
    within({ ttl: 3600, customSortKey: "a1" }, room.properties);
    assert.deepEqual(room.properties.customData, CUSTOM);
    assert.ok(Date.parse(room.timestamp.created), JSON.stringify(room.timestamp));
  });
  await check("get: the same", async () => {
    assert.deepEqual(await api.getConversation(room.id), room);
  });
  await check("update", async () => {
    const { id, name, imageUrl, properties } = room;
    const said = { id, name, imageUrl, properties, displayName: "The other room" };
    const seen = await api.updateConversation(said);
    within({ id, name, imageUrl, displayName: "The other room" }, seen);
    assert.deepEqual(seen.properties.customData, CUSTOM);
    assert.equal((await api.getConversation(id)).displayName, "The other room");
  });
  await check("list: absolute links lead through the pages", async () => {
    const seen = await all(api.listAllConversations({ pageSize: 1 }));
    assert.deepEqual(seen.map(({ id }) => id).sort(), [bare.id, room.id].sort());
  });
  await check("another application does not see them", async () => {
    const { client: other } = await application("Others");
    assert.deepEqual(await all(other.conversations.listAllConversations()), []);
    await refused(404, () => other.conversations.getConversation(room.id));
  });
  await check("delete: then it is not found", async () => {
    for (const { id } of [bare, room]) {
      await api.deleteConversation(id);
      await refused(404, () => api.getConversation(id));
    }
  });
};
