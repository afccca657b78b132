"use strict";
// Takes signed events and keeps none: what `receiver-express` is measured against.

const crypto = require("node:crypto");
const express = require("express");
const jwt = require("jsonwebtoken");

// With a string, Node makes a key of it for each token, which takes many times as long.
const secret = crypto.createSecretKey(Buffer.from(process.env.RINGBACK_BENCH_SECRET));
const app = express();

app.post("/webhooks/event", express.raw({ type: "application/json" }), (request, response) => {
  const [scheme, token] = (request.headers.authorization ?? "").split(" ");
  if (scheme.toLowerCase() !== "bearer") return response.sendStatus(401);
  let claims;
  try {
    claims = jwt.verify(token, secret, { algorithms: ["HS256"] });
  } catch {
    return response.sendStatus(401);
  }
  const payload = crypto.createHash("sha256").update(request.body).digest("hex");
  if (payload !== claims.payload_hash) return response.sendStatus(401);
  JSON.parse(request.body);
  response.sendStatus(204);
});

const server = app.listen(0, "127.0.0.1", () => {
  console.error(`http://127.0.0.1:${server.address().port}`);
});
