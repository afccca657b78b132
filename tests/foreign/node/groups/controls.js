"use strict";
// A call in progress: mute, earmuff, talk, stream, DTMF, transfer, hang up.

const assert = require("node:assert/strict");
const { BOB, application, linked, refused } = require("../local.js");
const { withWebhooks } = require("../server.js");

module.exports = (check) =>
  withWebhooks([{ action: "conversation", name: "room" }], async (inbox) => {
    const { made, client } = await application("Controls", inbox.url);
    const number = await linked(client, made);
    const api = client.voice;
    const room = (name) => [{ action: "conversation", name }];
    const call = await api.createOutboundCall({
      to: [{ type: "phone", number: BOB }],
      from: { type: "phone", number },
      ncco: room("controls"),
    });
    const { uuid } = call;
    await inbox.status(uuid, "answered");
    await check("mute, unmute, earmuff, unearmuff", async () => {
      for (const name of ["muteCall", "unmuteCall", "earmuffCall", "unearmuffCall"]) {
        assert.equal(await api[name](uuid), undefined);
      }
    });
    await check("talk, and stop", async () => {
      const said = await api.playTTS(uuid, { text: "Hello", level: "-0.5", style: "1", loop: 0 });
      assert.deepEqual({ ...said }, { message: "Talk started", uuid });
      assert.equal((await api.stopTTS(uuid)).message, "Talk stopped");
    });
    await check("stream, and stop", async () => {
      const said = await api.streamAudio(uuid, `${inbox.url}/sound.wav`, 0, -0.5);
      assert.deepEqual({ ...said }, { message: "Stream started", uuid });
      assert.equal((await api.stopStreamAudio(uuid)).message, "Stream stopped");
    });
    await check("DTMF: play, subscribe, unsubscribe", async () => {
      assert.deepEqual({ ...(await api.playDTMF(uuid, "1p23#")) }, { message: "DTMF sent", uuid });
      await api.subscribeDTMF(uuid, `${inbox.url}/digits`);
      await api.unsubscribeDTMF(uuid);
    });
    await check("transfer to a script, into another conversation", async () => {
      const moved = async (id) => {
        const fits = ({ body }) => body.type === "transfer" && body.conversation_uuid_from === id;
        return (await inbox.wait(`transfer from ${id}`, fits)).body;
      };
      // Its first move was into the conversation with a name.
      const named = (await moved(call.conversationUUID)).conversation_uuid_to;
      await api.transferCallWithNCCO(uuid, room("elsewhere"));
      const on = await moved(named);
      assert.equal(on.uuid, uuid);
      assert.match(on.conversation_uuid_to, /^CON-/);
    });
    await check("transfer to an answer URL", async () => {
      await api.transferCallWithURL(uuid, `${inbox.url}/answer`);
      await inbox.wait("answer", ({ path, query }) => path === "/answer" && query.uuid === uuid);
    });
    await check("hang up: completed, and no control reaches it", async () => {
      await api.hangupCall(uuid);
      await inbox.status(uuid, "completed");
      await refused(404, () => api.transferCallWithNCCO(uuid, room("x")));
    });
  });
