// Records are appended; tables of offsets come before what they point to. Tracked objects of a group are its resident
// tensors and the DRAM tensors that it both writes and reads.
#include "sim/simba_l/program_image.h"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "base/checked.h"
#include "firmware/include/simba_abi.h"
#include "machines/simba/gb_layout.h"
#include "machines/simba/shares.h"
#include "sim/simba_l/image_writer.h"
#include "sim/simba_l/result_signals.h"
#include "sim/simba_l/tracked_objects.h"

namespace heat::simba {

using spec::FusedGroup;
using spec::GemmNode;
using spec::Node;
using spec::PlannedNode;
using spec::TensorId;
using spec::TensorView;
using spec::VectorNode;

namespace {

static_assert(static_cast<int>(spec::LoopDim::kB) == SIMBA_DIM_B &&
                  static_cast<int>(spec::LoopDim::kM) == SIMBA_DIM_M &&
                  static_cast<int>(spec::LoopDim::kN) == SIMBA_DIM_N &&
                  static_cast<int>(spec::LoopDim::kK) == SIMBA_DIM_K,
              "the image's dimensions are the schedule's");

std::uint32_t dim_word(spec::LoopDim dim) {
  return static_cast<std::uint32_t>(dim);
}

std::uint32_t operation_word(spec::VectorOp op) {
  switch (op) {
    case spec::VectorOp::kSoftmax:
      return SIMBA_OP_SOFTMAX;
    case spec::VectorOp::kLayerNorm:
      return SIMBA_OP_LAYER_NORM;
    case spec::VectorOp::kReduce:
      return SIMBA_OP_REDUCE;
  }
  throw std::logic_error("unknown row operation");
}

// Whether the global-buffer tiles of the node's longest step can be numbered within SIMBA_MAX_TILES.
bool tiles_fit_keys(const FusedGroup& g, const PlannedNode& planned, const GemmNode& gemm, int chiplets) {
  const spec::Extents& tile = planned.mapping.gb_tile;
  const std::int64_t longest =
      std::min(g.step, machines::simba::chiplet_share(g.extent, g.chiplets_of(chiplets), 0).size());
  const spec::Extents e = spec::step_extents(gemm, planned.bound, g.extent, longest);
  std::int64_t tiles = 1;
  for (spec::LoopDim d : {spec::LoopDim::kB, spec::LoopDim::kM, spec::LoopDim::kN, spec::LoopDim::kK})
    if (__builtin_mul_overflow(tiles, simba_pieces(e[d], tile[d]), &tiles)) return false;
  return tiles <= SIMBA_MAX_TILES;
}

std::vector<machines::simba::GbLayout> layouts(const spec::Schedule& s, const spec::ArchSpec& arch) {
  std::vector<machines::simba::GbLayout> list;
  for (const FusedGroup& g : s.plan.groups) list.push_back(machines::simba::gb_layout(s.workload, g, arch));
  return list;
}

void put_mapping(ImageWriter& w, std::size_t node, const spec::GemmMapping& map) {
  w.put_extents(node + SIMBA_NODE_GB_TILE, map.gb_tile);
  w.put_extents(node + SIMBA_NODE_PE_TILE, map.pe_tile);
  for (std::size_t d = 0; d < 3; ++d) w[node + SIMBA_NODE_GB_ORDER + d] = dim_word(map.gb_order[d]);
  for (std::size_t d = 0; d < 2; ++d) w[node + SIMBA_NODE_WAVE_ORDER + d] = dim_word(map.wave_order[d]);
  w.put_spatial(node + SIMBA_NODE_SPATIAL, map.spatial);
}

// A resident tensor is divided along its outermost axis.
void check_outermost(ImageWriter& w, const TensorView& view, const spec::Index& index, const spec::Tensor& tensor) {
  for (const spec::ViewDim& d : view.dims)
    if (d.index == index && d.stride * d.outer() != tensor.bytes())
      w.problem("tensor '" + tensor.name + "' is in the global buffer, so the group's index '" + index +
                "' must be outermost in it (stride " + std::to_string(tensor.bytes() / d.outer()) + ", it is " +
                std::to_string(d.stride) + ")");
}

bool counts_two_digits(const TensorView& view, const spec::Index& index) {
  return std::any_of(view.dims.begin(), view.dims.end(),
                     [&](const spec::ViewDim& d) { return d.index == index && d.inner > 1; });
}

// The home from and to which the tensor's tiles travel in the group.
const spec::Home* travel(const FusedGroup& g, TensorId t) {
  return g.travels(t) ? g.home(t) : nullptr;
}

// Offset of the tracked objects' places; before_writing(range, tensor at home there): signals that writing waits for.
template <class BeforeWriting>
std::uint32_t put_places(ImageWriter& w, const TrackedObjects& objects, const FusedGroup& g,
                         const BeforeWriting& before_writing) {
  std::size_t at = w.reserve(SIMBA_PLACE_WORDS * objects.places().size());
  const auto first = static_cast<std::uint32_t>(at);
  for (const auto& [tensor, range] : objects.places()) {
    w.put_place(at, range, before_writing(range, g.home(tensor) ? tensor : TensorId()));
    at += SIMBA_PLACE_WORDS;
  }
  return first;
}

}  // namespace

class ImageBuilder {
 public:
  ImageBuilder(const spec::Schedule& schedule, const spec::ArchSpec& arch, ProgramImage& image)
      : s_(schedule),
        workload_(schedule.workload),
        plan_(schedule.plan),
        arch_(arch),
        w_(schedule, arch.chiplets(), image.words_, image.views_),
        layouts_(layouts(schedule, arch)),
        signals_(schedule, layouts_, arch) {}

