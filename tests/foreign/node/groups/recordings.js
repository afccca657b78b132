"use strict";
// A recording is made and downloaded by the SDK.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { BOB, application, linked } = require("../local.js");
const { withWebhooks } = require("../server.js");

// The SDK downloads from the platform's hosts only: preload.cjs carries that to the emulator.
require("../../preload.cjs");

/** The file as the platform itself would name it. */
const platform = (url) => `https://api.nexmo.com/v1/files/${url.split("/").at(-1)}`;

module.exports = (check) =>
  withWebhooks([], async (inbox) => {
    const { made, client } = await application("Recordings", inbox.url);
    const number = await linked(client, made);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ringback-"));
    const file = path.join(folder, "recording.wav");
    let url;
    await check("record: its webhook names the file", async () => {
      const call = await client.voice.createOutboundCall({
        to: [{ type: "phone", number: BOB }],
        from: { type: "phone", number },
        ncco: [
          { action: "record", format: "wav", endOnSilence: 3, eventUrl: [`${inbox.url}/record`] },
        ],
      });
      const { body } = await inbox.wait("record", (one) => one.path === "/record");
      assert.equal(body.conversation_uuid, call.conversationUUID);
      url = body.recording_url;
    });
    await check("download: a WAV file", async () => {
      await client.voice.downloadRecording(platform(url), file);
      const bytes = fs.readFileSync(file);
      assert.equal(bytes.subarray(0, 4).toString(), "RIFF");
      assert.ok(bytes.length > 44, `${bytes.length} bytes`);
    });
    await check("download: not with the key of another application", async () => {
      const { client: other } = await application("Others");
      await assert.rejects(other.voice.downloadRecording(platform(url), `${file}.no`));
    });
    fs.rmSync(folder, { recursive: true });
  });
