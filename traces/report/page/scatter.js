// Scatter plots: the Pareto front, predictions against measurements, the accuracy predictor.
const paretoAxes = {
  energy_pj: {label: "Energy", kind: "energy"}, latency_ns: {label: "Latency", kind: "time"}, error: {label: "Relative error", kind: "number"},
  ratio: {label: "Size, compressed over dense", kind: "number"}, edp_js: {label: "Energy x delay", kind: "edp"}, params: {label: "Parameters", kind: "count"}
};
const shapeText = v => Array.isArray(v) ? v.join(" x ") : v;

function paretoMarks(frame, points, position, methodIndex, rows) {
  const path = d => d3.symbol().type(d.chosen ? d3.symbolStar : symbolTypes[methodIndex(d.method) % symbolTypes.length]).size(d.chosen ? 320 : d.on_front ? 72 : 26)();
  const order = points.slice().sort((a, b) => (a.chosen ? 2 : a.on_front ? 1 : 0) - (b.chosen ? 2 : b.on_front ? 1 : 0));
  const marks = frame.plot.append("g").selectAll("path").data(order).join("path").attr("class", "mark").attr("d", path)
    .attr("transform", d => `translate(${position(d)})`).attr("fill", d => palette[methodIndex(d.method) % 8])
    .attr("fill-opacity", d => d.chosen || d.on_front ? 0.95 : 0.42)
    .attr("stroke", d => d.chosen || d.on_front ? "var(--ink)" : "none").attr("stroke-width", d => d.chosen ? 1.6 : 0.8);
  withTooltip(marks, rows);
  frame.plot.append("g").selectAll("text").data(order.filter(d => d.chosen)).join("text").attr("transform", d => `translate(${position(d)})`)
    .attr("x", 13).attr("y", -9).attr("font-weight", "bold").text("s*");
}
function drawPareto(card, pareto) {
  const usable = Object.keys(paretoAxes).filter(key => pareto.points.some(p => p[key] !== undefined));
  const methods = [...new Set(pareto.points.map(p => p.method))];
  const matrices = [...new Set(pareto.points.map(p => p.matrix || ""))];
  const state = {x: "energy_pj", y: "error", log: undefined, matrix: matrices[0], hidden: new Set(), frontOnly: false};
  const render = () => {
    const points = pareto.points.filter(p => (p.matrix || "") === state.matrix && !state.hidden.has(p.method) && (!state.frontOnly || p.on_front || p.chosen) &&
      p[state.x] !== undefined && p[state.y] !== undefined);
    const [ax, ay] = [paretoAxes[state.x], paretoAxes[state.y]];
    const [ux, uy] = [unitFor(ax.kind, d3.median(points, p => p[state.x])), unitFor(ay.kind, d3.median(points, p => p[state.y]))];
    const frame = makeFrame(card, `${ay.label} against ${ax.label} of candidate shapes`, {height: 470});
    const x = makeScale(points.map(p => p[state.x] * ux.factor), [0, frame.width], {log: state.log});
    const y = makeScale(points.map(p => p[state.y] * uy.factor), [frame.height, 0], {log: state.log});
    drawAxes(frame, x, y, axisLabel(ax.label, ux), axisLabel(ay.label, uy));
    const known = new Set([...Object.keys(paretoAxes), "method", "shape", "rank", "on_front", "chosen", "matrix"]);
    paretoMarks(frame, points, p => [x(p[state.x] * ux.factor), y(p[state.y] * uy.factor)], m => methods.indexOf(m), p => [
      ["method", p.method], ["shape", shapeText(p.shape)], ["rank", shapeText(p.rank)],
      ...usable.filter(k => p[k] !== undefined).map(k => [paretoAxes[k].label, show(paretoAxes[k].kind, p[k])]),
      ...Object.keys(p).filter(k => !known.has(k) && typeof p[k] !== "object").map(k => [k, String(p[k])]),
      ["", p.chosen ? "chosen, s*" : p.on_front ? "on the front" : ""]]);
    setTable(card, [["method", p => p.method], ["shape", p => shapeText(p.shape)], ["rank", p => shapeText(p.rank)],
      ...usable.map(k => [paretoAxes[k].label, p => show(paretoAxes[k].kind, p[k])]), ["front", p => p.chosen ? "s*" : p.on_front ? "yes" : ""]],
      points.slice().sort((a, b) => (b.on_front || 0) - (a.on_front || 0)));
    card.done();
  };
  const options = usable.map(value => ({value, text: paretoAxes[value].label}));
  if (matrices.length > 1) addSelect(card, "matrix", matrices.map(value => ({value, text: value})), state.matrix, v => { state.matrix = v; render(); });
  addSelect(card, "x", options, state.x, v => { state.x = v; render(); });
  addSelect(card, "y", options, state.y, v => { state.y = v; render(); });
  addSelect(card, "axes", [{value: "auto", text: "automatic"}, {value: "log", text: "logarithmic"}, {value: "linear", text: "linear"}], "auto",
    v => { state.log = v === "auto" ? undefined : v === "log"; render(); });
  addCheck(card, "front only", false, v => { state.frontOnly = v; render(); });
  addLegend(card, methods.map((name, i) => ({name, colour: palette[i % 8], symbol: symbolTypes[i % symbolTypes.length]})), hidden => { state.hidden = hidden; render(); });
  render();
}
pictures.push({
  id: "pareto", title: "Candidate shapes and the Pareto front", data: r => r.pareto && r.pareto.points.length ? r.pareto : null,
  caption: "Every candidate factorisation of a weight matrix: what it costs on the hardware against how well it approximates. Outlined marks are on the Pareto front in energy, latency, error and size (so not every one is on the front of the two axes shown); the star s* is the shape chosen.",
  draw: drawPareto
});

