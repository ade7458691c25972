// One axis for all charts: bars, counted from 0, so nights and weekends without bars leave no holes. Times are looked up.
const curve = data.curve;
const curveTimes = timesOf(curve.times);
const curvePlaces = curve.places ? Float64Array.from(curve.places) : Float64Array.from(curveTimes, (_, n) => n);
const lastPlace = curvePlaces[curvePlaces.length - 1];

function between(from, to, value) {
  const next = after(from, value), count = from.length;
  if (next === 0) return to[0];
  if (next === count) return to[count - 1];
  return to[next - 1] + (to[next] - to[next - 1]) * (value - from[next - 1]) / (from[next] - from[next - 1]);
}
const placeOf = (time) => between(curveTimes, curvePlaces, time);
const timeOf = (place) => between(curvePlaces, curveTimes, place);

const CLOSEST = Math.min(12, Math.max(lastPlace, 1));
const view = { from: -0.5, to: lastPlace + 0.5, hover: null, trade: null, log: false, symbol: Object.keys(data.candles)[0] ?? null };
const panels = [];
let drawing = 0;

function redraw() {
  if (!drawing) drawing = requestAnimationFrame(() => { drawing = 0; for (const panel of panels) panel.paint(); told(); });
}

function look(from, to) {
  const whole = lastPlace + 1, span = Math.min(Math.max(to - from, CLOSEST), whole);
  const middle = (from + to) / 2;
  view.from = Math.min(Math.max(middle - span / 2, -0.5), lastPlace + 0.5 - span);
  view.to = view.from + span;
  redraw();
}
const zoom = (factor, at = (view.from + view.to) / 2) => look(at - (at - view.from) * factor, at + (view.to - at) * factor);
const pan = (share) => look(view.from + (view.to - view.from) * share, view.to + (view.to - view.from) * share);
const wholeRun = () => look(-0.5, lastPlace + 0.5);

function told() {
  const first = curveTimes[Math.max(0, after(curvePlaces, Math.ceil(view.from)) - 1)], last = timeOf(Math.floor(view.to));
  $("range").textContent = `${moment(first)} to ${moment(last)}`;
}

const MINUTE = 60e3, HOUR = 3600e3, DAY = 86400e3;
const STEPS = [MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY];
const MONTHS = [1, 2, 3, 6, 12, 24, 60, 120];

function* marks(from, to, wanted) {
  const step = STEPS.find((one) => (to - from) / one <= wanted);
  if (step) {
    // Weeks begin on Mondays; the epoch was a Thursday.
    const start = step === 7 * DAY ? 4 * DAY : 0;
    for (let time = Math.ceil((from - start) / step) * step + start; time <= to; time += step) yield [time, step];
    return;
  }
  const months = MONTHS.find((one) => (to - from) / (one * 30.4 * DAY) <= wanted) ?? 240;
  const begin = new Date(from);
  let month = begin.getUTCFullYear() * 12 + begin.getUTCMonth();
  month = Math.ceil(month / months) * months;
  for (;; month += months) {
    const time = Date.UTC(Math.floor(month / 12), month % 12, 1);
    if (time > to) return;
    if (time >= from) yield [time, months * 30 * DAY];
  }
}

function markText(time, step) {
  const date = new Date(time), text = date.toUTCString();
  if (step < DAY && time % DAY) return text.slice(17, 22);
  if (step < 28 * DAY) return `${date.getUTCDate()} ${text.slice(8, 11)}`;
  return date.getUTCMonth() ? text.slice(8, 11) : String(date.getUTCFullYear());
}

// Round values between low and high, about `wanted` of them.
function levels(low, high, wanted, logarithmic) {
  if (logarithmic && low > 0 && high / low > 4) {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
      for (const digit of [1, 2, 5]) { const value = digit * 10 ** power; if (value >= low && value <= high) found.push(value); }
    if (found.length >= 2) return found;
  }
  const rough = (high - low) / Math.max(wanted, 1), power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough);
  const found = [];
  for (let n = Math.ceil(low / step); n * step <= high + step * 1e-9; n++) found.push(n * step);
  return found;
}

// A level with no more decimals than its distance to the next one needs; steps of 2.5 need one more.
function levelText(value, step) {
  const decimals = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  const whole = step * 10 ** decimals;
  return number(value, Math.abs(whole - Math.round(whole)) > 1e-6 ? decimals + 1 : decimals);
}
