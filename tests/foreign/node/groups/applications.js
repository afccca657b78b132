"use strict";
// Applications: create, list, get, update, delete, and one's own public key.

const assert = require("node:assert/strict");
const { generateKeyPairSync } = require("node:crypto");
const { account, all, refused, within } = require("../local.js");

const EVERYTHING = {
  voice: {
    webhooks: {
      answerUrl: {
        address: "https://demo.example/answer",
        httpMethod: "POST",
        connectTimeout: 500,
        socketTimeout: 3000,
      },
      fallbackAnswerUrl: { address: "https://demo.example/fallback", httpMethod: "GET" },
      eventUrl: { address: "https://demo.example/event", httpMethod: "POST" },
    },
    signedCallbacks: true,
    conversationsTtl: 12,
    legPersistenceTime: 7,
    region: "eu-west",
  },
  rtc: { webhooks: { eventUrl: { address: "https://demo.example/rtc", httpMethod: "POST" } } },
  messages: {
    version: "v1",
    webhooks: {
      inboundUrl: { address: "https://demo.example/in", httpMethod: "POST" },
      statusUrl: { address: "https://demo.example/out", httpMethod: "POST" },
    },
  },
  vbc: {},
};

const publicKey = () =>
  generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({
    type: "spki",
    format: "pem",
  });

module.exports = async (check) => {
  const api = account().applications;
  let made, full, own;
  await check("create: with a key pair", async () => {
    made = await api.createApplication({ name: "One" });
    assert.match(made.keys.privateKey, /^-----BEGIN PRIVATE KEY-----/);
    assert.match(made.keys.publicKey, /^-----BEGIN PUBLIC KEY-----/);
  });
  await check("create: every setting comes back", async () => {
    full = await api.createApplication({
      name: "Two",
      capabilities: EVERYTHING,
      privacy: { improveAi: false },
    });
    within(EVERYTHING, full.capabilities);
    assert.equal(full.privacy.improveAi, false);
  });
  await check("get: without the private key", async () => {
    const seen = await api.getApplication(full.id);
    within(EVERYTHING, seen.capabilities);
    assert.deepEqual([seen.keys.publicKey, seen.keys.privateKey], [full.keys.publicKey, undefined]);
  });
  await check("list: pages until there is no next", async () => {
    const seen = await all(api.listAllApplications({ pageSize: 1 }));
    const ids = seen.map((one) => one.id);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(ids.includes(made.id) && ids.includes(full.id), ids.join());
    const page = await api.getApplicationPage({ pageSize: 1 });
    assert.deepEqual([page.totalItems, page.totalPages, page.page], [ids.length, ids.length, 1]);
  });
  await check("update: the whole object sent back, private key and all", async () => {
    const seen = await api.updateApplication({ ...made, name: "One more" });
    assert.deepEqual([seen.id, seen.name], [made.id, "One more"]);
    assert.equal((await api.getApplication(made.id)).keys.publicKey, made.keys.publicKey);
  });
  await check("own public key: kept at create, without a private key; rotated by update", async () => {
    const [mine, later] = [publicKey(), publicKey()];
    own = await api.createApplication({ name: "Own", keys: { publicKey: mine } });
    assert.deepEqual([own.keys.publicKey.trim(), own.keys.privateKey], [mine.trim(), undefined]);
    const seen = await api.updateApplication({ ...own, keys: { publicKey: later } });
    assert.equal(seen.keys.publicKey.trim(), later.trim());
  });
  await check("delete: then it is not found", async () => {
    for (const { id } of [made, full, own]) {
      await api.deleteApplication(id);
      await refused(404, () => api.getApplication(id));
    }
  });
};