// y against x with the line y = x and, with `band`, ±10% around it. series: [{name, colour, symbol, hollow, points: [{x, y, rows}]}].
function drawAgreement(card, title, kind, xLabel, yLabel, series, band) {
  const all = series.flatMap(s => s.points);
  const unit = unitFor(kind, d3.median(all, p => p.x));
  const values = all.flatMap(p => [p.x, p.y]).map(v => v * unit.factor);
  const frame = makeFrame(card, title, {height: 440});
  const x = makeScale(values, [0, frame.width]), y = x.copy().range([frame.height, 0]);
  drawAxes(frame, x, y, axisLabel(xLabel, unit), axisLabel(yLabel, unit));
  const [low, high] = x.domain();
  const clip = v => Math.max(low, Math.min(high, v));
  const steps = d3.range(41).map(i => isLog(x) ? low * Math.pow(high / low, i / 40) : low + (high - low) * i / 40);
  if (band) frame.plot.append("path").attr("class", "band").attr("d", d3.area().x(v => x(v)).y0(v => y(clip(v * 0.9))).y1(v => y(clip(v * 1.1)))(steps));
  frame.plot.append("line").attr("class", "guide").attr("x1", x(low)).attr("y1", y(low)).attr("x2", x(high)).attr("y2", y(high));
  series.forEach(s => {
    const marks = frame.plot.append("g").selectAll("path").data(s.points).join("path").attr("class", "mark")
      .attr("d", d3.symbol().type(s.symbol).size(46)()).attr("transform", p => `translate(${x(p.x * unit.factor)},${y(p.y * unit.factor)})`)
      .attr("fill", s.hollow ? "var(--card)" : s.colour).attr("stroke", s.colour).attr("stroke-width", 1.5).attr("fill-opacity", 0.8);
    withTooltip(marks, p => [["", s.name], ...p.rows]);
  });
  addLegend(card, [...series, {name: band ? "equal, with ±10%" : "equal", colour: "var(--soft)", line: true, dash: "5 4"}]);
}
const meanError = points => d3.mean(points, p => Math.abs(p.y - p.x) / p.x);

pictures.push({
  id: "calibration", title: "Predicted against simulated", half: true, data: r => r.calibration && r.calibration.points.length ? r.calibration : null,
  caption: "The analytical model against the simulator, one mark a fused group, before and after the model was fitted to the traces. On the dashed line both agree; the band is ±10%.",
  draw: (card, calibration) => {
    let what = "cycles";
    const render = () => {
      const [kind, suffix, label] = what === "cycles" ? ["cycles", "cycles", "latency"] : ["energy", "energy_pj", "energy"];
      const name = when => what === "cycles" ? `predicted_cycles_${when}` : `predicted_energy_pj_${when}`;
      const measured = `measured_${suffix}`;
      const series = [["before", palette[1], d3.symbolTriangle, true], ["after", palette[0], d3.symbolCircle, false]].map(([when, colour, symbol, hollow]) => {
        const points = calibration.points.filter(p => p[measured] > 0 && p[name(when)] > 0).map(p => ({
          x: p[measured], y: p[name(when)],
          rows: [["group", p.group], ["simulated", show(kind, p[measured])], ["predicted", show(kind, p[name(when)])], ["error", show("fraction", p[name(when)] / p[measured] - 1)]]
        }));
        return {name: `${when}: mean error ${show("fraction", Math.round(meanError(points) * 1000) / 1000)}`, colour, symbol, hollow, points};
      }).filter(s => s.points.length);
      drawAgreement(card, `Predicted against simulated ${label}`, kind, `Simulated ${label}`, `Predicted ${label}`, series, true);
      setTable(card, [["group", p => p.group], ["simulated", p => show(kind, p[measured])], ["before", p => show(kind, p[name("before")])], ["after", p => show(kind, p[name("after")])]], calibration.points);
      card.done();
    };
    addSelect(card, "quantity", [{value: "cycles", text: "latency"}, {value: "energy", text: "energy"}], what, v => { what = v; render(); });
    render();
  }
});
pictures.push({
  id: "predictor", title: "Accuracy predictor", half: true, data: r => r.search && r.search.predictor && r.search.predictor.points.length ? r.search.predictor : null,
  caption: "What the random forest says of rank settings it was not trained on, against their evaluated accuracy. The search only needs the order to be right: Spearman's rank correlation measures that.",
  draw: (card, predictor) => {
    const points = predictor.points.map(p => ({x: p.actual, y: p.predicted, rows: [["evaluated", show("number", p.actual)], ["predicted", show("number", p.predicted)]]}));
    const name = predictor.spearman === undefined ? "held-out SubNets" : `held-out SubNets, Spearman ${d3.format(".3f")(predictor.spearman)}`;
    drawAgreement(card, "Predicted against evaluated accuracy", "number", "Evaluated accuracy", "Predicted accuracy",
      [{name, colour: palette[2], symbol: d3.symbolCircle, points}], false);
    setTable(card, [["evaluated", p => show("number", p.x)], ["predicted", p => show("number", p.y)]], points);
    card.done();
  }
});
