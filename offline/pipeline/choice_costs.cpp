// A network's cost is the sum of its layers' plus what no choice changes (attention, norms): the paper's E_tot and
// T_tot. The table is by size of matrix: layers of one size share their rows.
#include "offline/pipeline/choice_costs.h"

#include <map>

#include "base/errors.h"

namespace heat::offline {
std::vector<WeightMatrix> model_matrices(TorchModel& model, std::int64_t count) {
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<WeightMatrix>> sizes;
  for (const auto& [name, linear] : model.body_linears()) {
    auto& list = sizes[{(*linear)->out_features(), (*linear)->in_features()}];
    if (static_cast<std::int64_t>(list.size()) == count) continue;
    const auto* dense = dynamic_cast<const DenseLinear*>(linear->get());
    HEAT_CHECK(dense != nullptr, name + " is not dense");
    const at::Tensor w = dense->weight.detach().to(at::kDouble).contiguous();
    list.push_back({w.size(0), w.size(1), {w.data_ptr<double>(), w.data_ptr<double>() + w.numel()}, name});
  }
  std::vector<WeightMatrix> matrices;
  for (auto& [size, list] : sizes)
    for (WeightMatrix& m : list) matrices.push_back(std::move(m));
  return matrices;
}

std::int64_t add_choice_rows(CostTable& table, const std::vector<RankLadder>& ladders,
                             const std::vector<WeightMatrix>& matrices, std::int64_t tokens, const spec::ArchSpec& arch,
                             const spec::EnergyTable& energy) {
  std::vector<Form> forms;
  for (const RankLadder& ladder : ladders) forms.insert(forms.end(), ladder.choices.begin(), ladder.choices.end());
  return add_candidates(table, forms, matrices, tokens, arch, energy);
}

ChoiceTable choice_costs(const CostTable& table, const std::vector<RankLadder>& ladders, std::int64_t tokens) {
  base::Problems problems;
  ChoiceTable costs;
  std::map<std::string, std::optional<CostRow>> known;
  for (const RankLadder& ladder : ladders) {
    costs.layers.emplace_back();
    for (std::size_t c = 0; c < ladder.choices.size(); ++c) {
      const std::string key = row_key(ladder.choices[c], tokens);
      auto row = known.find(key);
      if (row == known.end()) row = known.emplace(key, table.find(key)).first;
      if (!row->second)
        problems.add("layer '" + ladder.layer + "'", "the cost table has no row '" + key + "'");
      else if (!row->second->feasible)
        problems.add("layer '" + ladder.layer + "'", "'" + key + "' does not fit the machine: " + row->second->reason);
      else
        costs.layers.back().push_back(
            {row->second->best_energy_pj(), row->second->best_latency_ns(), ladder.params[c]});
    }
  }
  problems.throw_if_any();
  return costs;
}

ChoiceCost dense_cost(const CostTable& table, const std::vector<RankLadder>& ladders, std::int64_t tokens) {
  ChoiceCost sum;
  for (const RankLadder& ladder : ladders) {
    const TensorShape& shape = ladder.choices.at(0).shape;
    const std::string key = row_key(spec::dense_form(shape.rows(), shape.cols()), tokens);
    const auto row = table.find(key);
    if (!row) throw base::ConfigError("the cost table has no row '" + key + "'");
    sum.energy_pj += row->best_energy_pj();
    sum.latency_ns += row->best_latency_ns();
  }
  return sum;
}

}  // namespace heat::offline
