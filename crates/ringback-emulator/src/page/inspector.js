"use strict";
const $ = (id) => document.getElementById(id);
const api = "/_ringback/";
const GOOD = ["answered", "completed"];
/* How many of each are asked for, the newest. */
const CALLS = 200, WEBHOOKS = 300;
const BAD = ["failed", "rejected", "busy", "timeout", "unanswered", "cancelled"];
let chosen = decodeURIComponent(location.hash.slice(1)) || null;
let follow = !chosen, last = 0, clock = null, drawn = "", open = new Set();

/* An element with classes and children; texts stay texts. */
function el(name, classes, ...children) {
  const node = document.createElement(name);
  if (classes) node.className = classes;
  for (const child of children) if (child != null) node.append(child);
  return node;
}
async function ask(path, method, body) {
  const options = { method: method || "GET" };
  if (body) { options.body = JSON.stringify(body); options.headers = { "content-type": "application/json" }; }
  const reply = await fetch(api + path, options);
  const text = await reply.text();
  const value = text ? JSON.parse(text) : null;
  if (!reply.ok) throw new Error((value && value.hint) || "status " + reply.status);
  return value;
}
const time = (text) => text ? text.slice(11, 23) : "–";
const tone = (status) => GOOD.includes(status) ? "good" : BAD.includes(status) ? "bad" : "warn";
function badge(text, kind) { return el("span", "badge " + (kind || ""), text); }
function pretty(text) { try { return JSON.stringify(JSON.parse(text), null, 2); } catch (_) { return text; } }

const count = (list, most) => list.length < most ? list.length || "" : most + " newest";
async function showCalls(calls) {
  $("call-count").textContent = count(calls, CALLS);
  $("no-calls").hidden = calls.length > 0;
  const newest = calls.length ? calls[calls.length - 1].id : null;
  let shown = calls.find((call) => call.id === chosen);
  if (!shown && chosen && !follow) shown = await ask("calls/" + encodeURIComponent(chosen)).catch(() => null);
  if (follow || !shown) { chosen = newest; shown = calls[calls.length - 1]; }
  $("calls").replaceChildren(...[...calls].reverse().map((call) => {
    const item = el("li", call.id === chosen ? "on" : "",
      el("div", "row", el("span", "grow num", call.from + " → " + call.to), badge(call.status, tone(call.status))),
      el("div", "small dim", time(call.legs[0] && call.legs[0].started)));
    item.tabIndex = 0;
    item.onclick = () => choose(call.id, call.id === newest);
    item.onkeydown = (event) => { if (event.key === "Enter") item.onclick(); };
    return item;
  }));
  showCall(shown);
}
function choose(id, isNewest) {
  chosen = id; follow = isNewest; drawn = "";
  history.replaceState(null, "", isNewest ? "#" : "#" + encodeURIComponent(id));
  refresh();
}
function showCall(call) {
  $("call").hidden = $("legs-card").hidden = !call;
  if (!call) return;
  $("call-title").textContent = call.from + " → " + call.to;
  $("call-status").textContent = call.status;
  $("call-status").className = "badge " + tone(call.status);
  $("call-error").hidden = !call.error;
  $("call-error").textContent = call.error || "";
  $("hangup").hidden = call.legs.every((leg) => leg.ended);
  const facts = [["Call", call.id], ["Conversation", call.conversation], ["Application", call.application]];
  $("call-facts").replaceChildren(...facts.filter((fact) => fact[1]).flatMap((fact) =>
    [el("dt", "", fact[0]), el("dd", "", el("code", "", fact[1]))]));
  const picture = api + "calls/" + encodeURIComponent(call.id) + "/ladder.svg?" + last;
  const version = call.id + last;
  if (drawn !== version) { drawn = version; $("ladder").src = picture; }
  $("legs").replaceChildren(...call.legs.map((leg) => el("tr", "",
    el("td", "", el("code", "", leg.id)), el("td", "", leg.direction), el("td", "", leg.from), el("td", "", leg.to),
    el("td", "", badge(leg.status, tone(leg.status))), el("td", "", time(leg.answered)), el("td", "", time(leg.ended)))));
}
async function showMembers() {
  const members = chosen ? await ask("calls/" + encodeURIComponent(chosen) + "/members.json") : [];
  $("members-card").hidden = !members.length;
  const number = (channel, end) => {
    const at = (channel && channel[end]) || {};
    return at.number || at.uri || at.user || at.extension || at.type || "–";
  };
  $("members").replaceChildren(...members.map((member) => el("tr", "",
    el("td", "", el("code", "", member.member_id)), el("td", "", el("code", "", member.name || "–")),
    el("td", "", badge(member.state, member.state === "JOINED" ? "good" : "plain")),
    el("td", "", number(member.channel, "from")), el("td", "", number(member.channel, "to")))));
}
function kept(key, summary, ...content) {
  const node = el("details", "", summary, el("div", "", ...content));
  node.open = open.has(key);
  node.ontoggle = () => node.open ? open.add(key) : open.delete(key);
  return node;
}
function outcome(attempt) {
  if (!attempt) return badge("waiting", "warn");
  if (attempt.failure) return badge("failed", "bad");
  if (!attempt.status) return badge("in flight", "warn");
  return badge(String(attempt.status), attempt.status < 300 ? "good" : "bad");
}
function showWebhooks(webhooks) {
  $("webhook-count").textContent = count(webhooks, WEBHOOKS);
  $("webhook-scope").textContent = chosen ? "of this call" : "";
  $("no-webhooks").hidden = webhooks.length > 0;
  $("webhooks").replaceChildren(...webhooks.map((hook) => {
    const attempt = hook.attempts[hook.attempts.length - 1];
    const more = hook.attempts.length > 1 ? badge(hook.attempts.length + " attempts", "plain") : null;
    const took = attempt && attempt.milliseconds != null ? attempt.milliseconds + " ms" : "";
    const summary = el("summary", "", badge(hook.method, "plain"), el("strong", "", hook.kind),
      el("span", "grow dim small", hook.url), el("span", "dim small num", took), more, outcome(attempt));
    const again = el("button", "", "Send again");
    again.onclick = () => { again.disabled = true; ask("webhooks/" + hook.id + "/replay", "POST").finally(refresh); };
    const attempts = hook.attempts.flatMap((one) => [
      el("div", "row", badge("#" + one.attempt, "plain"), outcome(one), one.replay ? badge("by hand", "plain") : null,
        el("span", "grow dim small", time(one.sent) + " " + one.url)),
      one.failure ? el("p", "note bad", one.failure) : el("pre", "", one.reply ? pretty(one.reply) : "no body")]);
    return kept("w" + hook.id, summary, el("div", "dim small", "sent"),
      el("pre", "", JSON.stringify(hook.payload, null, 2)), ...attempts, again);
  }));
}
function showRefusals(refusals) {
  $("refusal-count").textContent = refusals.length || "";
  $("no-refusals").hidden = refusals.length > 0;
  $("refusals").replaceChildren(...refusals.slice(-100).reverse().map((refusal) => {
    const summary = el("summary", "", badge(String(refusal.status), "bad"), el("strong", "", refusal.reason),
      el("span", "grow dim small", refusal.method + " " + refusal.path), el("span", "dim small num", time(refusal.at)));
    const facts = ["checked", "seen", "expected", "fix", "operation", "trace"].filter((name) => refusal[name]);
    const list = el("dl", "facts", ...facts.flatMap((name) => [el("dt", "", name), el("dd", "", refusal[name])]));
    return kept("r" + refusal.trace, summary, list, el("div", "dim small", "what the platform says"),
      el("pre", "", pretty(refusal.platform || "")));
  }));
}
function showPhones(phones) {
  $("phones").replaceChildren(...phones.map((phone) => {
    const act = (name, label) => {
      const button = el("button", "", label);
      button.onclick = () => ask("phones/" + encodeURIComponent(phone.number) + "/" + name, "POST").catch(note).finally(refresh);
      return button;
    };
    const buttons = phone.state === "ringing" ? [act("answer", "Answer"), act("decline", "Decline")]
      : phone.state === "idle" ? [] : [act("hangup", "Hang up")];
    return el("li", "", el("div", "row", el("strong", "", phone.name || "Phone"), el("span", "grow dim num", phone.number),
      badge(phone.state, phone.state === "idle" ? "plain" : phone.state === "talking" ? "good" : "warn")),
      el("div", "small dim", phone.script), buttons.length ? el("div", "row", ...buttons) : null);
  }));
}
function note(error) { $("dial-note").textContent = error ? error.message || String(error) : ""; }

