const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const MISSING = "–", THIN = "\u202f", MINUS = "\u2212";
const known = (value) => typeof value === "number" && Number.isFinite(value);

function number(value, digits = 2, signed = false) {
  if (!known(value)) return MISSING;
  const text = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const sign = /^[0.,]*$/.test(text) ? "" : value < 0 ? MINUS : signed ? "+" : "";
  return sign + text;
}
const percent = (value, signed = false, digits = 2) => (known(value) ? number(value * 100, digits, signed) + THIN + "%" : MISSING);
const count = (value) => (known(value) ? number(value, Number.isInteger(value) ? 0 : 1) : MISSING);

function price(value) {
  const size = Math.abs(value);
  return number(value, size >= 100 ? 2 : size >= 1 ? 4 : size >= 0.01 ? 6 : 8);
}
const moment = (ms) => (known(ms) ? new Date(ms).toISOString().slice(0, 16).replace("T", " ") : MISSING);
const tone = (value) => (value > 0 ? "up" : value < 0 ? "down" : "");

function element(name, text, style) {
  const made = document.createElement(name);
  if (text !== undefined && text !== null) made.textContent = text;
  if (style) made.className = style;
  return made;
}

function timesOf(packed) {
  const found = new Float64Array(packed.count);
  let time = packed.first, place = 0;
  if (packed.count) found[place++] = time;
  for (const [units, often] of packed.runs) for (let n = 0; n < often; n++) found[place++] = time += units * packed.unit;
  return found;
}

// The first place whose value is above `wanted`, in rising values.
function after(values, wanted) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= wanted) low = middle + 1; else high = middle;
  }
  return low;
}

const trades = data.trades;
const tradeCount = trades.entry_time.length;
const word = (column, n) => (trades[column][n] === null ? "" : trades.words[trades[column][n]]);
