"use strict";
// What every picture stands on: the data, units, the frame of a plot, tooltip, legend, controls, data table.
const report = JSON.parse(document.getElementById("report-data").textContent);

// Pictures register here: {id, title, half, caption, data(report) -> value or null, draw(card, value)}.
const pictures = [];
const palette = d3.range(8).map(i => `var(--c${i})`);
const symbolTypes = [d3.symbolCircle, d3.symbolSquare, d3.symbolTriangle, d3.symbolDiamond, d3.symbolCross, d3.symbolWye];

// Units: a quantity is stored in the first unit of its ladder times `base`, and shown in the one that fits.
const ladders = {
  energy: {base: 1e-12, unit: "J"}, time: {base: 1e-9, unit: "s"}, edp: {base: 1, unit: "J·s"},
  rate: {base: 1e9, unit: "MAC/s"}, cycles: {base: 1, unit: "cycles", plain: true}, fraction: {base: 1, unit: "%", percent: true},
  count: {base: 1, unit: "", plain: true}, number: {base: 1, unit: "", plain: true}
};
const prefixes = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"], [1e-12, "p"], [1e-15, "f"], [1e-18, "a"], [1e-21, "z"], [1e-24, "y"]];

// {factor, name}: a stored value times factor is the number to show with that unit.
function unitFor(kind, largest) {
  const ladder = ladders[kind];
  if (ladder.percent) return {factor: 100, name: "%"};
  if (ladder.plain) return {factor: 1, name: ladder.unit};
  const value = Math.abs(largest) * ladder.base;
  const [size, prefix] = prefixes.find(([s]) => value >= s) || (value > 0 ? prefixes[prefixes.length - 1] : [1, ""]);
  return {factor: ladder.base / size, name: prefix + ladder.unit};
}
function show(kind, value) {
  if (value === undefined || value === null || Number.isNaN(value)) return "–";
  const unit = unitFor(kind, value), scaled = value * unit.factor;
  const text = Math.abs(scaled) >= 1e6 || Number.isInteger(scaled) ? d3.format(",.0f")(scaled) : d3.format(".4~g")(scaled);
  return unit.name === "%" ? text + "%" : unit.name ? text + " " + unit.name : text;
}
const axisLabel = (label, unit) => unit.name ? `${label} (${unit.name})` : label;

// A scale over `values` (already in the unit shown): logarithmic when they span more than 20-fold, unless told.
function makeScale(values, range, options = {}) {
  let [low, high] = d3.extent(values.filter(v => Number.isFinite(v)));
  if (low === undefined) [low, high] = [0, 1];
  const log = options.log === undefined ? low > 0 && high / low > 20 : options.log && low > 0;
  if (log) return d3.scaleLog().domain([low / 1.25, high * 1.25]).range(range);
  if (options.zero) low = Math.min(0, low);
  if (low === high) high = low + (Math.abs(low) || 1);
  const pad = 0.05 * (high - low);
  return d3.scaleLinear().domain([options.zero && low === 0 ? 0 : low - pad, high + pad]).range(range);
}
const isLog = scale => scale.base !== undefined;

// An empty plot: svg of `height` with margins; returns {svg, plot, width, height} in plot coordinates.
function makeFrame(card, title, options = {}) {
  const margin = Object.assign({top: 14, right: 18, bottom: 46, left: 76}, options.margin);
  const total = {width: card.half ? 560 : 1130, height: options.height || 420};
  card.stage.selectAll("*").remove();
  const svg = card.stage.append("svg").attr("class", "plot").attr("viewBox", `0 0 ${total.width} ${total.height}`)
    .attr("role", "img").attr("aria-label", title);
  const plot = svg.append("g").attr("transform", `translate(${margin.left},${margin.top})`);
  return {svg, plot, width: total.width - margin.left - margin.right, height: total.height - margin.top - margin.bottom};
}
function drawAxes(frame, x, y, xLabel, yLabel) {
  const {plot, width, height} = frame;
  const short = v => Math.abs(v) >= 1e4 ? d3.format("~s")(v) : d3.format("~g")(v);
  const format = scale => isLog(scale) ? [5, short] : [6];
  plot.append("g").attr("class", "grid").selectAll("line").data(y.ticks(6)).join("line")
    .attr("x2", width).attr("y1", d => y(d)).attr("y2", d => y(d));
  plot.append("g").attr("class", "axis").attr("transform", `translate(0,${height})`).call(d3.axisBottom(x).ticks(...format(x)));
  plot.append("g").attr("class", "axis").call(d3.axisLeft(y).ticks(...format(y)));
  plot.append("text").attr("class", "axis-label").attr("x", width / 2).attr("y", height + 40).attr("text-anchor", "middle").text(xLabel);
  plot.append("text").attr("class", "axis-label").attr("transform", `translate(-60,${height / 2}) rotate(-90)`)
    .attr("text-anchor", "middle").text(yLabel);
}

