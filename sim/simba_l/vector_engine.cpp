// rows * (ceil(elements / elements_per_cycle) + row_overhead_cycles), or the global buffer's ports if they take longer.
#include "sim/simba_l/vector_engine.h"

#include <cstring>
#include <stdexcept>

#include "base/checked.h"
#include "sim/simba_l/vector_unit.h"

namespace heat::simba {
namespace {

spec::VectorOp operation(const Command& c) {
  switch (c[SIMBA_CMD_OP]) {
    case SIMBA_OP_SOFTMAX:
      return spec::VectorOp::kSoftmax;
    case SIMBA_OP_LAYER_NORM:
      return spec::VectorOp::kLayerNorm;
    case SIMBA_OP_REDUCE:
      return spec::VectorOp::kReduce;
    default:
      throw std::logic_error("unknown row operation " + std::to_string(c[SIMBA_CMD_OP]));
  }
}

std::int64_t parameter_bytes(spec::VectorOp op, std::int64_t columns) {
  switch (op) {
    case spec::VectorOp::kSoftmax:
      return spec::kExpTableBytes;
    case spec::VectorOp::kLayerNorm:
      return columns * static_cast<std::int64_t>(sizeof(spec::LayerNormRecord));
    case spec::VectorOp::kReduce:
      return columns * static_cast<std::int64_t>(sizeof(spec::RequantRecord));
  }
  throw std::logic_error("unknown row operation");
}

}  // namespace

VectorEngine::VectorEngine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard, ChipletCore& core)
    : Engine(name, context, scoreboard, core.id, SIMBA_VECTOR), core_(core) {}

WorkKind VectorEngine::work_kind(const Command& command) const {
  switch (operation(command)) {
    case spec::VectorOp::kSoftmax:
      return WorkKind::kSoftmax;
    case spec::VectorOp::kLayerNorm:
      return WorkKind::kLayerNorm;
    case spec::VectorOp::kReduce:
      return WorkKind::kReduce;
  }
  throw std::logic_error("unknown row operation");
}

VectorEngine::Rows VectorEngine::rows_of(const Command& c) const {
  Rows r;
  r.op = operation(c);
  r.rows = c[SIMBA_CMD_COUNT + 1];
  r.columns = c[SIMBA_CMD_COUNT + 2];
  r.input_columns = c[SIMBA_CMD_INPUT_COLUMNS];
  r.elements = r.op == spec::VectorOp::kReduce ? r.input_columns / spec::kSumBytes : r.columns;
  const auto place = [&](std::size_t address, std::size_t view, bool packed) {
    GbPlace p;
    p.base = static_cast<std::int64_t>(address);
    p.pitch_x = r.rows;
    p.pitch_y = r.columns;
    if (!packed) p.view = &context_.image.view(static_cast<std::uint32_t>(view));
    return p;
  };
  const std::uint32_t packed = c[SIMBA_CMD_PACKED];
  r.residual_box.count = r.output_box.count = {1, r.rows, r.columns};
  r.input_box.count = {1, r.rows, r.input_columns};
  r.input = place(c[SIMBA_CMD_GB], c[SIMBA_CMD_VIEW], (packed & SIMBA_PACKED_INPUT) != 0);
  r.input.pitch_y = r.input_columns;
  r.has_residual = c[SIMBA_CMD_RESIDUAL] != 0;
  if (r.has_residual)
    r.residual = place(c[SIMBA_CMD_RESIDUAL] - 1, c[SIMBA_CMD_RESIDUAL_VIEW], (packed & SIMBA_PACKED_RESIDUAL) != 0);
  r.output = place(c[SIMBA_CMD_OUTPUT], c[SIMBA_CMD_OUTPUT_VIEW], (packed & SIMBA_PACKED_OUTPUT) != 0);
  if (c[SIMBA_CMD_PARAMETERS] != 0) r.parameter_bytes = parameter_bytes(r.op, r.columns);
  if (c[SIMBA_CMD_MASK] != 0) r.mask_bytes = r.columns;
  return r;
}

