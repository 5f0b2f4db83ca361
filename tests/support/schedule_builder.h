// Builds small hand-made schedules with data, for tests of the simulator and of spec.
//
// Use:
//   ScheduleBuilder b(small_arch(), seed);
//   b.sizes({{"t", 10}, {"c", 24}, {"r", 12}});
//   TensorId x = b.tensor("x", TensorKind::kInput, {"t", "c"});        // random int8 in the image
//   TensorId w = b.tensor("w", TensorKind::kWeight, {"r", "c"});
//   TensorId y = b.tensor("y", TensorKind::kOutput, {"t", "r"});
//   b.group("g", "t", /*step=*/3);                                // step 0: a step that fits is chosen
//   b.gemm("proj", {w, {"r", "c"}}, {x, {"t", "c"}}, {y, {"t", "r"}});
//   BuiltSchedule built = b.build();
//   std::string json = write_schedule(built, temporary_folder());
// Labels are the indices of a tensor in memory order, outermost first; a node may see a tensor under other labels as
// long as they cover its bytes. Which operand index is b, m, n or k follows from where it occurs. Requantisation
// records are chosen so that the outputs use the int8 range and now and then clamp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "spec/arch_spec.h"
#include "spec/schedule.h"
#include "tests/support/mapping_chooser.h"

namespace heat::test_support {

struct BuiltSchedule {
  spec::Schedule schedule;
  std::vector<std::uint8_t> image;  // DRAM from address 0
};

// 2x2 chiplets of 2x2 PEs with 4 lanes of width 4 and small buffers: small cases already need several tiles and waves.
// `dram_config` and `energy_config` are left empty.
spec::ArchSpec small_arch();
// One chiplet with one PE, otherwise the same.
spec::ArchSpec single_pe_arch();

// Where a tensor lives: at an address, or in the global buffer of the group whose node writes it.
enum class Home { kDram, kGlobalBuffer };

// A tensor as a node sees it.
struct Operand {
  spec::TensorId tensor;
  std::vector<spec::Index> labels;
};

struct GemmOptions {
  bool gelu = false;                    // an activation table in the epilogue
  bool channels_include_batch = false;  // one requantisation record a (b, m) instead of m
  std::int64_t n_channels = 1;          // innermost n values that are channels too
  bool sums = false;                    // 32-bit sums leave; the output's last label is spec::kSumByte
  std::optional<spec::GemmMapping> mapping;
};

class ScheduleBuilder {
 public:
  ScheduleBuilder(const spec::ArchSpec& arch, std::uint64_t seed);

  // Mappings and steps drawn at random (seeded) instead of the plain ones; `over_k`: some split k over PEs.
  ScheduleBuilder& random_mappings(bool over_k = true);
  ScheduleBuilder& sizes(const std::map<spec::Index, std::int64_t>& sizes);

  // Adds a tensor. Inputs and weights get random data.
  spec::TensorId tensor(const std::string& name, spec::TensorKind kind, const std::vector<spec::Index>& labels,
                        Home home = Home::kDram);
  // Opens a group whose loop runs over `index`; nodes added next belong to it. step 0: chosen.
  void group(const std::string& name, const spec::Index& index, std::int64_t step = 0,
             const std::vector<spec::TensorId>& pinned = {});
  // The open group's first so many nodes run one step ahead of the others.
  void ahead(int nodes) { built_.schedule.plan.groups.back().ahead = nodes; }
  void gemm(const std::string& name, const Operand& weight, const Operand& input, const Operand& output,
            const GemmOptions& options = {});
  // `columns` are the indices of a row; all other labels make the rows. `mask`: an input that gets random zeros and ones.
  void softmax(const std::string& name, const Operand& input, const Operand& output,
               const std::vector<spec::Index>& columns, spec::TensorId mask = {});
  void layer_norm(const std::string& name, const Operand& input, const std::optional<Operand>& residual,
                  const Operand& output, const std::vector<spec::Index>& columns);

  // The input's labels end in spec::kSumByte; `parts` are those that it sums over.
  void reduce(const std::string& name, const Operand& input, const Operand& output,
              const std::vector<spec::Index>& parts);

  // Chooses steps and mappings, draws the data. Throws std::logic_error with the misfits when the result does not fit.
  BuiltSchedule build();

 private:
  spec::TensorView view(const Operand& operand, const std::vector<std::vector<spec::Index>>& groups) const;
  spec::TensorId parameters(const std::string& name, std::int64_t records, std::int64_t record_bytes);
  // Adds the node to the group that was opened last.
  void add(spec::Node node, spec::LoopDim bound, std::optional<spec::GemmMapping> mapping = std::nullopt);
  const spec::FusedGroup& open_group(const std::string& node) const;
  void vector_node(const std::string& name, spec::VectorNode node, const Operand& input,
                   const std::optional<Operand>& residual, const Operand& output,
                   const std::vector<spec::Index>& columns, std::int64_t record_count, std::int64_t record_bytes);
  void choose_mappings(spec::FusedGroup& group, std::int64_t share_of_buffer);
  std::int64_t resident_bytes_of(const spec::FusedGroup& group, bool per_value) const;
  void place_tensors();
  void keep_on_chip();
  void draw_data();

  spec::ArchSpec arch_;
  Random random_;
  bool random_mappings_ = false, over_k_ = true;
  std::map<spec::Index, std::int64_t> sizes_;
  std::map<spec::NodeId, bool> fixed_mapping_;  // the caller gave the node's mapping
  spec::IdVector<spec::TensorId, Home> homes_;
  BuiltSchedule built_;
};

// A fresh folder under the system's temporary one; it is left for the system to clear.
std::string temporary_folder();
// Writes `<name>.json` and `<name>.bin` into `folder`; returns the path of the JSON.
std::string write_schedule(BuiltSchedule& built, const std::string& folder, const std::string& name = "schedule");

}  // namespace heat::test_support