let running = false, again = false;
async function refresh() {
  if (running) { again = true; return; }
  running = true;
  try {
    const hooksOf = (call) => ask("webhooks?limit=" + WEBHOOKS + (call ? "&call=" + encodeURIComponent(call) : ""));
    const before = chosen;
    const [calls, phones, refusals, now, hooks] = await Promise.all(
      [ask("calls?limit=" + CALLS), ask("phones"), ask("refusals"), ask("clock"), hooksOf(chosen)]);
    clock = { ...now, read: performance.now() };
    tick();
    await showCalls(calls.calls);
    showPhones(phones.phones);
    showRefusals(refusals.refusals);
    await showMembers();
    showWebhooks((before === chosen ? hooks : await hooksOf(chosen)).webhooks);
  } catch (error) { console.error(error); }
  running = false;
  if (again) { again = false; setTimeout(refresh, 60); }
}
let planned = 0;
function plan() { if (!planned) planned = setTimeout(() => { planned = 0; refresh(); }, 60); }
function tick() {
  if (!clock) return;
  const factor = clock.leases ? 1 : Number((/^x(\d+)$/.exec(clock.mode) || [0, 1])[1]);
  const now = Date.parse(clock.now) + (performance.now() - clock.read) * factor;
  $("now").textContent = new Date(now).toISOString().slice(11, 19);
  $("mode").textContent = clock.mode + (clock.leases ? ", held" : "");
}
const events = new EventSource(api + "events");
events.onopen = () => { $("link").className = "dot on"; $("link").title = "live"; plan(); };
events.onerror = () => { $("link").className = "dot off"; $("link").title = "the emulator is away"; };
events.onmessage = (event) => { last = Number(event.lastEventId); plan(); };
$("hangup").onclick = () => ask("calls/" + encodeURIComponent(chosen) + "/hangup", "POST").catch(note).finally(refresh);
$("dial").onsubmit = (event) => {
  event.preventDefault();
  note();
  ask("calls", "POST", { from: $("dial-from").value.trim(), to: $("dial-to").value.trim() })
    .then((call) => choose(call.id, true)).catch(note);
};
setInterval(tick, 250);
setInterval(plan, 5000);
refresh();
