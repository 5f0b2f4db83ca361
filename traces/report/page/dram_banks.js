// How long DRAM reads took, and what the requests of every bank met.
function drawDramBanks(card, run) {
  const dram = run.dram, histogram = dram.read_latency_log2, banks = dram.banks;
  const frame = makeFrame(card, "DRAM read latency and row results by bank", {height: 420, margin: {left: 84, top: 10, bottom: 50}});
  const {plot, width, height} = frame, count = d3.format(",");
  const used = d3.range(histogram.length).filter(i => histogram[i] > 0);
  const bins = used.length ? d3.range(used[0], used[used.length - 1] + 1) : [];
  const x = d3.scaleBand().domain(bins).range([0, width]).padding(0.1);
  const y = d3.scaleLinear().domain([0, d3.max(histogram) || 1]).range([150, 0]);
  dramPanel(plot, 0, 150, width, y, "Reads");
  plot.append("g").selectAll("rect").data(bins).join("rect").attr("class", "mark").attr("fill", palette[0])
    .attr("x", i => x(i)).attr("width", x.bandwidth()).attr("y", i => y(histogram[i])).attr("height", i => 150 - y(histogram[i]))
    .on("mousemove", i => showTooltip([["latency", `${count(2 ** i)} to ${count(2 ** (i + 1) - 1)} cycles`], ["reads", count(histogram[i])]], d3.event.clientX, d3.event.clientY))
    .on("mouseleave", hideTooltip);
  plot.append("g").attr("class", "axis").attr("transform", "translate(0,150)").call(d3.axisBottom(x).tickFormat(i => `≥ ${count(2 ** i)}`));
  plot.append("text").attr("class", "axis-label").attr("x", width / 2).attr("y", 190).attr("text-anchor", "middle").text("Latency (cycles)");
  const parts = [["row_hits", "row hits", palette[2]], ["row_misses", "closed bank", palette[3]], ["row_conflicts", "other row open", palette[1]]];
  const xBank = d3.scaleBand().domain(d3.range(banks.length)).range([0, width]).padding(banks.length > 64 ? 0 : 0.1);
  const yBank = d3.scaleLinear().domain([0, d3.max(banks, b => b.requests) || 1]).range([height, 220]);
  dramPanel(plot, 220, height - 220, width, yBank, "Requests");
  parts.forEach(([key, label, colour], p) => {
    const below = b => parts.slice(0, p).reduce((sum, q) => sum + b[q[0]], 0);
    plot.append("g").selectAll("rect").data(banks).join("rect").attr("class", "mark").attr("fill", colour)
      .attr("x", (b, i) => xBank(i)).attr("width", xBank.bandwidth())
      .attr("y", b => yBank(below(b) + b[key])).attr("height", b => yBank(below(b)) - yBank(below(b) + b[key]))
      .on("mousemove", b => showTooltip([["bank", b.name], ["requests", count(b.requests)], [label, count(b[key])]], d3.event.clientX, d3.event.clientY))
      .on("mouseleave", hideTooltip);
  });
  plot.append("text").attr("class", "axis-label").attr("x", width / 2).attr("y", height + 28).attr("text-anchor", "middle").text("Banks, channel by channel");
  addLegend(card, [{name: dram.limit, colour: palette[0]}].concat(parts.map(p => ({name: p[1], colour: p[2]}))));
  setTable(card, [["bank", b => b.name], ["requests", b => count(b.requests)]].concat(parts.map(p => [p[1], b => count(b[p[0]])])), banks);
  card.done();
}
pictures.push({
  id: "banks", title: "DRAM latency and banks",
  data: r => { const runs = (r.runs || []).filter(run => run.dram && run.dram.banks); return runs.length ? runs : null; },
  caption: "Above: how many reads took how long, in classes of powers of two. Below: for every bank, what its requests met: their row open, the bank closed, or another row open.",
  draw: (card, runs) => {
    if (runs.length > 1) addSelect(card, "run", runs.map(r => ({value: r.name, text: r.name})), runs[0].name, v => drawDramBanks(card, runs.find(r => r.name === v)));
    drawDramBanks(card, runs[0]);
  }
});
