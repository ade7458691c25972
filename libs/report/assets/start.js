// Everything is there: wire it up.
document.documentElement.classList.add("script");

function choose(symbol) {
  view.symbol = symbol;
  if ($("symbol")) $("symbol").value = symbol;
  redraw();
}

const ACTS = { all: wholeRun, in: () => zoom(0.5), out: () => zoom(2), earlier: () => pan(-0.5), later: () => pan(0.5), previous: () => hop(-1), next: () => hop(1) };
for (const button of document.querySelectorAll("[data-act]")) {
  if (!tradeCount && ["previous", "next"].includes(button.dataset.act)) button.hidden = true;
  button.addEventListener("click", ACTS[button.dataset.act]);
}
$("log").addEventListener("change", (event) => { view.log = event.target.checked; redraw(); });
if ($("symbol")) $("symbol").addEventListener("change", (event) => choose(event.target.value));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

if (table) {
  sortable();
  for (const id of ["filter", "outcome"]) $(id).addEventListener("input", () => { rowsShown = PAGE; list(); });
  $("more").addEventListener("click", () => { rowsShown += PAGE; fill(); });
  $("csv").addEventListener("click", () => {
    const link = element("a");
    link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
    link.download = data.file + "-trades.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  list();
}
redraw();
