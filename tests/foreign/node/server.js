"use strict";
// A webhook server that keeps what it is sent, and a WAV file to stream.

const http = require("node:http");
const { EventEmitter } = require("node:events");

/** Half a second of silence. */
function sound() {
  const bytes = 8000;
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + bytes, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20); // PCM
  head.writeUInt16LE(1, 22); // one channel
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(16000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(bytes, 40);
  return Buffer.concat([head, Buffer.alloc(bytes)]);
}

/** Serves /answer (the script), /event (204), /sound.wav. */
class Inbox extends EventEmitter {
  kept = [];

  static async open(ncco) {
    const inbox = new Inbox();
    inbox.server = http.createServer((request, response) => {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => inbox.serve(request, Buffer.concat(chunks), response, ncco));
    });
    await new Promise((done) => inbox.server.listen(0, "127.0.0.1", done));
    inbox.url = `http://127.0.0.1:${inbox.server.address().port}`;
    return inbox;
  }

  serve({ url, method, headers }, raw, response, ncco) {
    const { pathname, searchParams } = new URL(url, this.url);
    if (pathname === "/sound.wav") {
      return response.setHeader("content-type", "audio/wav").end(sound());
    }
    const query = Object.fromEntries(searchParams);
    const body = raw.length ? JSON.parse(raw) : query;
    const token = headers.authorization?.replace("Bearer ", "");
    this.kept.push({ method, path: pathname, headers, raw, query, body, token });
    this.emit("webhook");
    if (pathname === "/answer") {
      return response.setHeader("content-type", "application/json").end(JSON.stringify(ncco));
    }
    return response.writeHead(204).end();
  }

  /** The first webhook that fits, now or within ten seconds. */
  async wait(what, fits) {
    return new Promise((found, none) => {
      const look = () => {
        const webhook = this.kept.find(fits);
        if (!webhook) return;
        clearTimeout(timer);
        this.off("webhook", look);
        found(webhook);
      };
      const timer = setTimeout(() => {
        this.off("webhook", look);
        const seen = this.kept.map(({ path, body }) => `${path} ${body.status ?? body.type}`);
        none(new Error(`no webhook ${what} in ten seconds; there were ${seen.join(", ")}`));
      }, 10_000);
      this.on("webhook", look);
      look();
    });
  }

  status(uuid, status) {
    const fits = ({ body }) => body.uuid === uuid && body.status === status;
    return this.wait(`${status} of ${uuid}`, fits);
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** Runs the checks with a server beside them. */
async function withWebhooks(ncco, run) {
  const inbox = await Inbox.open(ncco);
  try {
    await run(inbox);
  } finally {
    inbox.close();
  }
}

module.exports = { withWebhooks };
