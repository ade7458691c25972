"use strict";
const API = "/api/v1";
const MISSING = "–";
const at = (id) => document.getElementById(id);

function element(tag, text, style) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (style) made.className = style;
  return made;
}

function number(value, digits = 2) {
  if (value === null || value === undefined) return MISSING;
  return Number(value).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function signed(value) {
  const amount = Number(value);
  return (amount > 0 ? "+" : amount < 0 ? "−" : "") + number(Math.abs(amount));
}

const tone = (value) => (Number(value) > 0 ? "up" : Number(value) < 0 ? "down" : "");
const quantity = (value) => Number(value).toLocaleString("en-US", { maximumFractionDigits: 8 });
const price = (value) => number(value, Math.abs(value) >= 100 ? 2 : Math.abs(value) >= 1 ? 4 : 6);
const share = (value) => (value === null || value === undefined ? MISSING : number(value * 100, 1) + " %");
const time = (value) => value.slice(0, 16).replace("T", " ");
const side = (value) => [value === "buy" ? "▲ buy" : "▼ sell", value === "buy" ? "up" : "down"];

function fill(id, columns, rows) {
  const table = at(id);
  table.replaceChildren();
  at(id + "-empty").hidden = rows.length > 0;
  if (!rows.length) return;
  const head = table.createTHead().insertRow();
  for (const [title, , style] of columns) {
    const cell = element("th", title, style);
    cell.scope = "col";
    head.append(cell);
  }
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const [, show, style] of columns) {
      const shown = show(row);
      const [text, extra] = Array.isArray(shown) ? shown : [shown, ""];
      line.append(element("td", text, [style, extra].filter(Boolean).join(" ")));
    }
  }
}

function services(items) {
  const looks = { ready: ["●", "good"], starting: ["◐", "warn"], silent: ["○", "bad"], unheard: ["○", "bad"] };
  at("services").replaceChildren(...items.map((one) => {
    const line = element("li");
    const [sign, style] = looks[one.state];
    const mark = element("span", sign, "dot " + style);
    mark.setAttribute("aria-hidden", "true");
    line.append(mark, element("span", one.service.replace("_", " ")));
    const waiting = one.lag ? `, ${one.lag.toLocaleString("en-US")} to do` : "";
    const silent = one.state === "silent" ? ` for ${Math.round(one.age_s)} s` : waiting;
    line.append(element("small", one.state + silent));
    if (one.last_error) line.title = one.last_error;
    return line;
  }));
}

function curve(points) {
  const holder = at("curve");
  holder.replaceChildren();
  if (points.length < 2) return;
  const values = points.map((point) => point.equity);
  const low = Math.min(...values), high = Math.max(...values), range = high - low || 1;
  const spot = (value, place) => `${(place / (values.length - 1) * 600).toFixed(1)},${(96 - (value - low) / range * 92).toFixed(1)}`;
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 600 100");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `equity of the last ${values.length} bars, ${number(low)} to ${number(high)}`);
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", "M" + values.map(spot).join("L"));
  const start = document.createElementNS(space, "line");
  const level = spot(values[0], 0).split(",")[1];
  for (const [name, value] of [["x1", 0], ["x2", 600], ["y1", level], ["y2", level]]) start.setAttribute(name, value);
  svg.append(start, path);
  holder.append(svg);
}

function portfolio(books) {
  at("portfolio-empty").hidden = books !== null;
  at("account").textContent = books ? books.account : "";
  const figures = at("figures");
  figures.replaceChildren();
  fill("positions", [
    ["symbol", (one) => one.symbol], ["quantity", (one) => quantity(one.quantity), "number"],
    ["average", (one) => price(one.average_price), "number"], ["last", (one) => price(one.last_price), "number"],
    ["open P/L", (one) => [signed(one.open_pnl), tone(one.open_pnl)], "number"],
  ], books ? books.positions : []);
  curve(books ? books.equity_points : []);
  if (!books) return;
  const change = Number(books.equity) - Number(books.initial_cash);
  for (const [name, text, style] of [
    ["equity", number(books.equity), ""], ["since the start", signed(change), tone(change)], ["cash", number(books.cash), ""],
    ["realised P/L", signed(books.realized_pnl), tone(books.realized_pnl)], ["open P/L", signed(books.open_pnl), tone(books.open_pnl)],
    ["fees paid", number(books.fees_paid), ""], ["as of", time(books.at), ""],
  ]) {
    const pair = element("div");
    pair.append(element("dt", name), element("dd", text, style));
    figures.append(pair);
  }
}

