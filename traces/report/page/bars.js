// No more keys than there are colours: the smallest become one, "other".
function fewKeys(rows, keys) {
  if (keys.length <= palette.length) return {rows, keys};
  const sizes = new Map(keys.map(k => [k, d3.sum(rows, r => d3.sum(r.bars, b => d3.sum(b.segments.filter(s => s.key === k), s => s.value)))]));
  const kept = new Set(keys.slice().sort((a, b) => sizes.get(b) - sizes.get(a)).slice(0, palette.length - 1));
  const merge = bar => Object.assign({}, bar, {segments: [...bar.segments.filter(s => kept.has(s.key)), {key: "other", value: d3.sum(bar.segments.filter(s => !kept.has(s.key)), s => s.value)}]});
  return {rows: rows.map(r => ({label: r.label, bars: r.bars.map(merge)})), keys: [...keys.filter(k => kept.has(k)), "other"]};
}

// Horizontal stacked bars: rows of labels, in each row one bar a series, in each bar one segment a key.
// rows: [{label, bars: [{name, total, segments: [{key, value}]}]}]; keys: colour order; kind: unit ladder.
function stackedBars(card, title, {rows: allRows, keys: allKeys, kind, axis}) {
  const {rows, keys} = fewKeys(allRows, allKeys);
  const barHeight = 15, gap = 12;
  const perRow = d3.max(rows, r => r.bars.length) || 1;
  const rowHeight = perRow * (barHeight + 2) + gap;
  const largest = d3.max(rows, r => d3.max(r.bars, b => b.total)) || 1;
  const unit = unitFor(kind, largest);
  const labelWidth = Math.min(330, 20 + 6.6 * (d3.max(rows, r => r.label.length) || 0));
  const frame = makeFrame(card, title, {height: rows.length * rowHeight + 64, margin: {left: labelWidth, right: 175, top: 6, bottom: 50}});
  const {plot, width, height} = frame;
  const x = d3.scaleLinear().domain([0, largest * unit.factor]).range([0, width]);
  plot.append("g").attr("class", "grid").selectAll("line").data(x.ticks(6)).join("line").attr("y2", height).attr("x1", d => x(d)).attr("x2", d => x(d));
  plot.append("g").attr("class", "axis").attr("transform", `translate(0,${height})`).call(d3.axisBottom(x).ticks(6));
  plot.append("text").attr("class", "axis-label").attr("x", width / 2).attr("y", height + 42).attr("text-anchor", "middle").text(axisLabel(axis, unit));
  const colour = d3.scaleOrdinal().domain(keys).range(palette);
  const segments = [];
  rows.forEach((row, r) => {
    const top = r * rowHeight + gap / 2;
    plot.append("text").attr("x", -8).attr("y", top + perRow * (barHeight + 2) / 2).attr("dy", "0.35em").attr("text-anchor", "end").text(row.label);
    row.bars.forEach((bar, b) => {
      let from = 0;
      const y = top + b * (barHeight + 2);
      bar.segments.filter(s => s.value > 0).forEach(s => {
        segments.push({row: row.label, bar, segment: s, y, x0: x(from * unit.factor), x1: x((from + s.value) * unit.factor)});
        from += s.value;
      });
      plot.append("text").attr("class", "note").attr("x", x(from * unit.factor) + 6).attr("y", y + barHeight / 2).attr("dy", "0.35em")
        .text(`${bar.name} ${show(kind, bar.total)}`);
    });
  });
  const marks = plot.append("g").selectAll("rect").data(segments).join("rect").attr("class", "mark")
    .attr("x", d => d.x0).attr("y", d => d.y).attr("width", d => Math.max(0.5, d.x1 - d.x0)).attr("height", barHeight).attr("fill", d => colour(d.segment.key))
    .attr("stroke", "var(--card)").attr("stroke-width", 0.6);
  withTooltip(marks, d => [["", d.row], [d.bar.name, d.segment.key], ["value", show(kind, d.segment.value)],
    ["of the bar", show("fraction", d.segment.value / d.bar.total)]]);
  addLegend(card, keys.map(k => ({name: k, colour: colour(k)})));
  setTable(card, [["row", d => d.row], ["series", d => d.bar.name], ["part", d => d.segment.key], [axisLabel(axis, unit), d => d3.format(".6~g")(d.segment.value * unit.factor)]], segments);
}

