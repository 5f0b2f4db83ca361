// Mechanism: nodes and tensors are collected with their views first; build() then picks steps, tiles (mapping_chooser)
// and DRAM addresses, and draws the data: given tensors at random, then node by node through the integer reference, so
// that each requantisation record can be fitted to the sums that really occur (three deviations reach about 127).
#include "tests/support/schedule_builder.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <stdexcept>

#include "base/checked.h"
#include "machines/simba/gb_layout.h"
#include "machines/simba/misfits.h"
#include "tests/support/integer_reference.h"
#include "tests/support/parameter_data.h"

namespace heat::test_support {
namespace {

using spec::Index;
using spec::LoopDim;
using spec::TensorKind;

bool has(const std::vector<Index>& list, const Index& index) {
  return std::find(list.begin(), list.end(), index) != list.end();
}

// Moves the loop's index to the front of the group it is in.
void lead_with(std::vector<Index>& group, const Index& index) {
  const auto found = std::find(group.begin(), group.end(), index);
  if (found != group.end()) std::rotate(group.begin(), found, found + 1);
}

std::string words(const std::vector<Index>& labels) {
  std::string text;
  for (const auto& label : labels) text += (text.empty() ? "" : " ") + label;
  return text;
}

std::vector<spec::TensorId> tensors_of(const spec::Node& node) {
  if (node.gemm) return {node.gemm->weight.tensor, node.gemm->input.tensor, node.gemm->output.tensor};
  std::vector<spec::TensorId> list{node.vector->input.tensor, node.vector->output.tensor};
  if (node.vector->residual) list.push_back(node.vector->residual->tensor);
  return list;
}

}  // namespace

ScheduleBuilder::ScheduleBuilder(const spec::ArchSpec& arch, std::uint64_t seed) : arch_(arch), random_(seed) {
  built_.schedule.workload.network = "hand-made";
  built_.schedule.workload.method = "mixed";
  built_.schedule.workload.tokens = 1;
  built_.schedule.plan.arch = arch.name;
  built_.schedule.dram_image = "schedule.bin";
}

ScheduleBuilder& ScheduleBuilder::random_mappings(bool over_k) {
  random_mappings_ = true;
  over_k_ = over_k;
  return *this;
}

ScheduleBuilder& ScheduleBuilder::sizes(const std::map<Index, std::int64_t>& sizes) {
  sizes_.insert(sizes.begin(), sizes.end());
  if (sizes_.count("t")) built_.schedule.workload.tokens = sizes_.at("t");
  return *this;
}

spec::TensorId ScheduleBuilder::tensor(const std::string& name, TensorKind kind, const std::vector<Index>& labels,
                                       Home home) {
  spec::Tensor tensor;
  tensor.name = name;
  tensor.kind = kind;
  for (const auto& label : labels) tensor.shape.push_back(sizes_.at(label));
  homes_.push_back(home);
  return built_.schedule.workload.tensors.push_back(tensor);
}

spec::TensorId ScheduleBuilder::parameters(const std::string& name, std::int64_t records, std::int64_t record_bytes) {
  spec::Tensor tensor;
  tensor.name = name;
  tensor.kind = TensorKind::kParameters;
  tensor.shape = {records, record_bytes};
  homes_.push_back(Home::kDram);
  return built_.schedule.workload.tensors.push_back(tensor);
}

void ScheduleBuilder::group(const std::string& name, const Index& index, std::int64_t step,
                            const std::vector<spec::TensorId>& pinned) {
  spec::FusedGroup group;
  group.name = name;
  group.index = index;
  group.extent = sizes_.at(index);
  group.step = step;
  group.pinned = pinned;
  built_.schedule.plan.groups.push_back(group);
}

const spec::FusedGroup& ScheduleBuilder::open_group(const std::string& node) const {
  if (built_.schedule.plan.groups.empty())
    throw std::logic_error("schedule builder: node '" + node + "' before any group");
  return built_.schedule.plan.groups.back();
}

void ScheduleBuilder::add(spec::Node node, LoopDim bound, std::optional<spec::GemmMapping> mapping) {
  const spec::NodeId id = built_.schedule.workload.nodes.push_back(std::move(node));
  built_.schedule.plan.groups.back().nodes.push_back({id, bound, mapping.value_or(spec::GemmMapping{}), {}});
  fixed_mapping_[id] = mapping.has_value();
}

// Row-major strides over the operand's labels, dimensions in the order of `groups`.
spec::TensorView ScheduleBuilder::view(const Operand& operand, const std::vector<std::vector<Index>>& groups) const {
  std::map<Index, std::int64_t> stride;
  std::int64_t bytes = 1;
  for (auto label = operand.labels.rbegin(); label != operand.labels.rend(); ++label) {
    stride[*label] = bytes;
    bytes *= sizes_.at(*label);
  }
  const auto& tensor = built_.schedule.workload.tensors[operand.tensor];
  if (bytes != tensor.bytes())
    throw std::logic_error("schedule builder: labels do not cover tensor '" + tensor.name + "'");
  spec::TensorView view;
  view.tensor = operand.tensor;
  for (const auto& group : groups) {
    for (const auto& index : group) view.dims.push_back({index, sizes_.at(index), stride.at(index)});
  }
  return view;
}

void ScheduleBuilder::gemm(const std::string& name, const Operand& weight, const Operand& input, const Operand& output,
                           const GemmOptions& options) {
  const spec::FusedGroup& group = open_group(name);
  spec::Node node;
  spec::GemmNode gemm;
  for (const auto& index : output.labels) {
    if (options.sums && index == spec::kSumByte) continue;
    const bool in_weight = has(weight.labels, index), in_input = has(input.labels, index);
    (in_weight && in_input ? gemm.indices.b : in_weight ? gemm.indices.m : gemm.indices.n).push_back(index);
    if (!in_weight && !in_input) throw std::logic_error("schedule builder: '" + index + "' comes from nowhere");
  }
  for (const auto& index : input.labels) {
    if (!has(output.labels, index)) gemm.indices.k.push_back(index);
  }
  const LoopDim bound = has(gemm.indices.b, group.index)   ? LoopDim::kB
                        : has(gemm.indices.m, group.index) ? LoopDim::kM
                                                           : LoopDim::kN;
  for (auto* indices : {&gemm.indices.b, &gemm.indices.m, &gemm.indices.n}) lead_with(*indices, group.index);
  const auto& ix = gemm.indices;
  const auto product = [&](const std::vector<Index>& list) {
    std::int64_t p = 1;
    for (const auto& index : list) p *= sizes_.at(index);
    return p;
  };
  gemm.extents = {product(ix.b), product(ix.m), product(ix.n), product(ix.k)};
  gemm.weight = view(weight, {ix.b, ix.m, ix.k});
  gemm.input = view(input, {ix.b, ix.n, ix.k});
  gemm.epilogue.sums = options.sums;
  gemm.output = view(output, {ix.b, ix.m, spec::columns_written(gemm)});
  const std::int64_t rows = (options.channels_include_batch ? gemm.extents.b : 1) * gemm.extents.m;
  if (!options.sums) gemm.epilogue.requant = parameters(name + ".requant", rows * options.n_channels, 4);
  gemm.epilogue.channels_include_batch = options.channels_include_batch;
  gemm.epilogue.n_channels = options.n_channels;
  if (options.gelu) gemm.epilogue.activation_table = parameters(name + ".gelu", 256, 1);
  node.name = node.layer = name;
  node.einsum = words(weight.labels) + ", " + words(input.labels) + " -> " + words(output.labels);
  node.gemm = gemm;
  add(std::move(node), bound, options.mapping);
}

void ScheduleBuilder::vector_node(const std::string& name, spec::VectorNode node, const Operand& input,
                                  const std::optional<Operand>& residual, const Operand& output,
                                  const std::vector<Index>& columns, std::int64_t record_count,
                                  std::int64_t record_bytes) {
  const spec::FusedGroup& group = open_group(name);
  node.k = columns;
  node.rows = node.columns = 1;
  for (const auto& index : input.labels) {
    if (has(columns, index)) {
      node.columns *= sizes_.at(index);
    } else {
      node.n.push_back(index);
      node.rows *= sizes_.at(index);
    }
  }
  lead_with(node.n, group.index);
  node.input = view(input, {node.n, node.k});
  if (residual) node.residual = view(*residual, {node.n, node.k});
  node.output = view(output, {node.n, node.k});
  node.parameters = parameters(name + ".parameters", record_count > 0 ? record_count : node.columns, record_bytes);
  spec::Node whole;
  whole.name = whole.layer = name;
  whole.einsum = words(input.labels) + " -> " + words(output.labels);
  whole.vector = node;
  add(std::move(whole), LoopDim::kN);
}

void ScheduleBuilder::softmax(const std::string& name, const Operand& input, const Operand& output,
                              const std::vector<Index>& columns, spec::TensorId mask) {
  spec::VectorNode node;
  node.op = spec::VectorOp::kSoftmax;
  node.mask = mask;
  vector_node(name, node, input, std::nullopt, output, columns, 256, 2);
}

void ScheduleBuilder::layer_norm(const std::string& name, const Operand& input, const std::optional<Operand>& residual,
                                 const Operand& output, const std::vector<Index>& columns) {
  spec::VectorNode node;
  node.op = spec::VectorOp::kLayerNorm;
  node.multiplier_x = static_cast<std::int32_t>(random_.between(100, 300));
  node.multiplier_r = residual ? static_cast<std::int32_t>(random_.between(100, 300)) : 0;
  node.shift = static_cast<int>(random_.between(16, 28));
  vector_node(name, node, input, residual, output, columns, 0, 16);
}

void ScheduleBuilder::reduce(const std::string& name, const Operand& input, const Operand& output,
                             const std::vector<Index>& parts) {
  const spec::FusedGroup& group = open_group(name);
  spec::VectorNode node;
  node.op = spec::VectorOp::kReduce;
  node.parts = parts;
  node.rows = node.columns = 1;
  for (const auto& index : output.labels) {
    const bool row = index == group.index || node.rows == 1;  // the leading label, and the group's
    (row ? node.n : node.k).push_back(index);
    (row ? node.rows : node.columns) *= sizes_.at(index);
  }
  lead_with(node.n, group.index);
  node.input = view(input, {node.n, spec::columns_read(node)});
  node.output = view(output, {node.n, node.k});
  node.parameters = parameters(name + ".parameters", node.columns, 4);
  spec::Node whole;
  whole.name = whole.layer = name;
  whole.einsum = words(input.labels) + " -> " + words(output.labels);
  whole.vector = node;
  add(std::move(whole), LoopDim::kN);
}

// Resident bytes of a group a loop value (per_value) or independent of the step.
std::int64_t ScheduleBuilder::resident_bytes_of(const spec::FusedGroup& group, bool per_value) const {
  const spec::Workload& workload = built_.schedule.workload;
  std::set<spec::TensorId> seen;
  std::int64_t bytes = 0;
  for (const auto& n : group.nodes) {
    for (spec::TensorId t : tensors_of(workload.nodes[n.node])) {
      if (!group.is_resident(t) || !seen.insert(t).second) continue;
      spec::FusedGroup one = group;
      one.step = 1;
      const std::int64_t whole = workload.tensors[t].bytes();
      const std::int64_t value = machines::simba::resident_bytes(workload, one, t);
      const bool shared = value != whole || group.extent == 1;
      if (shared == per_value) bytes += per_value ? value : whole;
    }
  }
  return bytes;
}

void ScheduleBuilder::choose_mappings(spec::FusedGroup& group, std::int64_t share_of_buffer) {
  TileBudget streamed{share_of_buffer, share_of_buffer, share_of_buffer};
  for (auto& n : group.nodes) {
    const auto& gemm = built_.schedule.workload.nodes[n.node].gemm;
    if (!gemm || fixed_mapping_[n.node]) continue;
    TileBudget budget = streamed;
    const TileBudget unlimited;
    if (group.is_resident(gemm->weight.tensor)) budget.weight = unlimited.weight;
    if (group.is_resident(gemm->input.tensor)) budget.input = unlimited.input;
    if (group.is_resident(gemm->output.tensor)) budget.output = unlimited.output;
    const spec::Extents step = spec::step_extents(*gemm, n.bound, group.extent, group.step);
    n.mapping = choose_mapping(step, arch_, budget, random_mappings_ ? &random_ : nullptr, over_k_);
  }
}

void ScheduleBuilder::keep_on_chip() {
  for (auto& group : built_.schedule.plan.groups)
    for (const auto& n : group.nodes) {
      const spec::Node& node = built_.schedule.workload.nodes[n.node];
      const spec::TensorId t = node.gemm ? node.gemm->output.tensor : node.vector->output.tensor;
      if (homes_[t] == Home::kGlobalBuffer) group.in_global_buffer.push_back(t);
    }
}

void ScheduleBuilder::place_tensors() {
  std::int64_t address = 0;
  for (spec::TensorId t : homes_.ids()) {
    const bool in_dram = homes_[t] == Home::kDram;
    built_.schedule.plan.dram_addresses.push_back(in_dram ? address : -1);
    if (!in_dram) continue;
    address += base::ceil_div(built_.schedule.workload.tensors[t].bytes(), 64) * 64;
    if (random_.chance(30)) address += 64 * random_.between(1, 5);  // holes: neighbours must stay untouched
  }
  built_.image.assign(static_cast<std::size_t>(address), 0);
}

void ScheduleBuilder::draw_data() {
  const auto& tensors = built_.schedule.workload.tensors;
  IntegerReference reference(built_.schedule, built_.image);
  const auto give = [&](spec::TensorId t, std::vector<std::int8_t> bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      built_.image[static_cast<std::size_t>(built_.schedule.plan.dram_addresses[t]) + i] =
          static_cast<std::uint8_t>(bytes[i]);
    }
    reference.set_tensor(t, std::move(bytes));
  };
  for (spec::TensorId t : tensors.ids()) {
    if (tensors[t].kind != TensorKind::kInput && tensors[t].kind != TensorKind::kWeight) continue;
    std::vector<std::int8_t> bytes;
    for (std::int64_t i = 0; i < tensors[t].bytes(); ++i) {
      bytes.push_back(static_cast<std::int8_t>(random_.between(-128, 127)));
    }
    give(t, std::move(bytes));
  }
  for (const auto& node : built_.schedule.workload.nodes) {
    if (node.gemm) {
      const auto& epilogue = node.gemm->epilogue;
      const std::vector<std::int32_t> sums = reference.accumulate(node);
      const std::int64_t limit = std::int64_t{1} << (arch_.pe.accumulator_bits - 1);
      for (std::int64_t sum : sums) {
        if (std::abs(sum) >= limit)
          throw std::logic_error("schedule builder: sums of '" + node.name + "' are too large");
      }
      if (epilogue.requant)
        give(epilogue.requant, requant_records(sums, tensors[epilogue.requant].bytes() / 4, random_));
      if (epilogue.activation_table) give(epilogue.activation_table, gelu_table());
    } else if (node.vector->op == spec::VectorOp::kReduce) {
      give(node.vector->parameters, requant_records(reference.reduced(node), node.vector->columns, random_));
    } else if (node.vector->op == spec::VectorOp::kSoftmax) {
      give(node.vector->parameters, exp_table());
      if (node.vector->mask) give(node.vector->mask, padding_mask(node.vector->columns, random_));
    } else {
      give(node.vector->parameters, layer_norm_records(node.vector->columns, node.vector->shift, random_));
    }
    reference.run(node);
  }
}