function lists(decisions, trades, strategies) {
  fill("decisions", [
    ["bar close", (one) => time(one.at)], ["symbol", (one) => one.symbol], ["action", (one) => side(one.action)],
    ["amount", (one) => (one.quote_amount === null ? "whole holding" : number(one.quote_amount)), "number"],
    ["score", (one) => number(one.score), "number"], ["confidence", (one) => share(one.confidence), "number"],
    ["why", (one) => one.reason, "words"],
  ], decisions);
  fill("trades", [
    ["time", (one) => time(one.at)], ["symbol", (one) => one.symbol], ["action", (one) => side(one.side)],
    ["quantity", (one) => quantity(one.quantity), "number"], ["price", (one) => price(one.price), "number"],
    ["fee", (one) => `${number(one.fee, 4)} ${one.fee_asset}`, "number"],
    ["P/L", (one) => (one.realized_pnl === null ? MISSING : [signed(one.realized_pnl), tone(one.realized_pnl)]), "number"],
    ["why", (one) => one.reasoning, "words"],
  ], trades);
  const worth = { excellent: "good", good: "good", average: "warn", poor: "bad", reject: "bad" };
  fill("strategies", [
    ["name", (one) => one.name || one.id], ["symbols", (one) => few(one.symbols)], ["bars", (one) => one.timeframe],
    ["stage", (one) => (one.status === "promoted" ? one.promoted.stage : one.status)],
    ["verdict", (one) => (one.verdict ? [one.verdict, worth[one.verdict]] : "not judged yet")],
    ["return", (one) => share(one.judged && one.judged.metrics.total_return), "number"],
    ["trades", (one) => (one.judged ? String(one.judged.closed_trades) : MISSING), "number"],
    ["deciding rule", (one) => (one.judged ? one.judged.deciding_rule : ""), "words"],
  ], strategies);
}

const few = (names) => (names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", "));

async function get(path, absent) {
  const reply = await fetch(API + path, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(5000) });
  if (reply.status === 404 && absent !== undefined) return absent;
  if (!reply.ok) throw new Error(`${path} answered ${reply.status}`);
  return reply.json();
}

let lastGood = null;

async function refresh() {
  const [pulse, books, decisions, trades, strategies, control, watches] = await Promise.all([
    get("/system/services"), get("/portfolio?points=500", null), get("/decisions?limit=8"), get("/trades?limit=8"),
    get("/strategies?limit=20"), get("/control/kill-switch"), get("/market/watches?limit=20"),
  ]);
  services(pulse.items);
  portfolio(books);
  lists(decisions.items, trades.items, strategies.items);
  const facts = [books, ...watches.items, ...decisions.items, ...trades.items];
  at("unsafe").hidden = !pulse.items.some((one) => one.details && one.details.sandbox === "off");
  at("simulated").hidden = !facts.some((fact) => fact && fact.simulated);
  const looks = { trading: "good", reducing: "warn", halted: "bad", unknown: "" };
  at("trading").textContent = { trading: "trading on paper", reducing: "exits only", halted: "halted", unknown: "trading state unknown" }[control.state];
  at("trading").className = "pill " + looks[control.state];
  at("trading").title = control.reason;
  lastGood = new Date();
}

async function loop() {
  try {
    await refresh();
    document.querySelector("main").classList.remove("stale");
    at("connection").className = "";
    at("connection").textContent = "as of " + lastGood.toISOString().slice(11, 19);
  } catch (problem) {
    document.querySelector("main").classList.add("stale");
    at("connection").className = "lost";
    at("connection").textContent = lastGood ? "no answer since " + lastGood.toISOString().slice(11, 19) : "no answer: " + problem.message;
  }
  setTimeout(loop, 2000);
}

loop();
