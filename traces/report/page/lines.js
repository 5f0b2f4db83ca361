// Search convergence, roofline and utilisation over time.
function drawSearch(card, search) {
  const generations = search.generations, baselines = search.baselines || [];
  const frame = makeFrame(card, "Objective by generation", {height: 400});
  const x = d3.scaleLinear().domain(d3.extent(generations, g => g.generation)).range([0, frame.width]);
  if (x.domain()[0] === x.domain()[1]) x.domain([x.domain()[0] - 1, x.domain()[1] + 1]);
  const y = makeScale([...generations.flatMap(g => [g.best, g.mean]), ...baselines.map(b => b.objective)], [frame.height, 0], {log: false});
  drawAxes(frame, x, y, "Generation", "Objective (lower is better)");
  const lines = [{key: "mean", name: "mean of the population", colour: palette[1], symbol: d3.symbolTriangle, line: true, dash: "4 3"}, {key: "best", name: "best so far", colour: palette[0], symbol: d3.symbolCircle, line: true}];
  lines.forEach(l => {
    frame.plot.append("path").attr("fill", "none").attr("stroke", l.colour).attr("stroke-width", 2).attr("stroke-dasharray", l.dash || null)
      .attr("d", d3.line().x(g => x(g.generation)).y(g => y(g[l.key]))(generations));
    withTooltip(frame.plot.append("g").selectAll("path").data(generations).join("path").attr("class", "mark").attr("d", d3.symbol().type(l.symbol).size(34)())
      .attr("transform", g => `translate(${x(g.generation)},${y(g[l.key])})`).attr("fill", l.colour),
      g => [["generation", g.generation], ["best", show("number", g.best)], ["mean", show("number", g.mean)]]);
  });
  frame.plot.append("g").selectAll("line").data(baselines).join("line").attr("class", "guide").attr("x2", frame.width).attr("y1", b => y(b.objective)).attr("y2", b => y(b.objective));
  frame.plot.append("g").selectAll("text").data(baselines).join("text").attr("class", "note").attr("x", frame.width - 4).attr("y", b => y(b.objective) - 4).attr("text-anchor", "end").text(b => b.name);
  addLegend(card, lines);
  setTable(card, [["generation", g => g.generation], ["best", g => show("number", g.best)], ["mean", g => show("number", g.mean)]], generations);
  card.done();
}
pictures.push({
  id: "search", title: "Search convergence", half: true, data: r => r.search && r.search.generations && r.search.generations.length ? r.search : null,
  caption: "What the evolutionary search minimises, generation by generation: (1 - accuracy) times (energy x delay)^γ. Dashed horizontal lines, where given, are the baselines.",
  draw: drawSearch
});

function drawRoofline(card, runs) {
  const points = runs.flatMap((run, i) => run.nodes.filter(n => n.dram_bytes > 0 && n.cycles > 0 && n.macs > 0).map(n => ({
    run: run.name, index: i, node: n, x: n.macs / n.dram_bytes, y: n.macs / n.cycles * run.clock_ghz})));
  const peak = d3.max(runs, r => r.peak_macs_per_cycle * r.clock_ghz), bandwidth = d3.max(runs, r => r.dram_peak_bytes_per_cycle * r.clock_ghz);
  const unit = unitFor("rate", peak), ridge = peak / bandwidth;
  const frame = makeFrame(card, "Roofline", {height: 400});
  const x = makeScale([...points.map(p => p.x), ridge / 4, ridge * 4], [0, frame.width], {log: true});
  const y = makeScale([...points.map(p => p.y), peak].map(v => v * unit.factor), [frame.height, 0], {log: true});
  drawAxes(frame, x, y, "MACs per DRAM byte", axisLabel("Throughput", unit));
  const low = Math.max(x.domain()[0], y.domain()[0] / unit.factor / bandwidth);
  frame.plot.append("path").attr("class", "guide").attr("stroke-width", 2)
    .attr("d", d3.line()([[low, low * bandwidth], [ridge, peak], [x.domain()[1], peak]].map(([a, b]) => [x(a), y(b * unit.factor)])));
  frame.plot.append("text").attr("class", "note").attr("x", frame.width - 4).attr("y", y(peak * unit.factor) - 5).attr("text-anchor", "end").text(`peak ${show("rate", peak)}`);
  frame.plot.append("text").attr("class", "note").attr("x", 8).attr("y", 12).text(`slope: DRAM, ${d3.format(".4~g")(bandwidth)} GB/s`);
  withTooltip(frame.plot.append("g").selectAll("path").data(points).join("path").attr("class", "mark")
    .attr("d", p => d3.symbol().type(symbolTypes[p.index % symbolTypes.length]).size(44)()).attr("transform", p => `translate(${x(p.x)},${y(p.y * unit.factor)})`)
    .attr("fill", p => palette[p.index % 8]).attr("fill-opacity", 0.7).attr("stroke", p => palette[p.index % 8]),
    p => [["run", p.run], ["node", p.node.name], ["MACs per byte", show("number", p.x)], ["throughput", show("rate", p.y)], ["of peak", show("fraction", p.y / peak)]]);
  addLegend(card, runs.map((r, i) => ({name: r.name, colour: palette[i % 8], symbol: symbolTypes[i % symbolTypes.length]})));
  setTable(card, [["node", p => p.node.name], ["run", p => p.run], ["MACs per byte", p => show("number", p.x)], ["throughput", p => show("rate", p.y)]], points);
  card.done();
}
pictures.push({
  id: "roofline", title: "Roofline", half: true,
  data: r => r.runs && r.runs.some(run => run.dram_peak_bytes_per_cycle > 0 && run.peak_macs_per_cycle > 0 && run.nodes.some(n => n.dram_bytes > 0 && n.macs > 0 && n.cycles > 0)) ? r.runs : null,
  caption: "Each mark is a node of a schedule: how much it computes per byte of DRAM traffic, and how fast it ran. Under the slope DRAM limits, under the flat part the MACs do; nodes whose operands all stay on chip have no mark.",
  draw: drawRoofline
});