  void build() {
    w_.reserve(SIMBA_IMG_HEADER);
    w_[SIMBA_IMG_MAGIC] = SIMBA_IMAGE_MAGIC;
    w_[SIMBA_IMG_VERSION] = SIMBA_IMAGE_VERSION;
    w_[SIMBA_IMG_GROUPS] = w_.word(static_cast<std::int64_t>(plan_.groups.size()), "groups");
    w_[SIMBA_IMG_CHIPLETS] = static_cast<std::uint32_t>(plan_.chiplets_of(arch_.chiplets()));
    const std::size_t table = w_.reserve(plan_.groups.size());
    w_[SIMBA_IMG_GROUP_TABLE] = static_cast<std::uint32_t>(table);
    for (spec::GroupId g : plan_.groups.ids()) {
      const std::uint32_t at = group(g);
      w_[table + static_cast<std::size_t>(g.value)] = at;
    }
    w_[SIMBA_IMG_SIZE] = w_.word(w_.size(), "image");
    w_.problems().throw_if_any<base::ScheduleError>();
  }

 private:
  const machines::simba::GbLayout& layout() const { return layouts_[static_cast<std::size_t>(group_.value)]; }
  const spec::Tensor& tensor(TensorId t) const { return workload_.tensors[t]; }
  const Node& node_of(const PlannedNode& n) const { return workload_.nodes[n.node]; }

  void find_objects(const FusedGroup& g) {
    objects_.emplace(workload_, g, layout());
    for (TensorId t : objects_->written_pins())
      w_.problem("tensor '" + tensor(t).name +
                 "' is pinned and written by a node of the group; a pinned tensor is only read");
    if (objects_->places().size() > SIMBA_MAX_OBJECTS)
      w_.problem("keeps " + std::to_string(objects_->places().size()) + " tensors, the firmware tracks " +
                 std::to_string(SIMBA_MAX_OBJECTS));
  }

  std::uint32_t operand(const FusedGroup& g, const TensorView& v, const ImageWriter::IndexGroups& indices,
                        bool writes = false) {
    const bool is_resident = layout().resident.count(v.tensor) != 0;
    const std::uint32_t at_view = w_.view(v, indices, is_resident ? nullptr : travel(g, v.tensor));
    const std::size_t at = w_.reserve(SIMBA_OPR_WORDS);
    if (is_resident) check_outermost(w_, v, g.index, tensor(v.tensor));
    w_[at + SIMBA_OPR_RESIDENT] = is_resident;
    const bool from_share = is_resident && counts_two_digits(v, g.index);
    w_[at + SIMBA_OPR_FROM_SHARE] = from_share;
    if (g.home(v.tensor) && !g.travels(v.tensor) && !from_share)
      w_[at + SIMBA_OPR_PER_VALUE] = w_.word(tensor(v.tensor).bytes() / g.extent, "bytes per value");
    w_[at + SIMBA_OPR_OBJECT] = objects_->number(v.tensor).value_or(SIMBA_NONE);
    w_[at + SIMBA_OPR_BOUND] = spec::holds_index(v, g.index);
    w_[at + SIMBA_OPR_TWICE] = objects_->has_two(v.tensor);
    w_[at + SIMBA_OPR_DEFER] = objects_->is_deferred(v.tensor);
    w_[at + SIMBA_OPR_RESULTS] = writes && g.travels(v.tensor) ? signals_.before_sending(v.tensor, group_)
                                                               : signals_.before_reading(v.tensor, group_);
    w_[at + SIMBA_OPR_VIEW] = at_view;
    return static_cast<std::uint32_t>(at);
  }

