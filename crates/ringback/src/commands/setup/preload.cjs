"use strict";
// Sends what a Node program asks of the platform's hosts to the emulator, whoever wrote the program:
//   NODE_OPTIONS="--require /path/to/preload.cjs" RINGBACK_URL=http://127.0.0.1:4010 nexmo balance

const http = require("node:http");
const https = require("node:https");
const { syncBuiltinESMExports } = require("node:module");
const { urlToHttpOptions } = require("node:url");

const there = new URL(process.env.RINGBACK_URL);
const platform = /(^|\.)(nexmo|vonage)\.com$/;

for (const name of ["request", "get"]) {
  const original = https[name];
  https[name] = function (...args) {
    const callback = typeof args.at(-1) === "function" ? args.at(-1) : undefined;
    const [first, second] = args;
    const url = typeof first === "string" ? new URL(first) : first instanceof URL ? first : null;
    const extra = url ? second : first;
    const options = { ...(url && urlToHttpOptions(url)), ...(extra === callback ? {} : extra) };
    if (!platform.test(options.hostname ?? options.host ?? "")) {
      return original.apply(this, args);
    }
    const { protocol, hostname, port } = there;
    // An agent is for https alone.
    const moved = { ...options, protocol, hostname, host: hostname, port, agent: undefined };
    return (protocol === "https:" ? original : http[name])(moved, callback);
  };
}
syncBuiltinESMExports();

const { fetch } = globalThis;
globalThis.fetch = function (input, init) {
  const url = new URL(input instanceof Request ? input.url : input);
  if (!platform.test(url.hostname)) {
    return fetch(input, init);
  }
  const moved = new URL(url.pathname + url.search, there);
  return fetch(input instanceof Request ? new Request(moved, input) : moved, init);
};
