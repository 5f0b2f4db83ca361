// Records are appended; tables of offsets come before what they point to. Tracked objects of a group are its resident
// tensors and the DRAM tensors that it both writes and reads.
#include "sim/simba_l/program_image.h"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "base/checked.h"
#include "firmware/include/simba_abi.h"
#include "machines/simba/gb_layout.h"
#include "machines/simba/shares.h"

namespace heat::simba {

using spec::FusedGroup;
using spec::GemmNode;
using spec::Node;
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
  }
  throw std::logic_error("unknown row operation");
}

}  // namespace

class ImageBuilder {
 public:
  ImageBuilder(const spec::Schedule& schedule, const spec::ArchSpec& arch, ProgramImage& image)
      : s_(schedule), arch_(arch), image_(image), w_(image.words_) {}

  void build() {
    w_.resize(SIMBA_IMG_HEADER);
    w_[SIMBA_IMG_MAGIC] = SIMBA_IMAGE_MAGIC;
    w_[SIMBA_IMG_VERSION] = SIMBA_IMAGE_VERSION;
    w_[SIMBA_IMG_GROUPS] = word(static_cast<std::int64_t>(s_.groups.size()), "groups");
    const std::size_t table = reserve(s_.groups.size());
    w_[SIMBA_IMG_GROUP_TABLE] = static_cast<std::uint32_t>(table);
    for (std::size_t g = 0; g < s_.groups.size(); ++g) {
      const std::uint32_t at = group(s_.groups[g]);
      w_[table + g] = at;
    }
    w_[SIMBA_IMG_SIZE] = word(static_cast<std::int64_t>(w_.size()), "image");
    problems_.throw_if_any<base::ScheduleError>();
  }

 private:
  std::uint32_t word(std::int64_t value, const char* what) {
    if (value < 0 || value > 0x7FFFFFFF)
      problems_.add(place_,
                    std::string(what) + " is " + std::to_string(value) + ", the program image holds 0 to 2147483647");
    return static_cast<std::uint32_t>(value);
  }
  std::size_t reserve(std::size_t words) {
    const std::size_t at = w_.size();
    w_.resize(at + words);
    return at;
  }
  const spec::Tensor& tensor(int t) const { return s_.tensors[static_cast<std::size_t>(t)]; }
  const Node& node_of(int n) const { return s_.nodes[static_cast<std::size_t>(n)]; }

  // Reads and writes of a node.
  static std::vector<const TensorView*> inputs(const Node& node) {
    if (node.gemm) return {&node.gemm->weight, &node.gemm->input};
    std::vector<const TensorView*> views{&node.vector->input};
    if (node.vector->residual) views.push_back(&*node.vector->residual);
    return views;
  }
  static const TensorView& output(const Node& node) { return node.gemm ? node.gemm->output : node.vector->output; }

  void find_objects(const FusedGroup& g) {
    objects_.clear();
    deferred_.clear();
    for (const auto& [t, offset] : layout_.resident) add_object(t);
    std::set<int> written;
    for (int n : g.nodes) {
      for (const TensorView* v : inputs(node_of(n)))
        if (written.count(v->tensor)) {
          deferred_.insert(v->tensor);
          add_object(v->tensor);
        }
      const int out = output(node_of(n)).tensor;
      if (std::find(g.pinned.begin(), g.pinned.end(), out) != g.pinned.end())
        problems_.add(place_, "tensor '" + tensor(out).name + "' is pinned and written by node '" + node_of(n).name +
                                  "'; a pinned tensor is only read");
      if (!spec::is_resident(s_, g, out)) written.insert(out);
    }
    if (objects_.size() > SIMBA_MAX_OBJECTS)
      problems_.add(place_, "keeps " + std::to_string(objects_.size()) + " tensors, the firmware tracks " +
                                std::to_string(SIMBA_MAX_OBJECTS));
  }
  void add_object(int t) { objects_.emplace(t, static_cast<std::uint32_t>(objects_.size())); }

