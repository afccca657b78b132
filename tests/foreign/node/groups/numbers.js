"use strict";
// Numbers: search, buy, list, link, cancel.

const assert = require("node:assert/strict");
const { application, refused } = require("../local.js");

module.exports = async (check) => {
  const { made, client } = await application("Numbers");
  const api = client.numbers;
  const owned = (filter) => api.getOwnedNumbers(filter);
  let number;
  await check("search: by country and features, with the price as text", async () => {
    const { count, numbers } = await api.getAvailableNumbers({
      country: "GB",
      features: ["VOICE", "SMS"],
    });
    assert.ok(numbers.length && count >= numbers.length);
    for (const { country, features, cost } of numbers) {
      assert.equal(country, "GB");
      assert.ok(features.includes("VOICE") && features.includes("SMS"), features.join());
      assert.ok(typeof cost === "string" && Number(cost) > 0, cost);
    }
    number = { country: "GB", msisdn: numbers[0].msisdn };
  });
  await check("search: by pattern, at the start, anywhere, at the end", async () => {
    const { msisdn, country } = number;
    for (const how of [
      { startsWith: msisdn.slice(0, 6) },
      { contains: msisdn.slice(3, 9) },
      { endsWith: msisdn.slice(-5) },
    ]) {
      const { numbers } = await api.getAvailableNumbers({ country, ...how });
      assert.ok(numbers.some((one) => one.msisdn === msisdn), JSON.stringify(how));
    }
    const none = await api.getAvailableNumbers({ country, contains: "0000000000" });
    assert.deepEqual([none.count ?? 0, none.numbers ?? []], [0, []]);
  });
  await check("buy", async () => {
    assert.equal((await api.buyNumber(number)).errorCode, "200");
    const { count, numbers } = await owned({ pattern: number.msisdn, searchPattern: 1 });
    assert.deepEqual([count, numbers[0].msisdn], [1, number.msisdn]);
  });
  await check("buy: not twice", async () => {
    const body = await refused(420, () => api.buyNumber(number));
    assert.equal(body["error-code"], "420");
  });
  await check("update: linked to an application, and found by it", async () => {
    const seen = await api.updateNumber({ ...number, applicationId: made.id });
    assert.equal(seen.errorCode, "200");
    const { count, numbers } = await owned({ applicationId: made.id });
    assert.deepEqual([count, numbers[0].msisdn, numbers[0].app_id], [1, number.msisdn, made.id]);
    const has = async (yes) => (await owned({ hasApplication: yes })).numbers.map((n) => n.msisdn);
    assert.ok((await has(true)).includes(number.msisdn));
    assert.ok(!(await has(false)).includes(number.msisdn));
  });
  await check("cancel: then it is nobody's", async () => {
    assert.equal((await api.cancelNumber(number)).errorCode, "200");
    const left = await owned({ pattern: number.msisdn, searchPattern: 1 });
    assert.deepEqual(left.numbers ?? [], []);
    await refused(420, () => api.cancelNumber(number));
  });
};
