// Head of the page, then every picture whose data is there, in reading order.
const readingOrder = ["pareto", "energy", "latency", "calibration", "roofline", "search", "predictor", "utilisation", "stalls", "dram", "banks"];

function flatten(value, prefix, out) {
  Object.entries(value).forEach(([key, v]) => {
    const name = prefix ? `${prefix}.${key}` : key;
    if (v !== null && typeof v === "object" && !Array.isArray(v)) flatten(v, name, out);
    else if (!(Array.isArray(v) && v.some(e => typeof e === "object"))) out.push([name, Array.isArray(v) ? v.join(", ") : v]);
  });
  return out;
}
function summaryText(key, value) {
  if (typeof value !== "number") return String(value);
  const kind = /_pj$/.test(key) ? "energy" : /_ns$/.test(key) ? "time" : /_js$/.test(key) ? "edp" : /_cycles$/.test(key) ? "cycles" : "number";
  return show(kind, value);
}
function drawRuns(parent) {
  const runs = report.runs || [];
  if (!runs.length) return;
  const reference = runs.find(r => r.name === "dense") || null;
  const boxes = parent.append("div").attr("class", "runs").selectAll("div").data(runs).join("div").attr("class", "run");
  boxes.append("h3").text(r => r.name);
  boxes.append("p").attr("class", "soft").text(r => `${r.network}, ${r.method}, on ${r.arch}`);
  boxes.append("dl").each(function (r) {
    const times = key => reference && reference !== r && r[key] > 0 ? ` (${d3.format(".2f")(reference[key] / r[key])}x less than dense)` : "";
    const rows = [["latency", show("time", r.latency_ns) + times("latency_ns")], ["energy", show("energy", r.energy_pj) + times("energy_pj")],
      ["energy x delay", show("edp", r.edp_js) + times("edp_js")], ["MACs", show("count", r.macs)], ["of peak", show("fraction", Math.round(r.utilization_of_peak * 1e4) / 1e4)]];
    rows.forEach(([k, v]) => { d3.select(this).append("dt").text(k); d3.select(this).append("dd").text(v); });
  });
}
function drawHead() {
  document.title = report.title;
  d3.select("#title").text(report.title);
  const runs = report.runs || [], head = d3.select("#head");
  d3.select("#subtitle").text(runs.length ? `Simulated by ${runs[0].program} ${runs[0].version}; runs: ${runs.map(r => `${r.name} (${r.file.split("/").pop()})`).join(", ")}` : "");
  drawRuns(head);
  const rows = report.summary ? flatten(report.summary, "", []) : [];
  if (!rows.length) return;
  const details = head.append("details").property("open", rows.length <= 12);
  details.append("summary").text(`Summary (${rows.length} figures)`);
  const body = details.append("div").attr("class", "scroll").attr("tabindex", 0).append("table").append("tbody");
  body.selectAll("tr").data(rows).join("tr").selectAll("td").data(([k, v]) => [k, summaryText(k, v)]).join("td").text(d => d);
}
function makeCard(picture) {
  const figure = d3.select("main").append("figure").attr("class", picture.half ? "card half" : "card").attr("id", "fig-" + picture.id);
  figure.append("h2").text(picture.title);
  const card = {half: picture.half, controls: figure.append("div").attr("class", "controls"), legend: figure.append("div").attr("class", "legend"), stage: figure.append("div")};
  figure.append("figcaption").text(picture.caption);
  card.table = figure.append("details");
  card.done = () => figure.attr("data-marks", card.stage.selectAll(".mark").size());
  return card;
}

drawHead();
const shown = readingOrder.map(id => pictures.find(p => p.id === id)).map(p => ({picture: p, data: p.data(report)})).filter(p => p.data);
// Two half cards make a row; a half card without a neighbour takes the whole row.
shown.forEach((entry, i) => { entry.left = entry.picture.half && !(i > 0 && shown[i - 1].left); });
shown.forEach((entry, i) => {
  const paired = entry.picture.half && (entry.left ? i + 1 < shown.length && shown[i + 1].picture.half : true);
  entry.picture.draw(makeCard(Object.assign({}, entry.picture, {half: paired})), entry.data);
});
document.documentElement.dataset.rendered = String(shown.length);