  void gemm(const FusedGroup& g, const PlannedNode& planned, std::size_t at) {
    const GemmNode& n = *node_of(planned).gemm;
    // Joint loads are told apart by the number of their tile, which must fit a key.
    if (!tiles_fit_keys(g, planned, n, arch_.chiplets()))
      w_.problem("has more than " + std::to_string(SIMBA_MAX_TILES) +
                 " global-buffer tiles in a step, which the firmware cannot tell apart; larger tiles or smaller steps "
                 "make fewer");
    const auto& i = n.indices;
    w_[at + SIMBA_NODE_PER_VALUE] = w_.word(n.extents[planned.bound] / g.extent, "values per group index");
    w_.put_extents(at + SIMBA_NODE_EXTENTS, n.extents);
    put_mapping(w_, at, planned.mapping);
    const std::uint32_t weight = operand(g, n.weight, {&i.b, &i.m, &i.k});
    const std::uint32_t input = operand(g, n.input, {&i.b, &i.n, &i.k});
    const std::vector<spec::Index> columns = spec::columns_written(n);
    const std::uint32_t out = operand(g, n.output, {&i.b, &i.m, &columns}, true);
    const std::uint32_t requant = w_.parameters(n.epilogue.requant, 0);
    const std::uint32_t activation =
        w_.parameters(n.epilogue.activation_table, machines::simba::activation_table_offset(workload_, n, arch_));
    w_[at + SIMBA_NODE_WEIGHT] = weight;
    w_[at + SIMBA_NODE_INPUT] = input;
    w_[at + SIMBA_NODE_OUTPUT] = out;
    w_[at + SIMBA_NODE_REQUANT] = requant;
    w_[at + SIMBA_NODE_ACTIVATION] = activation;
    w_[at + SIMBA_NODE_CHANNEL_STRIDE] = n.epilogue.channels_include_batch ? w_.word(n.extents.m, "extent m") : 0;
    w_[at + SIMBA_NODE_N_CHANNELS] = w_.word(n.epilogue.n_channels, "n_channels");
    w_[at + SIMBA_NODE_OUTPUT_BYTES] = static_cast<std::uint32_t>(n.output_bytes());
  }

  void rows(const FusedGroup& g, const Node& node, std::size_t at) {
    const VectorNode& v = *node.vector;
    w_[at + SIMBA_NODE_PER_VALUE] = w_.word(v.rows / g.extent, "rows per group index");
    w_[at + SIMBA_NODE_OP] = operation_word(v.op);
    w_[at + SIMBA_NODE_ROWS] = w_.word(v.rows, "rows");
    w_[at + SIMBA_NODE_COLUMNS] = w_.word(v.columns, "columns");
    w_[at + SIMBA_NODE_INPUT_COLUMNS] = w_.word(v.input_columns(), "bytes of an input row");
    const std::vector<spec::Index> columns = spec::columns_read(v);
    const std::uint32_t input = operand(g, v.input, {nullptr, &v.n, &columns});
    const std::uint32_t residual = v.residual ? operand(g, *v.residual, {nullptr, &v.n, &v.k}) : 0;
    const std::uint32_t out = operand(g, v.output, {nullptr, &v.n, &v.k}, true);
    const std::uint32_t records = w_.parameters(v.parameters, 0);
    const std::uint32_t mask = w_.parameters(v.mask, machines::simba::mask_offset(workload_, v, arch_));
    w_[at + SIMBA_NODE_ROW_INPUT] = input;
    w_[at + SIMBA_NODE_ROW_RESIDUAL] = residual;
    w_[at + SIMBA_NODE_ROW_OUTPUT] = out;
    w_[at + SIMBA_NODE_ROW_PARAMETERS] = records;
    w_[at + SIMBA_NODE_ROW_MASK] = mask;
    w_[at + SIMBA_NODE_MULTIPLIER_X] = static_cast<std::uint32_t>(v.multiplier_x);
    w_[at + SIMBA_NODE_MULTIPLIER_R] = static_cast<std::uint32_t>(v.multiplier_r);
    w_[at + SIMBA_NODE_SHIFT] = static_cast<std::uint32_t>(v.shift);
  }

  std::uint32_t node(const FusedGroup& g, const PlannedNode& planned) {
    const Node& n = node_of(planned);
    w_.about(s_.file + ": node '" + n.name + "'");
    const std::size_t at = w_.reserve(n.gemm ? SIMBA_NODE_GEMM_WORDS : SIMBA_NODE_VECTOR_WORDS);
    w_[at + SIMBA_NODE_KIND] = n.gemm ? SIMBA_KIND_GEMM : SIMBA_KIND_ROWS;
    w_[at + SIMBA_NODE_ID] = static_cast<std::uint32_t>(planned.node.value);
    w_[at + SIMBA_NODE_BOUND] = dim_word(planned.bound);
    if (n.gemm)
      gemm(g, planned, at);
    else
      rows(g, n, at);
    return static_cast<std::uint32_t>(at);
  }