void VectorEngine::execute(InFlight& entry) {
  const Command& command = entry.command;
  const Rows r = rows_of(command);
  const std::int64_t now = context_.now();
  core_.gb.read_port.forget_before(now);
  core_.gb.write_port.forget_before(now);
  const WordCount parameters = core_.gb.packed_words(r.parameter_bytes), mask = core_.gb.packed_words(r.mask_bytes),
                  input = core_.gb.words(r.input, r.input_box), output = core_.gb.words(r.output, r.output_box),
                  residual = r.has_residual ? core_.gb.words(r.residual, r.residual_box) : WordCount{};
  const std::int64_t read = core_.gb.read_cycles(input) + core_.gb.read_cycles(residual) +
                            core_.gb.read_cycles(parameters) + core_.gb.read_cycles(mask);
  const std::int64_t write = core_.gb.write_cycles(output);
  const spec::VectorUnitSpec& unit = context_.arch.vector_unit;
  const std::int64_t work = r.rows * (base::ceil_div(r.elements, unit.elements_per_cycle) + unit.row_overhead_cycles);
  const std::int64_t done = std::max(
      {now + work, core_.gb.read_port.reserve(now, read) + read, core_.gb.write_port.reserve(now, write) + write});
  core_.vector_used += work;
  const int node = command.node();
  context_.meter.add(node, spec::Action::kVectorElement, r.rows * r.elements);
  context_.meter.add(node, spec::Action::kGlobalBufferRead,
                     input.words + residual.words + parameters.words + mask.words);
  context_.meter.add(node, spec::Action::kGlobalBufferWrite, output.words);
  complete(entry, done);
  wait_until(done);
}

void VectorEngine::finish(const InFlight& entry) {
  if (!context_.options.data) return;
  const Command& command = entry.command;
  const Rows r = rows_of(command);
  const auto bytes = [&](std::int64_t columns) { return static_cast<std::size_t>(r.rows * columns); };
  std::vector<std::int8_t> in(bytes(r.input_columns)), residual(r.has_residual ? bytes(r.columns) : 0),
      out(bytes(r.columns));
  core_.gb.read(r.input, r.input_box, in.data());
  if (r.has_residual) core_.gb.read(r.residual, r.residual_box, residual.data());
  compute(command, r, in.data(), residual.data(), out.data());
  core_.gb.write(r.output, r.output_box, out.data());
}

void VectorEngine::compute(const Command& command, const Rows& r, const std::int8_t* in, const std::int8_t* residual,
                           std::int8_t* out) const {
  std::vector<std::int64_t> parameters(static_cast<std::size_t>(r.parameter_bytes + 7) / 8);  // aligned copy
  if (r.parameter_bytes > 0)
    std::memcpy(parameters.data(), core_.gb.at(command[SIMBA_CMD_PARAMETERS] - 1),
                static_cast<std::size_t>(r.parameter_bytes));
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(r.mask_bytes));
  if (r.mask_bytes > 0) std::memcpy(mask.data(), core_.gb.at(command[SIMBA_CMD_MASK] - 1), mask.size());
  const LayerNormFactors factors{static_cast<std::int32_t>(command[SIMBA_CMD_MULTIPLIER_X]),
                                 static_cast<std::int32_t>(command[SIMBA_CMD_MULTIPLIER_R]),
                                 static_cast<int>(command[SIMBA_CMD_SHIFT])};
  for (std::int64_t row = 0; row < r.rows; ++row) {
    const std::int64_t at = row * r.columns;
    switch (r.op) {
      case spec::VectorOp::kSoftmax:
        softmax_row(in + at, r.columns, reinterpret_cast<const std::uint16_t*>(parameters.data()),
                    mask.empty() ? nullptr : mask.data(), out + at);
        break;
      case spec::VectorOp::kLayerNorm:
        layer_norm_row(in + at, r.has_residual ? residual + at : nullptr, r.columns, factors,
                       reinterpret_cast<const spec::LayerNormRecord*>(parameters.data()), out + at);
        break;
      case spec::VectorOp::kReduce:
        if (!reduce_row(in + row * r.input_columns, r.elements / r.columns, r.columns,
                        reinterpret_cast<const spec::RequantRecord*>(parameters.data()), out + at))
          throw base::ScheduleError(context_.schedule.file + ": node '" + context_.node_name(command.node()) +
                                    "': " + name() + ": partial sums add up to more than 32 bits hold");
        break;
    }
  }
}

}  // namespace heat::simba
