"use strict";
// Users: create with channels, list, get, update, delete.

const assert = require("node:assert/strict");
const { all, application, refused, within } = require("../local.js");

const CHANNELS = {
  pstn: [{ number: 447700000003 }],
  sip: [{ uri: "sip:bob@phones.example", username: "bob", password: "example" }],
  vbc: [{ extension: "403" }],
  websocket: [
    {
      uri: "wss://media.example/socket",
      contentType: "audio/l16;rate=16000",
      headers: { Customer_ID: "ABC123", nestedKey: { "a-b": 1 } },
    },
  ],
  sms: [{ number: "447700000003" }],
};
const CUSTOM = { Customer_ID: "ABC123", nestedKey: { "a-b": [1, null, "x"] } };

module.exports = async (check) => {
  const { client } = await application("Users");
  const api = client.users;
  let bare, bob;
  await check("list: empty", async () => {
    assert.deepEqual(await all(api.listAllUsers()), []);
  });
  await check("create: without a name it is NAM-…", async () => {
    bare = await api.createUser({ displayName: "Somebody" });
    assert.match(bare.id, /^USR-/);
    assert.match(bare.name, /^NAM-/);
  });
  await check("create: channels and custom data come back as they went", async () => {
    bob = await api.createUser({
      name: "bob",
      displayName: "Bob",
      imageUrl: "https://demo.example/bob.png",
      channels: CHANNELS,
      properties: { customData: CUSTOM },
    });
    assert.deepEqual(bob.channels, CHANNELS);
    assert.deepEqual(bob.properties.customData, CUSTOM);
  });
  await check("get: the same", async () => {
    const seen = await api.getUser(bob.id);
    within({ name: "bob", displayName: "Bob", channels: CHANNELS }, seen);
    assert.deepEqual(seen.properties.customData, CUSTOM);
  });
  await check("list: absolute links lead through the pages", async () => {
    const seen = await all(api.listAllUsers({ pageSize: 1 }));
    assert.deepEqual(seen.map(({ id }) => id).sort(), [bare.id, bob.id].sort());
    assert.deepEqual((await all(api.listAllUsers({ name: "bob" }))).map(({ id }) => id), [bob.id]);
  });
  await check("update: what is not named stays", async () => {
    const seen = await api.updateUser({ id: bob.id, displayName: "Bob B." });
    within({ id: bob.id, name: "bob", displayName: "Bob B.", channels: CHANNELS }, seen);
    assert.deepEqual(seen.properties.customData, CUSTOM);
  });
  await check("sessions and conversations of a user", async () => {
    assert.deepEqual(await all(client.conversations.listAllUserSessions(bob.id)), []);
    assert.deepEqual(await all(client.conversations.listAllUserConversations(bob.id)), []);
  });
  await check("delete: then it is not found", async () => {
    for (const { id } of [bare, bob]) {
      await api.deleteUser(id);
      await refused(404, () => api.getUser(id));
    }
  });
};
