// DRAM traffic of a run: bandwidth over time, share of row hits over time, and which addresses were touched when.
function dramPanel(plot, top, height, width, y, label) {
  plot.append("g").attr("class", "axis").call(d3.axisLeft(y).ticks(4));
  plot.append("text").attr("class", "axis-label").attr("transform", `translate(-66,${top + height / 2}) rotate(-90)`).attr("text-anchor", "middle").text(label);
  plot.append("g").attr("class", "grid").selectAll("line").data(y.ticks(4)).join("line").attr("x2", width).attr("y1", d => y(d)).attr("y2", d => y(d));
}
function drawDramRun(card, run) {
  const dram = run.dram, bins = dram.read_bytes.length, unit = unitFor("time", run.latency_ns);
  const frame = makeFrame(card, "DRAM traffic over time and address", {height: 560, margin: {left: 84, top: 10, bottom: 50}});
  const {plot, width, height} = frame;
  const x = d3.scaleLinear().domain([0, run.latency_ns * unit.factor]).range([0, width]);
  const at = bin => x(Math.min(run.latency_ns, bin * dram.bin_cycles / run.clock_ghz) * unit.factor);
  const rate = bytes => bytes / dram.bin_cycles * run.clock_ghz;
  const both = dram.read_bytes.map((b, i) => rate(b + dram.write_bytes[i]));
  const y = d3.scaleLinear().domain([0, d3.max(both) * 1.05 || 1]).range([150, 0]);
  dramPanel(plot, 0, 150, width, y, "Traffic (GB/s)");
  const area = (low, high) => d3.area().x(p => at(p[0])).y0(p => y(low[p[1]])).y1(p => y(high[p[1]]))(d3.range(bins).flatMap(i => [[i, i], [i + 1, i]]));
  const reads = dram.read_bytes.map(rate), zero = reads.map(() => 0);
  plot.append("path").attr("class", "mark").attr("fill", palette[0]).attr("d", area(zero, reads));
  plot.append("path").attr("class", "mark").attr("fill", palette[1]).attr("d", area(reads, both));
  const yHit = d3.scaleLinear().domain([0, 100]).range([250, 180]);
  dramPanel(plot, 180, 70, width, yHit, "Hits (%)");
  const hits = d3.range(bins).filter(i => dram.row_hit_rate[i] !== null);
  plot.append("path").attr("class", "mark").attr("fill", "none").attr("stroke", palette[2]).attr("stroke-width", 2.5)
    .attr("d", hits.map(i => `M${at(i)},${yHit(100 * dram.row_hit_rate[i])}H${at(i + 1)}`).join(""));
  const mebi = 1048576, yAddress = d3.scaleLinear().domain([dram.lowest_address / mebi, dram.highest_address / mebi]).range([height, 280]);
  dramPanel(plot, 280, height - 280, width, yAddress, "Address (MiB)");
  const rowHeight = (height - 280) / dram.address_rows, most = d3.max(dram.cells, c => c[2]);
  plot.append("g").selectAll("rect").data(dram.cells).join("rect").attr("class", "mark").attr("x", c => at(c[0])).attr("width", c => Math.max(0.5, at(c[0] + 1) - at(c[0])))
    .attr("y", c => height - (c[1] + 1) * rowHeight).attr("height", rowHeight).attr("fill", palette[3]).attr("fill-opacity", c => 0.15 + 0.85 * c[2] / most);
  plot.append("g").attr("class", "axis").attr("transform", `translate(0,${height})`).call(d3.axisBottom(x).ticks(8));
  plot.append("text").attr("class", "axis-label").attr("x", width / 2).attr("y", height + 42).attr("text-anchor", "middle").text(axisLabel("Time", unit));
  plot.append("rect").attr("width", width).attr("height", height).attr("fill", "none").attr("pointer-events", "all").on("mousemove", function () {
    const i = Math.min(bins - 1, Math.max(0, Math.floor(x.invert(d3.mouse(this)[0]) / unit.factor * run.clock_ghz / dram.bin_cycles)));
    showTooltip([["time", show("time", i * dram.bin_cycles / run.clock_ghz)], ["read", `${d3.format(".4~g")(reads[i])} GB/s`], ["write", `${d3.format(".4~g")(both[i] - reads[i])} GB/s`],
      ["row hits", dram.row_hit_rate[i] === null ? "no requests" : d3.format(".1%")(dram.row_hit_rate[i])]], d3.event.clientX, d3.event.clientY);
  }).on("mouseleave", hideTooltip);
  const part = n => d3.format(".1%")(n / dram.requests);
  addLegend(card, [{name: "read", colour: palette[0]}, {name: "write", colour: palette[1]},
    {name: `row hits: ${part(dram.row_hits)} of ${d3.format(",")(dram.requests)} requests (closed bank ${part(dram.row_misses)}, other row open ${part(dram.row_conflicts)})`, colour: palette[2], line: true},
    {name: "bytes at an address", colour: palette[3]}]);
  setTable(card, [["from", i => show("time", i * dram.bin_cycles / run.clock_ghz)], ["read bytes", i => d3.format(",")(dram.read_bytes[i])], ["write bytes", i => d3.format(",")(dram.write_bytes[i])],
    ["row hits", i => dram.row_hit_rate[i] === null ? "–" : d3.format(".1%")(dram.row_hit_rate[i])]], d3.range(bins));
  card.done();
}
pictures.push({
  id: "dram", title: "DRAM traffic",
  data: r => { const runs = (r.runs || []).filter(run => run.dram); return runs.length ? runs : null; },
  caption: "Above: how much DRAM reads and writes moved. Middle: the share of requests that found their row open. Below: which addresses they touched when; a stronger colour is more.",
  draw: (card, runs) => {
    if (runs.length > 1) addSelect(card, "run", runs.map(r => ({value: r.name, text: r.name})), runs[0].name, v => drawDramRun(card, runs.find(r => r.name === v)));
    drawDramRun(card, runs[0]);
  }
});
