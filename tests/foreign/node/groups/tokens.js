"use strict";
// Tokens both ways: the SDK verifies ours, and the SDK's are accepted.

const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const { verifySignature } = require("@vonage/jwt");
const { account, application, connect, refused } = require("../local.js");

module.exports = async (check) => {
  const { made, client } = await application("Tokens");
  const { made: other } = await application("Others");
  const read = (one) => one.conversations.getConversationPage({});
  const mixed = (id, keys) => connect({ applicationId: id, privateKey: keys.privateKey });
  await check("the SDK's token is accepted", async () => {
    assert.deepEqual((await read(client)).conversations, []);
  });
  await check("the SDK's token with subject and ACL is accepted", async () => {
    const acl = { paths: { "/*/conversations/**": {} } };
    const { privateKey } = made.keys;
    const jwtOptions = { subject: "bob", acl };
    await read(connect({ applicationId: made.id, privateKey, jwtOptions }));
  });
  await check("a token whose ACL leaves the path out is refused", async () => {
    const acl = { paths: { "/*/users/**": {} } };
    const { privateKey } = made.keys;
    const one = connect({ applicationId: made.id, privateKey, jwtOptions: { acl } });
    await assert.rejects(read(one), ({ response }) => [401, 403].includes(response.status));
  });
  await check("a token that another key signed is refused", async () => {
    await refused(401, () => read(mixed(made.id, other.keys)));
  });
  await check("a token of an application that nobody has is refused", async () => {
    await refused(401, () => read(mixed("00000000-0000-4000-8000-000000000000", made.keys)));
  });
  await check("a token of a deleted application is refused", async () => {
    const gone = mixed(other.id, other.keys);
    await read(gone);
    await account().applications.deleteApplication(other.id);
    await refused(401, () => read(gone));
  });
  await check("our token is verified by the SDK", async () => {
    const ours = execFileSync(
      process.env.RINGBACK,
      ["jwt", "create", "--application-id", made.id, "--private-key", made.keys.privateKey],
      { encoding: "utf8" },
    ).trim();
    assert.equal(verifySignature(ours, made.keys.publicKey), true);
    assert.equal(verifySignature(ours, other.keys.publicKey), false);
  });
};
