"use strict";
// The official Node SDK, unchanged, against the emulator: `app.js [GROUP…]`.
//
// Expects RINGBACK_URL and the VONAGE_* variables that `ringback emulator -- COMMAND` sets.
// Prints a line for each check; ends with 1 when one failed.

const GROUPS = [
  "applications",
  "numbers",
  "account",
  "tokens",
  "signatures",
  "refusals",
  "users",
  "conversations",
  "members",
  "events",
  "calls",
  "controls",
  "recordings",
];

let failed = 0;

function fail(group, name, error) {
  failed += 1;
  const reason = String(error?.message ?? error).replaceAll(/\s+/g, " ").slice(0, 900);
  console.log(`FAILED node ${group}: ${name}: ${reason}`);
}

async function run(group) {
  const check = async (name, body) => {
    try {
      await body();
      console.log(`ok node ${group}: ${name}`);
    } catch (error) {
      if (error instanceof TypeError && /undefined/.test(error.message)) {
        return fail(group, name, `needs an earlier check that failed (${error.message})`);
      }
      const answer = error.response?.bodyUsed === false ? await error.response.text() : "";
      return fail(group, name, answer ? `${error.message} ${answer}` : error);
    }
  };
  try {
    await require(`./groups/${group}.js`)(check);
  } catch (error) {
    fail(group, "what its checks need", error);
  }
}

(async () => {
  const given = process.argv.slice(2);
  for (const group of given.length ? given : GROUPS) await run(group);
  process.exitCode = failed ? 1 : 0;
})();
