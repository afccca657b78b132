"use strict";
// The account: balance, and what is known about a number.

const assert = require("node:assert/strict");
const { BOB, account } = require("../local.js");

module.exports = async (check) => {
  const client = account();
  await check("balance", async () => {
    const balance = await client.accounts.getBalance();
    assert.ok(balance.value > 0, JSON.stringify(balance));
    assert.equal(typeof balance.autoReload, "boolean");
  });
  await check("insight: basic", async () => {
    const seen = await client.numberInsights.basicLookup(BOB);
    assert.deepEqual([seen.status, seen.country_code], [0, "GB"]);
    assert.equal(seen.international_format_number, BOB);
  });
};