// Tooltip: rows of [label, value]. Marks get it on hover and, when they are few, on keyboard focus.
const tooltip = d3.select("body").append("div").attr("id", "tooltip").attr("role", "status");
function placeTooltip(x, y) {
  const box = tooltip.node().getBoundingClientRect();
  tooltip.style("left", Math.min(x + 14, innerWidth - box.width - 8) + "px").style("top", Math.min(y + 14, innerHeight - box.height - 8) + "px");
}
function showTooltip(rows, x, y) {
  tooltip.selectAll("*").remove();
  const list = tooltip.append("dl");
  rows.filter(row => row[1] !== undefined && row[1] !== "").forEach(([label, value]) => {
    list.append("dt").text(label);
    list.append("dd").text(value);
  });
  tooltip.style("display", "block");
  placeTooltip(x, y);
}
const hideTooltip = () => tooltip.style("display", "none");
function withTooltip(marks, rows) {
  marks.on("mousemove", function (d) { showTooltip(rows(d), d3.event.clientX, d3.event.clientY); }).on("mouseleave", hideTooltip);
  if (marks.size() <= 150) {
    marks.attr("tabindex", 0).attr("aria-label", d => rows(d).map(r => r.join(" ")).join(", "))
      .on("focus", function (d) { const b = this.getBoundingClientRect(); showTooltip(rows(d), b.right, b.bottom); }).on("blur", hideTooltip);
  }
  return marks;
}

// Controls and legends. A legend item is {name, colour, symbol (d3 symbol type) or dash or nothing (a square), hollow}.
function addSelect(card, label, options, value, changed) {
  const box = card.controls.append("label").text(label + " ");
  const select = box.append("select").on("change", function () { changed(this.value); });
  select.selectAll("option").data(options).join("option").attr("value", d => d.value).property("selected", d => d.value === value).text(d => d.text);
}
function addCheck(card, label, value, changed) {
  const box = card.controls.append("label");
  box.append("input").attr("type", "checkbox").property("checked", value).on("change", function () { changed(this.checked); });
  box.append("span").text(label);
}
function swatch(parent, item) {
  const svg = parent.append("svg").attr("viewBox", "-7 -7 14 14").attr("aria-hidden", "true");
  if (item.line) svg.append("line").attr("x1", -7).attr("x2", 7).attr("stroke", item.colour).attr("stroke-width", 2.5).attr("stroke-dasharray", item.dash || null);
  else svg.append("path").attr("d", d3.symbol().type(item.symbol || d3.symbolSquare).size(70)()).attr("fill", item.hollow ? "none" : item.colour)
    .attr("stroke", item.colour).attr("stroke-width", 1.5);
}
function addLegend(card, items, toggled) {
  const hidden = new Set();
  card.legend.selectAll("*").remove();
  items.forEach(item => {
    const entry = card.legend.append(toggled ? "button" : "span");
    swatch(entry, item);
    entry.append("span").text(item.name);
    if (!toggled) return;
    entry.attr("type", "button").attr("aria-pressed", "true").on("click", function () {
      if (!hidden.delete(item.name)) hidden.add(item.name);
      this.setAttribute("aria-pressed", String(!hidden.has(item.name)));
      toggled(hidden);
    });
  });
}

// The picture's numbers as a table, built when it is opened. Columns: [label, row => text].
function setTable(card, columns, rows) {
  card.table.selectAll("*").remove();
  card.table.append("summary").text(`Data as a table (${d3.format(",")(rows.length)} rows)`);
  card.table.on("toggle", function () {
    if (!this.open || this.querySelector("table")) return;
    const table = card.table.append("div").attr("class", "scroll").attr("tabindex", 0).append("table");
    table.append("thead").append("tr").selectAll("th").data(columns).join("th").attr("scope", "col").text(c => c[0]);
    table.append("tbody").selectAll("tr").data(rows).join("tr").selectAll("td").data(row => columns.map(c => c[1](row))).join("td").text(d => d);
  });
}