  std::uint32_t view_record(int t, const std::array<std::vector<StridedDim>, 3>& groups) {
    std::array<std::vector<StridedDim>, 3> list;
    std::size_t dims = 0;
    for (std::size_t g = 0; g < 3; ++g) {
      list[g] = joined(groups[g]);
      dims += list[g].size();
    }
    const std::size_t at = reserve(SIMBA_VIEW_LIST + 2 * dims);
    const auto address = static_cast<std::uint64_t>(std::max<std::int64_t>(0, tensor(t).dram_address));
    w_[at + SIMBA_VIEW_TENSOR] = static_cast<std::uint32_t>(t);
    w_[at + SIMBA_VIEW_ADDRESS] = static_cast<std::uint32_t>(address);
    w_[at + SIMBA_VIEW_ADDRESS_HIGH] = static_cast<std::uint32_t>(address >> 32);
    std::size_t next = at + SIMBA_VIEW_LIST;
    for (std::size_t g = 0; g < 3; ++g) {
      w_[at + SIMBA_VIEW_DIMS + g] = static_cast<std::uint32_t>(list[g].size());
      for (const StridedDim& d : list[g]) {
        w_[next++] = word(d.size, "size of an index");
        w_[next++] = word(d.stride, "stride of an index");
      }
    }
    const auto offset = static_cast<std::uint32_t>(at);
    image_.views_[offset] = decode_view(w_, offset);
    return offset;
  }

  // Splits the view's dims into the three given index groups.
  std::uint32_t view(const TensorView& v, const std::array<const std::vector<spec::Index>*, 3>& indices) {
    std::array<std::vector<StridedDim>, 3> groups;
    for (const auto& d : v.dims)
      for (std::size_t g = 0; g < 3; ++g)
        if (indices[g] && std::find(indices[g]->begin(), indices[g]->end(), d.index) != indices[g]->end())
          groups[g].push_back({d.size, d.stride});
    return view_record(v.tensor, groups);
  }

  std::uint32_t bytes_view(int t) { return view_record(t, {{{}, {}, {{tensor(t).bytes(), 1}}}}); }

  std::uint32_t operand(const FusedGroup& g, const TensorView& v,
                        const std::array<const std::vector<spec::Index>*, 3>& indices) {
    const std::uint32_t at_view = view(v, indices);
    const std::size_t at = reserve(SIMBA_OPR_WORDS);
    const auto resident = layout_.resident.find(v.tensor);
    for (const auto& d : v.dims)
      if (resident != layout_.resident.end() && d.index == g.index && d.stride * d.size != tensor(v.tensor).bytes())
        problems_.add(place_, "tensor '" + tensor(v.tensor).name + "' is in the global buffer, so the group's index '" +
                                  g.index + "' must be outermost in it (stride " +
                                  std::to_string(tensor(v.tensor).bytes() / d.size) + ", it is " +
                                  std::to_string(d.stride) + ")");
    const auto object = objects_.find(v.tensor);
    w_[at + SIMBA_OPR_RESIDENT] = resident != layout_.resident.end();
    w_[at + SIMBA_OPR_GB] = resident != layout_.resident.end() ? word(resident->second, "global buffer address") : 0;
    w_[at + SIMBA_OPR_OBJECT] = object != objects_.end() ? object->second : SIMBA_NONE;
    w_[at + SIMBA_OPR_BOUND] = spec::holds_index(v, g.index);
    w_[at + SIMBA_OPR_DEFER] = deferred_.count(v.tensor) != 0;
    w_[at + SIMBA_OPR_VIEW] = at_view;
    return static_cast<std::uint32_t>(at);
  }

  std::uint32_t parameters(int t, std::int64_t offset) {
    if (t < 0) return 0;
    const std::uint32_t at_view = bytes_view(t);
    const std::size_t at = reserve(SIMBA_OPR_WORDS);
    w_[at + SIMBA_OPR_GB] = word(offset, "parameter offset");
    w_[at + SIMBA_OPR_OBJECT] = SIMBA_NONE;
    w_[at + SIMBA_OPR_VIEW] = at_view;
    w_[at + SIMBA_OPR_BYTES] = word(tensor(t).bytes(), "parameter bytes");
    return static_cast<std::uint32_t>(at);
  }

  void put4(std::size_t at, const spec::Extents& e) {
    w_[at] = word(e.b, "extent b");
    w_[at + 1] = word(e.m, "extent m");
    w_[at + 2] = word(e.n, "extent n");
    w_[at + 3] = word(e.k, "extent k");
  }

  // Joint loads are told apart by the number of their tile, which must fit a key.
  void check_tiles(const FusedGroup& g, const Node& node) {
    const spec::Extents& tile = node.gemm->mapping.gb_tile;
    const std::int64_t longest = std::min(g.step, machines::simba::chiplet_share(g.extent, arch_.chiplets(), 0).size());
    const spec::Extents e = spec::step_extents(*node.gemm, node.bound, g.extent, longest);
    std::int64_t tiles = 1;
    bool fits = true;
    for (spec::LoopDim d : {spec::LoopDim::kB, spec::LoopDim::kM, spec::LoopDim::kN, spec::LoopDim::kK}) {
      fits = fits && !__builtin_mul_overflow(tiles, base::ceil_div(e[d], tile[d]), &tiles);
    }
    if (!fits || tiles > SIMBA_MAX_TILES)
      problems_.add(place_, "has more than " + std::to_string(SIMBA_MAX_TILES) +
                                " global-buffer tiles in a step, which the firmware cannot tell apart; larger tiles or "
                                "smaller steps make fewer");
  }

