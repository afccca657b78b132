"use strict";
// Members: invite, join, list, get, me, update.

const assert = require("node:assert/strict");
const { all, application, connect, refused, within } = require("../local.js");

module.exports = async (check) => {
  const { made, client } = await application("Members");
  const api = client.conversations;
  const room = await api.createConversation({ name: "room" });
  const alice = await client.users.createUser({ name: "alice", displayName: "Alice" });
  const bob = await client.users.createUser({ name: "bob", displayName: "Bob" });
  const app = { type: "app" };
  let first, second;
  await check("create: joined, by the user's id", async () => {
    first = await api.createMember(room.id, {
      user: { id: alice.id },
      state: "joined",
      channel: app,
    });
    assert.match(first.id, /^MEM-/);
    within({ state: "JOINED", user: { id: alice.id, name: "alice", displayName: "Alice" } }, first);
    assert.ok(Date.parse(first.timestamp.joined), JSON.stringify(first.timestamp));
  });
  await check("create: invited, by the user's name, with audio settings", async () => {
    second = await api.createMember(room.id, {
      user: { name: "bob" },
      state: "invited",
      channel: { type: "app", from: { type: "app" }, to: { type: "app", user: "bob" } },
      media: { audioSettings: { enabled: true, earmuffed: false, muted: false }, audio: true },
      invitedBy: first.id,
    });
    within({ state: "INVITED", user: { id: bob.id, name: "bob" }, invitedBy: first.id }, second);
    within({ audioSettings: { enabled: true, muted: false } }, second.media);
  });
  await check("create: not twice", async () => {
    const body = await refused(400, () =>
      api.createMember(room.id, { user: { id: alice.id }, state: "joined", channel: app }),
    );
    assert.equal(body.code, "conversation:error:member-already-joined");
  });
  await check("list: absolute links lead through the pages", async () => {
    const seen = await all(api.listAllMembers(room.id, { pageSize: 1 }));
    assert.deepEqual(seen.map(({ id }) => id).sort(), [first.id, second.id].sort());
    assert.deepEqual(seen.map(({ user }) => user.name).sort(), ["alice", "bob"]);
  });
  await check("get", async () => {
    const seen = await api.getMember(room.id, first.id);
    within({ id: first.id, state: "JOINED", user: { id: alice.id } }, seen);
    within({ channel: app, conversationId: room.id }, seen);
  });
  await check("get: me, by the token's subject", async () => {
    const { privateKey } = made.keys;
    const acl = { paths: { "/*/conversations/**": {}, "/*/users/**": {} } };
    const jwtOptions = { subject: "alice", acl };
    const me = connect({ applicationId: made.id, privateKey, jwtOptions });
    assert.equal((await me.conversations.getMe(room.id)).id, first.id);
  });
  await check("update: the invited one joins, and leaves", async () => {
    const joined = await api.updateMember(room.id, second.id, { state: "joined", from: second.id });
    within({ state: "JOINED", user: { id: bob.id } }, joined);
    const left = await api.updateMember(room.id, second.id, {
      state: "left",
      from: second.id,
      reason: { code: "bye", text: "Good bye" },
    });
    assert.equal(left.state, "LEFT");
    assert.equal((await api.getMember(room.id, second.id)).state, "LEFT");
  });
  await check("update: who has left stays away", async () => {
    const body = await refused(400, () => api.updateMember(room.id, second.id, { state: "joined" }));
    assert.equal(body.code, "conversation:error:invalid-member-state");
  });
  await check("conversations of a user", async () => {
    const seen = await all(api.listAllUserConversations(alice.id));
    assert.deepEqual(seen.map(({ id }) => id), [room.id]);
  });
};