// One strip a kind of unit; x is time, the filled height the mean busy share of the units of that kind.
function drawUtilisation(card, runs) {
  let chosen = runs[0].name;
  const render = () => {
    const run = runs.find(r => r.name === chosen), use = run.utilization, stripHeight = 50;
    const span = use.bins * use.bin_cycles / run.clock_ghz, unit = unitFor("time", span);
    const frame = makeFrame(card, "Utilisation over time", {height: use.kinds.length * stripHeight + 80, margin: {left: 150, right: 110, top: 26, bottom: 50}});
    const x = d3.scaleLinear().domain([0, run.latency_ns * unit.factor]).range([0, frame.width]);
    const at = cycles => x(cycles / run.clock_ghz * unit.factor);
    const {plot, height} = frame;
    withTooltip(plot.append("g").selectAll("rect").data(run.groups).join("rect").attr("x", g => at(g.start_cycle)).attr("width", g => Math.max(0.5, at(g.end_cycle) - at(g.start_cycle)))
      .attr("y", -18).attr("height", 10).attr("fill", (g, i) => i % 2 ? "var(--soft)" : "var(--line)"), g => [["fused group", g.name], ["cycles", show("cycles", g.end_cycle - g.start_cycle)]]);
    if (run.groups.length) plot.append("text").attr("class", "note").attr("x", -10).attr("y", -9).attr("text-anchor", "end").text("fused groups");
    use.kinds.forEach((kind, k) => {
      const top = k * stripHeight, y = d3.scaleLinear().domain([0, 1]).range([top + stripHeight - 6, top + 4]);
      const steps = kind.busy.flatMap((b, i) => [[i * use.bin_cycles, b], [Math.min((i + 1) * use.bin_cycles, run.cycles), b]]);
      plot.append("rect").attr("x", 0).attr("y", y(1)).attr("width", frame.width).attr("height", y(0) - y(1)).attr("fill", "var(--faint)");
      plot.append("path").datum(kind).attr("class", "mark").attr("fill", palette[k % 8]).attr("d", d3.area().x(p => at(p[0])).y0(y(0)).y1(p => y(p[1]))(steps));
      plot.append("text").attr("x", -10).attr("y", y(0.5)).attr("dy", "0.35em").attr("text-anchor", "end").text(`${kind.kind} (${kind.units})`);
      plot.append("text").attr("class", "note").attr("x", frame.width + 8).attr("y", y(0.5)).attr("dy", "0.35em").text(`mean ${d3.format(".1%")(d3.mean(kind.busy))}`);
    });
    plot.append("rect").attr("width", frame.width).attr("height", height).attr("fill", "none").attr("pointer-events", "all").on("mousemove", function () {
      const [mx, my] = d3.mouse(this), k = Math.min(use.kinds.length - 1, Math.max(0, Math.floor(my / stripHeight)));
      const bin = Math.min(use.bins - 1, Math.max(0, Math.floor(x.invert(mx) / unit.factor * run.clock_ghz / use.bin_cycles)));
      showTooltip([["units", use.kinds[k].kind], ["time", show("time", bin * use.bin_cycles / run.clock_ghz)], ["busy", show("fraction", use.kinds[k].busy[bin])]], d3.event.clientX, d3.event.clientY);
    }).on("mouseleave", hideTooltip);
    plot.append("g").attr("class", "axis").attr("transform", `translate(0,${height})`).call(d3.axisBottom(x).ticks(8));
    plot.append("text").attr("class", "axis-label").attr("x", frame.width / 2).attr("y", height + 42).attr("text-anchor", "middle").text(axisLabel("Time", unit));
    setTable(card, [["units", k => k.kind], ["number", k => k.units], ["mean busy", k => d3.format(".1%")(d3.mean(k.busy))], ["busiest moment", k => d3.format(".1%")(d3.max(k.busy))]], use.kinds);
    card.done();
  };
  if (runs.length > 1) addSelect(card, "run", runs.map(r => ({value: r.name, text: r.name})), chosen, v => { chosen = v; render(); });
  render();
}
pictures.push({
  id: "utilisation", title: "Utilisation over time",
  data: r => { const runs = (r.runs || []).filter(run => run.utilization.kinds.length); return runs.length ? runs : null; },
  caption: "How busy each kind of unit was while the run went on: a full strip means that all units of that kind had work. The bar on top shows which fused group ran.",
  draw: drawUtilisation
});
