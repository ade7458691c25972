// Candles with the trades of one symbol.
const candlesOf = {};
for (const [symbol, packed] of Object.entries(data.candles)) {
  const times = timesOf(packed.times);
  candlesOf[symbol] = { ...packed, times, places: times.map(placeOf) };
}
const tradesOf = (symbol) => {
  const found = [];
  for (let n = 0; n < tradeCount; n++)
    if (word("symbol", n) === symbol)
      found.push({ n, from: placeOf(trades.entry_time[n]), to: trades.open[n] ? lastPlace : placeOf(trades.exit_time[n]) });
  return found;
};
const shownTrades = new Map();
const tradesShown = () => {
  if (!shownTrades.has(view.symbol)) shownTrades.set(view.symbol, tradesOf(view.symbol));
  return shownTrades.get(view.symbol);
};

function visibleCandles(panel) {
  const all = candlesOf[view.symbol], places = all.places;
  const first = Math.max(0, after(places, view.from) - 1), end = Math.min(places.length, after(places, view.to) + 1);
  const room = Math.max(1, Math.floor(panel.width / 4));
  let group = 1;
  while ((end - first) / group > room) group *= 2;
  const found = [];
  for (let start = Math.floor(first / group) * group; start < end; start += group) {
    const stop = Math.min(start + group, places.length);
    let high = all.high[start], low = all.low[start];
    for (let n = start + 1; n < stop; n++) {
      if (all.high[n] > high) high = all.high[n];
      if (all.low[n] < low) low = all.low[n];
    }
    const width = (places[stop - 1] - places[start]) + (all.every_bars || 1);
    found.push({ place: (places[start] + places[stop - 1]) / 2, width, open: all.open[start], high, low, close: all.close[stop - 1] });
  }
  return found;
}

const pricePanel = data.candles && view.symbol && new Panel("price", {
  axis: true,
  names: true,
  scale(panel) {
    panel.candles = visibleCandles(panel);
    let low = Infinity, high = -Infinity;
    for (const one of panel.candles) { if (one.low < low) low = one.low; if (one.high > high) high = one.high; }
    const room = (high - low || high || 1) * 0.06;
    return { low: low - room, high: high + room, text: levelText };
  },
  draw(panel, ink) {
    const [up, down, back] = [colour("up"), colour("down"), colour("panel")];
    const scale = panel.width / (view.to - view.from);
    ink.lineWidth = 1;
    for (const one of panel.candles) {
      const x = Math.round(panel.x(one.place)) + 0.5, rose = one.close >= one.open;
      const body = Math.min(Math.max(1, Math.floor(one.width * scale * 0.7)), 22);
      ink.strokeStyle = ink.fillStyle = rose ? up : down;
      panel.stroke(ink, x, panel.y(one.high), x, panel.y(one.low));
      if (body < 2) continue;
      const top = Math.round(panel.y(Math.max(one.open, one.close))), height = Math.max(1, Math.round(panel.y(Math.min(one.open, one.close))) - top);
      if (rose && body > 3 && height > 2) ink.fillStyle = back;
      ink.fillRect(x - body / 2, top, body, height);
      if (rose && body > 3 && height > 2) ink.strokeRect(Math.round(x - body / 2) + 0.5, top + 0.5, body - 1, height - 1);
    }
    drawTrades(panel, ink);
  },
  read(place) {
    const all = candlesOf[view.symbol];
    if (place === null && this.panel?.crowded) return `${view.symbol}  ${count(this.panel.crowded)} trades as a strip below; zoom in to see each`;
    if (place === null) return view.symbol + (tradesShown().length ? "" : " was not traded");
    const n = Math.max(0, after(all.places, place + 1e-6) - 1);
    const figures = ["open", "high", "low", "close"].map((name) => `${name} ${price(all[name][n])}`).join("  ");
    const held = tradesShown().find((one) => one.from <= place && place <= one.to);
    const told = held ? `  in trade ${held.n + 1}, ${percent(trades.gain[held.n], true)}` : "";
    return `${view.symbol}  ${moment(all.times[n])}  ${figures}${told}`;
  },
});

// Few trades are drawn where they were made; many as a strip that shows when something was held, and what came of it.
function drawTrades(panel, ink) {
  const visible = tradesShown().filter((one) => one.to >= view.from && one.from <= view.to);
  const [text, up, down, back] = ["text", "up", "down", "panel"].map(colour);
  const few = visible.length <= panel.width / 6;
  for (const { n, from, to } of visible) {
    const [x1, x2] = [panel.x(from), panel.x(to)], won = trades.pnl[n] > 0 ? up : down, chosen = view.trade === n;
    if (!few && !chosen) {
      ink.fillStyle = won;
      ink.fillRect(x1, panel.bottom - 6, Math.max(1, x2 - x1), 6);
      continue;
    }
    const [y1, y2] = [panel.y(trades.entry_price[n]), panel.y(trades.exit_price[n])], size = (visible.length <= panel.width / 12 ? 5.5 : 4) + (chosen ? 2 : 0);
    ink.strokeStyle = text;
    ink.lineWidth = chosen ? 2 : 1;
    ink.setLineDash(trades.open[n] ? [2, 4] : [5, 3]);
    panel.stroke(ink, x1, y1, x2, y2);
    ink.setLineDash([]);
    ink.lineWidth = 1.5;
    arrow(ink, x1, y1, size, trades.side[n], text, back);
    if (!trades.open[n]) diamond(ink, x2, y2, size - 1, won, back);
  }
  ink.lineWidth = 1;
  panel.crowded = few ? 0 : visible.length;
}

function arrow(ink, x, y, size, side, fill, edge) {
  ink.beginPath();
  ink.moveTo(x, y + side * 2);
  ink.lineTo(x - size, y + side * (2 + 1.7 * size));
  ink.lineTo(x + size, y + side * (2 + 1.7 * size));
  ink.closePath();
  outlined(ink, fill, edge);
}

function diamond(ink, x, y, size, fill, edge) {
  ink.beginPath();
  ink.moveTo(x, y - size);
  ink.lineTo(x + size, y);
  ink.lineTo(x, y + size);
  ink.lineTo(x - size, y);
  ink.closePath();
  outlined(ink, fill, edge);
}

function outlined(ink, fill, edge) {
  ink.strokeStyle = edge;
  ink.stroke();
  ink.fillStyle = fill;
  ink.fill();
}
