// Equity beside buy and hold, and drawdown.
function visibleRange(columns) {
  const first = Math.max(0, after(curvePlaces, view.from) - 1), end = Math.min(curvePlaces.length, after(curvePlaces, view.to) + 1);
  let low = Infinity, high = -Infinity;
  for (const column of columns)
    for (let n = first; n < end; n++) {
      const value = column[n];
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  return { first, end, low, high };
}

function line(panel, ink, column, { first, end }) {
  ink.beginPath();
  let started = false, column1 = null, high = null, low = null;
  // Many points share a pixel: each pixel gets its lowest and its highest.
  const flush = () => { if (column1 !== null) { ink.lineTo(column1, high); if (low !== high) ink.lineTo(column1, low); } };
  for (let n = first; n < end; n++) {
    if (column[n] === null) continue;
    const x = panel.x(curvePlaces[n]), y = panel.y(column[n]), pixel = Math.round(x * 2) / 2;
    if (!started) { ink.moveTo(x, y); started = true; }
    if (pixel === column1) { high = Math.min(high, y); low = Math.max(low, y); continue; }
    flush();
    [column1, high, low] = [pixel, y, y];
  }
  flush();
}

const curveAt = (place) => Math.max(0, after(curvePlaces, place + 1e-6) - 1);

new Panel("equity", {
  axis: true,
  scale() {
    const seen = visibleRange([curve.equity, curve.buy_and_hold]);
    let { low, high } = seen;
    if (low === high) { low -= Math.abs(low) * 0.01 || 1; high += Math.abs(high) * 0.01 || 1; }
    const log = view.log && low > 0;
    const room = log ? (high / low) ** 0.05 : (high - low) * 0.06;
    return { ...seen, low: log ? low / room : low - room, high: log ? high * room : high + room, log, text: levelText };
  },
  draw(panel, ink) {
    const start = Math.round(panel.y(data.initial)) + 0.5;
    ink.strokeStyle = colour("line");
    if (start > 0 && start < panel.bottom) panel.stroke(ink, 0, start, panel.width, start);
    ink.lineJoin = "round";
    ink.strokeStyle = colour("held");
    ink.lineWidth = 1.4;
    ink.setLineDash([6, 4]);
    line(panel, ink, curve.buy_and_hold, panel.range);
    ink.stroke();
    ink.setLineDash([]);
    ink.strokeStyle = colour("strategy");
    ink.lineWidth = 2;
    line(panel, ink, curve.equity, panel.range);
    ink.stroke();
    ink.lineWidth = 1;
  },
  read(place) {
    const n = place === null ? curvePlaces.length - 1 : curveAt(place);
    const change = (value) => `${number(value)} (${percent(known(value) ? value / data.initial - 1 : null, true)})`;
    return `${moment(curveTimes[n])}  ━ strategy ${change(curve.equity[n])}  ╌ buy and hold ${change(curve.buy_and_hold[n])}`;
  },
});

new Panel("drawdown", {
  axis: false,
  scale() {
    const seen = visibleRange([curve.drawdown]);
    return { ...seen, low: Math.min(seen.low, -0.001) * 1.08, high: 0, text: (value, step) => levelText(value * 100, step * 100) + THIN + "%" };
  },
  draw(panel, ink) {
    const { first, end } = panel.range;
    line(panel, ink, curve.drawdown, panel.range);
    ink.strokeStyle = ink.fillStyle = colour("down");
    ink.stroke();
    ink.lineTo(panel.x(curvePlaces[end - 1]), panel.y(0));
    ink.lineTo(panel.x(curvePlaces[first]), panel.y(0));
    ink.globalAlpha = 0.18;
    ink.fill();
    ink.globalAlpha = 1;
  },
  read(place) {
    const n = place === null ? curve.drawdown.indexOf(Math.min(...curve.drawdown.filter(known))) : curveAt(place);
    return `${moment(curveTimes[n])}  ${percent(curve.drawdown[n])}${place === null ? ", the deepest" : ""}`;
  },
});