  void gemm(const FusedGroup& g, const Node& node, std::size_t at) {
    const GemmNode& n = *node.gemm;
    check_tiles(g, node);
    const auto& i = n.indices;
    const auto& map = n.mapping;
    w_[at + SIMBA_NODE_PER_VALUE] = word(n.extents[node.bound] / g.extent, "values per group index");
    put4(at + SIMBA_NODE_EXTENTS, n.extents);
    put4(at + SIMBA_NODE_GB_TILE, map.gb_tile);
    put4(at + SIMBA_NODE_PE_TILE, map.pe_tile);
    for (std::size_t d = 0; d < 3; ++d) w_[at + SIMBA_NODE_GB_ORDER + d] = dim_word(map.gb_order[d]);
    for (std::size_t d = 0; d < 2; ++d) w_[at + SIMBA_NODE_WAVE_ORDER + d] = dim_word(map.wave_order[d]);
    w_[at + SIMBA_NODE_SPATIAL] = word(map.spatial.b, "spatial b");
    w_[at + SIMBA_NODE_SPATIAL + 1] = word(map.spatial.m, "spatial m");
    w_[at + SIMBA_NODE_SPATIAL + 2] = word(map.spatial.n, "spatial n");
    const std::uint32_t weight = operand(g, n.weight, {&i.b, &i.m, &i.k});
    const std::uint32_t input = operand(g, n.input, {&i.b, &i.n, &i.k});
    const std::uint32_t out = operand(g, n.output, {&i.b, &i.m, &i.n});
    const std::uint32_t requant = parameters(n.epilogue.requant, 0);
    const std::uint32_t activation =
        parameters(n.epilogue.activation_table, machines::simba::activation_table_offset(s_, n, arch_));
    w_[at + SIMBA_NODE_WEIGHT] = weight;
    w_[at + SIMBA_NODE_INPUT] = input;
    w_[at + SIMBA_NODE_OUTPUT] = out;
    w_[at + SIMBA_NODE_REQUANT] = requant;
    w_[at + SIMBA_NODE_ACTIVATION] = activation;
    w_[at + SIMBA_NODE_CHANNEL_STRIDE] = n.epilogue.channels_include_batch ? word(n.extents.m, "extent m") : 0;
    w_[at + SIMBA_NODE_N_CHANNELS] = word(n.epilogue.n_channels, "n_channels");
  }

  void rows(const FusedGroup& g, const Node& node, std::size_t at) {
    const VectorNode& v = *node.vector;
    w_[at + SIMBA_NODE_PER_VALUE] = word(v.rows / g.extent, "rows per group index");
    w_[at + SIMBA_NODE_OP] = operation_word(v.op);
    w_[at + SIMBA_NODE_ROWS] = word(v.rows, "rows");
    w_[at + SIMBA_NODE_COLUMNS] = word(v.columns, "columns");
    const std::uint32_t input = operand(g, v.input, {nullptr, &v.n, &v.k});
    const std::uint32_t residual = v.residual ? operand(g, *v.residual, {nullptr, &v.n, &v.k}) : 0;
    const std::uint32_t out = operand(g, v.output, {nullptr, &v.n, &v.k});
    const std::uint32_t records = parameters(v.parameters, 0);
    w_[at + SIMBA_NODE_ROW_INPUT] = input;
    w_[at + SIMBA_NODE_ROW_RESIDUAL] = residual;
    w_[at + SIMBA_NODE_ROW_OUTPUT] = out;
    w_[at + SIMBA_NODE_ROW_PARAMETERS] = records;
    w_[at + SIMBA_NODE_MULTIPLIER_X] = static_cast<std::uint32_t>(v.multiplier_x);
    w_[at + SIMBA_NODE_MULTIPLIER_R] = static_cast<std::uint32_t>(v.multiplier_r);
    w_[at + SIMBA_NODE_SHIFT] = static_cast<std::uint32_t>(v.shift);
  }

  std::uint32_t node(const FusedGroup& g, int id) {
    const Node& n = node_of(id);
    place_ = s_.file + ": node '" + n.name + "'";
    const std::size_t at = reserve(n.gemm ? SIMBA_NODE_GEMM_WORDS : SIMBA_NODE_VECTOR_WORDS);
    w_[at + SIMBA_NODE_KIND] = n.gemm ? SIMBA_KIND_GEMM : SIMBA_KIND_ROWS;
    w_[at + SIMBA_NODE_ID] = static_cast<std::uint32_t>(id);
    w_[at + SIMBA_NODE_BOUND] = dim_word(n.bound);
    if (n.gemm)
      gemm(g, n, at);
    else
      rows(g, n, at);
    return static_cast<std::uint32_t>(at);
  }