BuiltSchedule ScheduleBuilder::build() {
  place_tensors();
  keep_on_chip();
  const std::int64_t capacity = arch_.global_buffer.capacity.value();
  for (auto& group : built_.schedule.plan.groups) {
    const std::int64_t share = base::ceil_div(group.extent, arch_.chiplets());
    if (group.step == 0) {
      const std::int64_t whole = resident_bytes_of(group, false);
      const std::int64_t each = std::max<std::int64_t>(1, resident_bytes_of(group, true));
      group.step = std::clamp<std::int64_t>((capacity / 2 - whole) / each, 1, share);
      if (random_mappings_) group.step = random_.between(1, group.step);
    }
    // Streamed tiles share what residents and parameters leave; vector rows are given by the step.
    for (std::int64_t slot = capacity / 6; slot > 0; slot /= 2) {
      choose_mappings(group, slot);
      if (machines::simba::gb_layout(built_.schedule.workload, group, arch_).total_bytes <= capacity) break;
    }
    while (machines::simba::gb_layout(built_.schedule.workload, group, arch_).total_bytes > capacity &&
           group.step > 1) {
      group.step /= 2;
      choose_mappings(group, capacity / 64);
    }
  }
  const auto wrong = machines::simba::misfits(built_.schedule, arch_);
  if (!wrong.empty()) throw std::logic_error("schedule builder: " + wrong.front());
  draw_data();
  return std::move(built_);
}

}  // namespace heat::test_support
