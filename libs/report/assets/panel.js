// A chart's canvas: its size, its grid, and every way to move it: mouse, wheel, fingers, keys.
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
const FONT = "12px system-ui, sans-serif";

class Panel {
  // parts: scale() -> {low, high, text} of what is visible, draw(panel, ink), read(place) -> text, and whether the time axis is shown.
  constructor(id, parts) {
    this.canvas = $(id);
    this.readout = $(id + "-readout");
    this.parts = parts;
    parts.panel = this;
    this.pointers = new Map();
    this.selection = null;
    panels.push(this);
    new ResizeObserver(() => this.fit()).observe(this.canvas);
    this.listen();
  }

  fit() {
    const { width, height } = this.canvas.getBoundingClientRect(), dense = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * dense);
    this.canvas.height = Math.round(height * dense);
    this.dense = dense;
    this.paint();
  }

  x(place) { return (place - view.from) / (view.to - view.from) * this.width; }
  place(x) { return view.from + x / this.width * (view.to - view.from); }

  y(value) {
    const { low, high, log } = this.range;
    const share = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
    return this.top + (1 - share) * (this.bottom - this.top);
  }

  paint() {
    const ink = this.canvas.getContext("2d");
    if (!this.dense || !this.canvas.width) return;
    ink.setTransform(this.dense, 0, 0, this.dense, 0, 0);
    const whole = this.canvas.width / this.dense, height = this.canvas.height / this.dense;
    this.width = whole - (whole < 500 ? 58 : 72);
    [this.top, this.bottom] = [8, height - (this.parts.axis ? 22 : 8)];
    ink.clearRect(0, 0, whole, height);
    ink.font = FONT;
    this.range = this.parts.scale(this);
    this.grid(ink, whole, height);
    ink.save();
    ink.beginPath();
    ink.rect(0, 0, this.width, height);
    ink.clip();
    this.keptBack(ink);
    this.parts.draw(this, ink);
    this.cross(ink, height);
    ink.restore();
    this.readout.textContent = this.parts.read(view.hover);
  }

  grid(ink, whole, height) {
    ink.lineWidth = 1;
    ink.strokeStyle = colour("grid");
    ink.fillStyle = colour("muted");
    ink.textBaseline = "middle";
    ink.textAlign = "left";
    const values = levels(this.range.low, this.range.high, (this.bottom - this.top) / 55, this.range.log);
    const step = values.length > 1 ? values[1] - values[0] : values[0] || 1;
    for (const value of values) {
      const y = Math.round(this.y(value)) + 0.5;
      this.stroke(ink, 0, y, this.width, y);
      ink.fillText(this.range.text(value, step), this.width + 6, y);
    }
    ink.textAlign = "center";
    let free = -Infinity;
    for (const [time, step] of marks(timeOf(view.from), timeOf(view.to), this.width / 80)) {
      const x = Math.round(this.x(placeOf(time))) + 0.5, text = markText(time, step), half = ink.measureText(text).width / 2;
      if (x - half < Math.max(free, 0) || x + half > this.width) continue;
      this.stroke(ink, x, 0, x, this.bottom);
      if (this.parts.axis) ink.fillText(text, x, height - 9);
      free = x + half + 12;
    }
  }

  stroke(ink, x1, y1, x2, y2) {
    ink.beginPath();
    ink.moveTo(x1, y1);
    ink.lineTo(x2, y2);
    ink.stroke();
  }

  keptBack(ink) {
    if (data.held_back_from === null || data.held_back_from > curveTimes[curveTimes.length - 1]) return;
    const x = this.x(placeOf(data.held_back_from) - 0.5);
    if (x >= this.width) return;
    ink.fillStyle = colour("back");
    ink.fillRect(Math.max(x, 0), 0, this.width, this.bottom);
    if (!this.parts.names || x < 0 || x > this.width - 66) return;
    ink.fillStyle = colour("muted");
    ink.textAlign = "left";
    ink.fillText("kept back", x + 6, this.top + 6);
  }

  cross(ink, height) {
    if (this.selection) {
      const [from, to] = this.selection;
      ink.fillStyle = colour("select");
      ink.fillRect(Math.min(from, to), 0, Math.abs(to - from), height);
    }
    if (view.hover === null) return;
    ink.strokeStyle = colour("muted");
    ink.setLineDash([3, 3]);
    const x = Math.round(this.x(view.hover)) + 0.5;
    this.stroke(ink, x, 0, x, this.bottom);
    ink.setLineDash([]);
  }

  listen() {
    const canvas = this.canvas, spot = (event) => event.clientX - canvas.getBoundingClientRect().left;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, spot(event));
      this.moved = false;
      if (event.pointerType === "mouse") this.selection = [spot(event), spot(event)];
      else this.selection = null;
    });
    canvas.addEventListener("pointermove", (event) => this.move(event, spot(event)));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => this.release(event));
    canvas.addEventListener("pointerleave", () => { if (!this.pointers.size) { view.hover = null; redraw(); } });
    canvas.addEventListener("dblclick", wholeRun);
    canvas.addEventListener("wheel", (event) => {
      if (event.ctrlKey) zoom(Math.exp(event.deltaY / 150), this.place(spot(event)));
      else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) pan(event.deltaX / this.width);
      else return;
      event.preventDefault();
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => { view.hover = null; redraw(); });
  }

  move(event, x) {
    const before = this.pointers.get(event.pointerId);
    view.hover = Math.min(Math.max(Math.round(this.place(x)), 0), lastPlace);
    if (before !== undefined) {
      this.moved ||= Math.abs(x - before) > 3;
      if (this.selection) this.selection[1] = x;
      else this.drag(event.pointerId, before, x);
    }
    redraw();
  }

  drag(pointer, before, x) {
    const [other] = [...this.pointers].filter(([id]) => id !== pointer).map(([, at]) => at);
    this.pointers.set(pointer, x);
    if (other === undefined) pan((before - x) / this.width);
    else if (Math.abs(other - x) > 4) zoom(Math.abs(other - before) / Math.abs(other - x), this.place((other + x) / 2));
  }

  release(event) {
    this.pointers.delete(event.pointerId);
    const chosen = this.selection;
    this.selection = null;
    if (chosen && event.type === "pointerup" && Math.abs(chosen[0] - chosen[1]) > 6)
      look(this.place(Math.min(...chosen)), this.place(Math.max(...chosen)));
    redraw();
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const span = view.to - view.from, small = Math.max(1, Math.round(span / 200));
    const steps = { ArrowLeft: -small, ArrowRight: small, PageUp: -small * 20, PageDown: small * 20 };
    const acts = { "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), 0: wholeRun, Escape: wholeRun, "[": () => hop(-1), "]": () => hop(1) };
    if (event.key in steps) this.step(steps[event.key]);
    else if (event.key === "Home" || event.key === "End") this.step(event.key === "Home" ? -Infinity : Infinity);
    else if (acts[event.key]) acts[event.key]();
    else return;
    event.preventDefault();
  }

  step(by) {
    const from = view.hover ?? Math.round(by > 0 ? view.from : view.to);
    view.hover = Math.min(Math.max(from + by, 0), lastPlace);
    const margin = view.hover < view.from ? view.hover - view.from : view.hover > view.to ? view.hover - view.to : 0;
    if (margin) look(view.from + margin, view.to + margin);
    redraw();
    $("spoken").textContent = this.parts.read(view.hover);
  }
}