// "encoder.layer.11.output.dense" -> "encoder.layer.*.output.dense".
const acrossBlocks = name => name.replace(/\.\d+(?=\.|$)/g, ".*");

// Layers of all series as rows; with `merged`, equal layers of all blocks are one row.
function layerRows(series, merged, total, segmentsOf) {
  const order = [], byLabel = new Map();
  series.forEach(({name, layers}) => layers.forEach(layer => {
    const label = merged ? acrossBlocks(layer.layer) : layer.layer;
    if (!byLabel.has(label)) { byLabel.set(label, new Map()); order.push(label); }
    const bars = byLabel.get(label);
    if (!bars.has(name)) bars.set(name, {name, total: 0, sums: new Map()});
    const bar = bars.get(name);
    bar.total += total(layer);
    segmentsOf(layer, name).forEach(([key, value]) => bar.sums.set(key, (bar.sums.get(key) || 0) + value));
  }));
  return order.map(label => ({label, bars: [...byLabel.get(label).values()]})).filter(row => row.bars.some(b => b.total > 0));
}
function drawLayers(card, series, title, kind, axis, total, segmentsOf) {
  const names = new Set();
  series.forEach(s => s.layers.forEach(l => segmentsOf(l, s.name).forEach(([key]) => names.add(key))));
  const keys = [...names];
  let merged = true;
  const render = () => {
    const rows = layerRows(series, merged, total, segmentsOf);
    rows.forEach(r => r.bars.forEach(b => { b.segments = keys.filter(k => b.sums.has(k)).map(key => ({key, value: b.sums.get(key)})); }));
    stackedBars(card, title, {rows, keys, kind, axis});
    card.done();
  };
  if (series.some(s => s.layers.some(l => acrossBlocks(l.layer) !== l.layer)))
    addCheck(card, "sum equal layers of all blocks", merged, value => { merged = value; render(); });
  render();
}

const layerSeries = r => r.layers && r.layers.some(s => s.layers.length) ? r.layers : null;
pictures.push({
  id: "energy", title: "Energy by layer", data: layerSeries,
  caption: "Where the energy of one inference goes: each bar is a layer of one network, its parts are the machine's components. Shorter is better; compare the bars of a row.",
  draw: (card, series) => drawLayers(card, series, "Energy by layer and component", "energy", "Energy",
    l => d3.sum(Object.values(l.energy_by_component_pj)), l => Object.entries(l.energy_by_component_pj))
});
pictures.push({
  id: "latency", title: "Latency by layer", data: layerSeries,
  caption: "How long each layer takes, network by network. Layers run one after another, so the bars of one network add up to its latency.",
  draw: (card, series) => drawLayers(card, series, "Latency by layer", "time", "Latency", l => l.latency_ns, (l, name) => [[name, l.latency_ns]])
});
pictures.push({
  id: "stalls", title: "Stalls", data: r => r.runs && r.runs.some(run => run.stalls.length) ? r.runs : null,
  caption: "Cycles in which an engine waited, summed over all engines of that kind, by what it waited for (command: none was queued). Engines work side by side, so the sum may exceed the run.",
  draw: (card, runs) => {
    let by = "engine";
    const render = () => {
      const keys = [...new Set(runs.flatMap(r => r.stalls.map(s => s.reason)))].sort();
      const labels = [...new Set(runs.flatMap(r => r.stalls.map(s => s[by])))];
      const rows = labels.map(label => ({
        label, bars: runs.map(run => {
          const mine = run.stalls.filter(s => s[by] === label);
          return {name: run.name, total: d3.sum(mine, s => s.cycles), segments: keys.map(key => ({key, value: d3.sum(mine.filter(s => s.reason === key), s => s.cycles)}))};
        })
      }));
      rows.sort((a, b) => d3.max(b.bars, x => x.total) - d3.max(a.bars, x => x.total));
      stackedBars(card, "Stall cycles by cause", {rows: rows.slice(0, 24), keys, kind: "cycles", axis: "Stalled"});
      card.done();
    };
    addSelect(card, "rows", [{value: "engine", text: "engines"}, {value: "layer", text: "layers (24 worst)"}], by, v => { by = v; render(); });
    render();
  }
});
