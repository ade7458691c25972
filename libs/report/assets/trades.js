// The trade table with all trades: sorted, filtered, a hundred rows at a time, and as CSV.
const PAGE = 100;
const table = $("trade-table");
const order = { key: "number", rising: true };
let rowsShown = PAGE;
let listed = Array.from({ length: tradeCount }, (_, n) => n);

const valueOf = (key, n) => {
  if (key === "number") return n;
  if (key === "symbol") return word("symbol", n);
  if (key === "reason") return word("entry_reason", n);
  if (key === "exit_time" && trades.open[n]) return Infinity;
  return trades[key][n];
};

function compare(one, other) {
  const [a, b] = [valueOf(order.key, one), valueOf(order.key, other)];
  if (a === b) return one - other;
  if (a === null || b === null) return a === null ? 1 : -1;
  return (a < b ? -1 : 1) * (order.rising ? 1 : -1);
}

function matches(n, words, kind) {
  if (kind === "open" ? !trades.open[n] : kind && (trades.open[n] || (kind === "won") !== trades.pnl[n] > 0)) return false;
  if (!words.length) return true;
  const text = [word("symbol", n), moment(trades.entry_time[n]), moment(trades.exit_time[n]), word("entry_reason", n), word("exit_reason", n)].join(" ").toLowerCase();
  return words.every((one) => text.includes(one));
}

function list() {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean), kind = $("outcome").value;
  listed = Array.from({ length: tradeCount }, (_, n) => n).filter((n) => matches(n, words, kind)).sort(compare);
  $("trade-count").textContent = listed.length === tradeCount ? count(tradeCount) : `${count(listed.length)} of ${count(tradeCount)}`;
  fill();
}

function fill() {
  const rows = listed.slice(0, rowsShown).map(row);
  table.tBodies[0].replaceChildren(...rows);
  const more = listed.length - rows.length;
  $("more").hidden = more <= 0;
  $("more").textContent = `Show ${count(Math.min(more, PAGE))} more`;
}

const SPELLED = {
  symbol: (n) => word("symbol", n),
  side: (n) => (trades.side[n] > 0 ? "▲ long" : "▼ short"),
  entry_time: (n) => moment(trades.entry_time[n]),
  entry_price: (n) => price(trades.entry_price[n]),
  exit_time: (n) => (trades.open[n] ? "still open" : moment(trades.exit_time[n])),
  exit_price: (n) => price(trades.exit_price[n]),
  bars: (n) => count(trades.bars[n]),
  pnl: (n) => number(trades.pnl[n], 2, true),
  gain: (n) => percent(trades.gain[n], true),
  mae: (n) => percent(trades.mae[n]),
  mfe: (n) => percent(trades.mfe[n]),
  fees: (n) => number(trades.fees[n]),
};

function row(n) {
  const line = element("tr", null, n === view.trade ? "chosen" : "");
  for (const { dataset: { key }, className } of table.tHead.rows[0].cells) {
    if (key === "number") line.append(link(n));
    else if (key === "reason") line.append(why(n));
    else line.append(element("td", SPELLED[key](n), className + (key === "pnl" || key === "gain" ? " " + tone(trades[key][n]) : "")));
  }
  return line;
}

function link(n) {
  const cell = element("td", null, "number"), button = element("button", String(n + 1));
  button.type = "button";
  button.setAttribute("aria-label", `Show trade ${n + 1} in the chart`);
  button.addEventListener("click", () => show(n, true));
  cell.append(button);
  return cell;
}

function why(n) {
  const cell = element("td", null, "words");
  for (const [name, text] of [["in ", word("entry_reason", n)], ["out ", word("exit_reason", n)]]) {
    if (!text) continue;
    const said = element("span");
    said.append(element("b", name), text);
    said.title = text;
    cell.append(said);
  }
  return cell;
}

function show(n, jump) {
  view.trade = n;
  if (data.candles[word("symbol", n)]) choose(word("symbol", n));
  const from = placeOf(trades.entry_time[n]), to = trades.open[n] ? lastPlace : placeOf(trades.exit_time[n]);
  const room = Math.max(to - from, 20);
  look(from - room, to + room);
  fill();
  $("spoken").textContent = `Trade ${n + 1}: ${word("symbol", n)}, ${moment(trades.entry_time[n])} to ${moment(trades.exit_time[n])}, ${percent(trades.gain[n], true)}`;
  if (jump) $("charts").scrollIntoView();
}

// From trade to trade of the symbol in the chart, by time of entry.
function hop(by) {
  const own = view.symbol ? tradesShown() : tradesOf(null);
  if (!own.length) return;
  const sorted = own.map((one) => one.n).sort((a, b) => trades.entry_time[a] - trades.entry_time[b]);
  const at = sorted.indexOf(view.trade);
  show(sorted[at < 0 ? (by > 0 ? 0 : sorted.length - 1) : Math.min(Math.max(at + by, 0), sorted.length - 1)], false);
}

const CSV = ["symbol", "side", "entry_time", "entry_price", "exit_time", "exit_price", "quantity", "bars", "pnl", "gain", "mae", "mfe", "fees", "entry_reason", "exit_reason"];

// A text that a spreadsheet would take for a formula gets an apostrophe.
function csvCell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? "'" + value : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function csvValue(name, n) {
  if (["symbol", "entry_reason", "exit_reason"].includes(name)) return word(name, n);
  if (name === "side") return trades.side[n] > 0 ? "long" : "short";
  const value = trades[name][n];
  return name.endsWith("_time") && value !== null ? new Date(value).toISOString() : value;
}

function csv() {
  return [CSV, ...listed.map((n) => CSV.map((name) => csvValue(name, n)))].map((cells) => cells.map(csvCell).join(",") + "\r\n").join("");
}

function sortable() {
  for (const head of table.tHead.rows[0].cells) {
    const key = head.dataset.key, button = element("button", head.textContent);
    button.type = "button";
    button.addEventListener("click", () => {
      order.rising = order.key === key ? !order.rising : true;
      order.key = key;
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", order.rising ? "ascending" : "descending");
      list();
    });
    head.replaceChildren(button);
  }
}