  // Pinned tensors that the group reads, with the first node that does.
  void pins(const FusedGroup& g, std::size_t header) {
    std::vector<std::array<std::uint32_t, SIMBA_PIN_WORDS>> list;
    for (int t : g.pinned) {
      const auto at = layout_.resident.find(t);
      if (at == layout_.resident.end()) continue;  // no node of the group views it
      std::int64_t per_value = 0;
      std::uint32_t first = SIMBA_NONE;
      for (std::size_t p = 0; p < g.nodes.size(); ++p)
        for (const TensorView* v : inputs(node_of(g.nodes[p])))
          if (v->tensor == t) {
            if (first == SIMBA_NONE) first = static_cast<std::uint32_t>(p);
            if (spec::holds_index(*v, g.index)) per_value = tensor(t).bytes() / g.extent;
          }
      if (first == SIMBA_NONE) continue;
      list.push_back({objects_.at(t), word(at->second, "global buffer address"), bytes_view(t),
                      word(tensor(t).bytes(), "pinned bytes"), word(per_value, "bytes per value"), first});
    }
    w_[header + SIMBA_GRP_PINNED] = static_cast<std::uint32_t>(list.size());
    w_[header + SIMBA_GRP_PINNED_TABLE] = static_cast<std::uint32_t>(w_.size());
    for (const auto& pin : list) w_.insert(w_.end(), pin.begin(), pin.end());
  }

  std::uint32_t group(const FusedGroup& g) {
    place_ = s_.file + ": group '" + g.name + "'";
    layout_ = machines::simba::gb_layout(s_, g, arch_);
    find_objects(g);
    const std::size_t at = reserve(SIMBA_GRP_WORDS);
    w_[at + SIMBA_GRP_EXTENT] = word(g.extent, "extent");
    w_[at + SIMBA_GRP_STEP] = word(g.step, "step");
    w_[at + SIMBA_GRP_NODES] = static_cast<std::uint32_t>(g.nodes.size());
    const auto slot = [&](std::size_t field, const machines::simba::SlotPair& pair) {
      w_[at + field] = word(pair.offset, "slot address");
      w_[at + field + 1] = word(pair.bytes, "slot bytes");
    };
    slot(SIMBA_GRP_WEIGHT_SLOT, layout_.weight);
    slot(SIMBA_GRP_INPUT_SLOT, layout_.input);
    slot(SIMBA_GRP_OUTPUT_SLOT, layout_.output);
    slot(SIMBA_GRP_PARAMETER_SLOT, layout_.parameters);
    pins(g, at);
    const std::size_t table = reserve(g.nodes.size());
    w_[at + SIMBA_GRP_NODE_TABLE] = static_cast<std::uint32_t>(table);
    for (std::size_t i = 0; i < g.nodes.size(); ++i) {
      const std::uint32_t offset = node(g, g.nodes[i]);
      w_[table + i] = offset;
    }
    return static_cast<std::uint32_t>(at);
  }

  const spec::Schedule& s_;
  const spec::ArchSpec& arch_;
  ProgramImage& image_;
  std::vector<std::uint32_t>& w_;
  base::Problems problems_;
  std::string place_;
  machines::simba::GbLayout layout_;
  std::map<int, std::uint32_t> objects_;
  std::set<int> deferred_;
};

ProgramImage::ProgramImage(const spec::Schedule& schedule, const spec::ArchSpec& arch) {
  ImageBuilder(schedule, arch, *this).build();
}

ViewSpec decode_view(const std::vector<std::uint32_t>& words, std::uint32_t offset) {
  ViewSpec view;
  view.tensor = static_cast<int>(words[offset + SIMBA_VIEW_TENSOR]);
  view.address =
      words[offset + SIMBA_VIEW_ADDRESS] | static_cast<std::uint64_t>(words[offset + SIMBA_VIEW_ADDRESS_HIGH]) << 32;
  std::size_t next = offset + SIMBA_VIEW_LIST;
  for (std::size_t g = 0; g < 3; ++g)
    for (std::uint32_t d = 0; d < words[offset + SIMBA_VIEW_DIMS + g]; ++d, next += 2)
      view.groups[g].push_back({words[next], words[next + 1]});
  return view;
}

}  // namespace heat::simba
