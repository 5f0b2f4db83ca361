// Plain loops in a fixed order: the bytes of a schedule's input depend on every bit.
#include "offline/model/embed.h"

#include <cmath>

#include "base/errors.h"
#include "base/overloaded.h"

namespace heat::offline {
namespace {

using Rows = std::vector<double>;  // [tokens, features]

// Shares the model's memory.
at::Tensor plain(const at::Tensor& t) {
  return t.detach().to(at::kFloat).contiguous();
}

Rows rows_of(const op::Embedding& o, const at::Tensor& table_in, const std::vector<std::int32_t>& ids) {
  const at::Tensor table = plain(table_in);
  const auto features = static_cast<std::size_t>(table.size(1));
  const auto row_of = [&](std::size_t token) -> std::size_t {
    switch (o.row_of) {
      case op::RowOf::kToken:
        return static_cast<std::size_t>(ids[token]);
      case op::RowOf::kPosition:
        return token;
      case op::RowOf::kFirstSegment:
        return 0;
    }
    throw std::logic_error("RowOf out of range");
  };
  Rows out;
  out.reserve(ids.size() * features);
  for (std::size_t t = 0; t < ids.size(); ++t) {
    const std::size_t row = row_of(t);
    HEAT_CHECK(row < static_cast<std::size_t>(o.rows), "a row of " + o.parameters);
    const float* first = table.data_ptr<float>() + row * features;
    out.insert(out.end(), first, first + features);
  }
  return out;
}

Rows sum_of(Rows a, const Rows& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

Rows norm_of(const op::Norm& o, const NormWeights& weights, Rows x) {
  const at::Tensor gamma = plain(weights.weight), beta = plain(weights.bias);
  const auto features = static_cast<std::size_t>(gamma.size(0));
  const float *g = gamma.data_ptr<float>(), *b = beta.data_ptr<float>();
  for (auto row = x.begin(); row != x.end(); row += static_cast<std::ptrdiff_t>(features)) {
    double mean = 0, variance = 0;
    for (std::size_t c = 0; c < features; ++c) mean += row[c] / static_cast<double>(features);
    for (std::size_t c = 0; c < features; ++c)
      variance += (row[c] - mean) * (row[c] - mean) / static_cast<double>(features);
    const double scale = 1 / std::sqrt(variance + o.epsilon);
    for (std::size_t c = 0; c < features; ++c) row[c] = (row[c] - mean) * scale * g[c] + b[c];
  }
  return x;
}

}  // namespace

std::vector<float> embed(const TorchModel& model, const std::vector<std::int32_t>& ids) {
  const Graph& graph = model.graph();
  const TorchParameters& parameters = model.parameters();
  std::vector<Rows> values(graph.values.size());
  const auto at = [&](ValueId v) -> Rows& { return values[static_cast<std::size_t>(v)]; };
  for (std::size_t i = 0; i < graph.body.first; ++i) {
    const Operator& current = graph.operators[i];
    at(output_of(current.operation)) = std::visit(
        base::Overloaded{[&](const op::Embedding& o) { return rows_of(o, parameters.tables.at(o.parameters), ids); },
                         [&](const op::Add& o) { return sum_of(at(o.a), at(o.b)); },
                         [&](const op::Norm& o) { return norm_of(o, parameters.norms.at(o.parameters), at(o.input)); },
                         [&](const op::Dropout& o) { return at(o.input); },
                         [&](const auto&) -> Rows { refuse(current, "the embedding on the host"); }},
        current.operation);
  }
  const std::vector<ValueId> entering = values_entering(graph, graph.body);
  HEAT_CHECK(entering.size() == 1, "one value enters the body");
  const Rows& result = at(entering.front());
  return {result.begin(), result.end()};
}

}  // namespace heat::offline