  // Pinned tensors that the group reads, with the first node that does.
  void pins(const FusedGroup& g, std::size_t header) {
    std::vector<std::array<std::uint32_t, SIMBA_PIN_WORDS>> list;
    for (TensorId t : g.pinned) {
      if (layout().resident.count(t) == 0) continue;  // no node of the group views it
      std::int64_t per_value = 0;
      std::uint32_t first = SIMBA_NONE;
      for (std::size_t p = 0; p < g.nodes.size(); ++p)
        for (const TensorView* v : node_of(g.nodes[p]).reads())
          if (v->tensor == t) {
            if (first == SIMBA_NONE) first = static_cast<std::uint32_t>(p);
            if (spec::holds_index(*v, g.index)) per_value = tensor(t).bytes() / g.extent;
          }
      if (first == SIMBA_NONE) continue;
      list.push_back({*objects_->number(t), objects_->has_two(t), w_.bytes_view(t, travel(g, t)),
                      w_.word(tensor(t).bytes(), "pinned bytes"), w_.word(per_value, "bytes per value"), first,
                      signals_.before_reading(t, group_)});
    }
    w_[header + SIMBA_GRP_PINNED] = static_cast<std::uint32_t>(list.size());
    w_[header + SIMBA_GRP_PINNED_TABLE] = w_.size();
    for (const auto& pin : list) w_.append(pin.data(), pin.size());
  }

  std::uint32_t group(spec::GroupId id) {
    const FusedGroup& g = plan_.groups[id];
    group_ = id;
    w_.about(s_.file + ": group '" + g.name + "'");
    find_objects(g);
    const std::size_t at = w_.reserve(SIMBA_GRP_WORDS);
    w_[at + SIMBA_GRP_EXTENT] = w_.word(g.extent, "extent");
    w_[at + SIMBA_GRP_STEP] = w_.word(g.step, "step");
    w_[at + SIMBA_GRP_CHIPLETS] = static_cast<std::uint32_t>(g.chiplets_of(arch_.chiplets()));
    w_[at + SIMBA_GRP_SIGNAL] = signals_.signals(id);
    w_[at + SIMBA_GRP_PARAMETERS_STAY] = layout().parameters_stay;
    w_[at + SIMBA_GRP_AHEAD] = static_cast<std::uint32_t>(g.ahead);
    w_[at + SIMBA_GRP_OBJECTS] = static_cast<std::uint32_t>(objects_->places().size());
    const std::uint32_t objects = put_places(w_, *objects_, g, [&](const machines::simba::GbRange& r, TensorId t) {
      return signals_.before_writing(r, group_, t);
    });
    w_[at + SIMBA_GRP_OBJECT_TABLE] = objects;
    w_[at + SIMBA_GRP_NODES] = static_cast<std::uint32_t>(g.nodes.size());
    const auto slot = [&](std::size_t field, const machines::simba::Slots& slots) {
      for (std::int64_t i = 0; i < slots.count; ++i) {
        const machines::simba::GbRange range{slots.offset + i * slots.bytes, slots.bytes};
        w_.put_place(at + field + static_cast<std::size_t>(i * SIMBA_PLACE_WORDS), range,
                     signals_.before_writing(range, group_));
      }
    };
    slot(SIMBA_GRP_WEIGHT_SLOTS, layout().weight);
    slot(SIMBA_GRP_INPUT_SLOTS, layout().input);
    slot(SIMBA_GRP_OUTPUT_SLOTS, layout().output);
    slot(SIMBA_GRP_PARAMETER_SLOTS, layout().parameters);
    pins(g, at);
    const std::size_t table = w_.reserve(g.nodes.size());
    w_[at + SIMBA_GRP_NODE_TABLE] = static_cast<std::uint32_t>(table);
    for (std::size_t i = 0; i < g.nodes.size(); ++i) {
      const std::uint32_t offset = node(g, g.nodes[i]);
      w_[table + i] = offset;
    }
    return static_cast<std::uint32_t>(at);
  }

  const spec::Schedule& s_;
  const spec::Workload& workload_;
  const spec::Plan& plan_;
  const spec::ArchSpec& arch_;
  ImageWriter w_;
  std::optional<TrackedObjects> objects_;                 // of the present group
  const std::vector<machines::simba::GbLayout> layouts_;  // of the groups
  const ResultSignals signals_;
  spec::GroupId group_;  // the present one
};

int ProgramImage::chiplets() const {
  return static_cast<int>(words_[SIMBA_IMG_CHIPLETS]);
}

ProgramImage::ProgramImage(const spec::Schedule& schedule, const spec::ArchSpec& arch) {
  ImageBuilder(schedule, arch, *this).build();
}

}  // namespace heat::simba
