// With data on, every output equals an independent integer reference, bit for bit.
#include <gtest/gtest.h>

#include "machines/simba/gb_layout.h"
#include "machines/simba/misfits.h"
#include "tests/sim/simba_l/test_machine.h"
#include "tests/support/integer_reference.h"
#include "tests/support/sample_schedules.h"

namespace heat::simba_test {
namespace {

using namespace test_support;

Machine small(std::uint64_t random_stall = 0) {
  Machine m;
  m.arch = small_arch();
  m.options.data = true;
  m.options.random_stall = random_stall;
  return m;
}

void expect_reference(const BuiltSchedule& built, const Machine& machine, const std::string& what) {
  const Outcome outcome = run(built, machine);
  ASSERT_EQ(outcome.error, "") << what;
  const TensorData expected = run_reference(built.schedule, built.image);
  int compared = 0;
  for (const auto& t : built.schedule.workload.tensors) {
    if (t.kind != spec::TensorKind::kOutput) continue;
    ASSERT_EQ(outcome.outputs.count(t.name), 1u) << what;
    EXPECT_EQ(outcome.outputs.at(t.name), expected.at(t.name)) << what << ", tensor " << t.name;
    ++compared;
  }
  EXPECT_GT(compared, 0) << what;
}

TEST(Data, OneGemmEqualsReferenceForEveryBoundDimensionAndOddSizes) {
  for (GemmBound bound : {GemmBound::kB, GemmBound::kM, GemmBound::kN})
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      OneGemmOptions o;
      o.bound = bound;
      o.seed = seed;
      o.random_mappings = seed > 1;
      o.gelu = seed % 2 == 0;
      o.pin_weight = seed == 3 && bound != GemmBound::kM;  // a resident share needs its index outermost
      const std::int64_t B = bound == GemmBound::kB ? 5 : static_cast<std::int64_t>(seed % 2 + 1);
      expect_reference(one_gemm(small_arch(), B, 13, 11, 37, o), small(),
                       "bound " + std::to_string(static_cast<int>(bound)) + " seed " + std::to_string(seed));
    }
}

// Sums over k that chiplets share, by as many parts as chiplets, fewer and more.
TEST(Data, DividedSumsEqualReferenceAndThoseOfOneGemm) {
  for (const std::int64_t parts : {1, 3, 4, 5})
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      DividedSumOptions o;
      o.seed = seed;
      o.random_mappings = seed > 1;
      o.fused = seed % 2 == 0;
      const std::string what = std::to_string(parts) + " parts, seed " + std::to_string(seed);
      expect_reference(divided_sum(small_arch(), parts, 13, 11, 9, o), small(seed == 3 ? 5 : 0), what);
      expect_reference(divided_sum(small_arch(), parts, 1, 17, 1, o), small(), "thin, " + what);
    }
}

// The same products, requantised by the same records: divided or not, the same bytes.
TEST(Data, SumDividedThenTheResultOfTheWhole) {
  constexpr std::int64_t kParts = 4, kM = 7, kN = 10, kK = 12;
  const BuiltSchedule divided = divided_sum(small_arch(), kParts, kM, kN, kK);
  BuiltSchedule whole = one_gemm(small_arch(), 1, kM, kN, kParts * kK);
  const auto bytes = [](auto& built, const std::string& name) {
    for (spec::TensorId t : built.schedule.workload.tensors.ids())
      if (built.schedule.workload.tensors[t].name == name)
        return built.image.begin() + built.schedule.plan.dram_addresses[t];
    throw std::logic_error("no tensor " + name);
  };
  for (std::int64_t p = 0; p < kParts; ++p)
    for (const auto& [name, rows] : {std::pair{"w", kM}, std::pair{"x", kN}})
      for (std::int64_t row = 0; row < rows; ++row)
        std::copy_n(bytes(divided, name) + (p * rows + row) * kK, kK, bytes(whole, name) + row * kParts * kK + p * kK);
  std::copy_n(bytes(divided, "reduce.parameters"), 4 * kM, bytes(whole, "gemm.requant"));
  const Outcome x = run(divided, small()), y = run(whole, small());
  ASSERT_EQ(x.error + y.error, "");
  EXPECT_EQ(x.outputs.at("y"), y.outputs.at("y"));
}

// k over 2 to 4 PEs, which divide neither it nor its PE tiles, in one tile of the global buffer and in several.
TEST(Data, KOverPesEqualsReferenceForOddSizes) {
  int idle_in_last_wave = 0;
  for (std::int64_t K : {1, 15, 17, 255})
    for (std::int64_t along : {2, 3, 4})
      for (std::int64_t tile : {1, 3, 7, 16})
        for (bool several : {false, true}) {
          if (K > 60 && tile < 7) continue;  // it takes long
          OneGemmOptions o;
          o.gelu = tile == 3;
          spec::GemmMapping map;
          map.pe_tile = {1, 5, 3, std::min(K, tile)};
          map.spatial = {1, along == 2 ? 2 : 1, 1, along};
          const std::int64_t wave = map.pe_tile.k * along;
          map.gb_tile = {1, 13, 3, K};
          if (several) {
            map.gb_tile = {1, 5 * map.spatial.m, 3, std::min(K, wave + map.pe_tile.k)};
            if (map.gb_tile.k == K) continue;
          }
          map.wave_order = {spec::LoopDim::kN, spec::LoopDim::kM};
          o.mapping = map;
          o.step = 3;
          const std::int64_t parts = (map.gb_tile.k + map.pe_tile.k - 1) / map.pe_tile.k;
          idle_in_last_wave += parts > along && parts % along != 0;
          Machine machine = small(K == 17 ? 5 : 0);
          machine.arch.global_buffer.capacity = spec::Bytes(1 << 14);
          expect_reference(one_gemm(machine.arch, 1, 13, 11, K, o), machine,
                           "K " + std::to_string(K) + " over " + std::to_string(along) + " PEs in tiles of " +
                               std::to_string(map.pe_tile.k) + (several ? " of several" : " of one"));
        }
  EXPECT_GE(idle_in_last_wave, 10);
}

TEST(Data, FactorisedLayersEqualReference) {
  for (LayerMethod method : all_layer_methods())
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      LayerOptions o;
      o.seed = seed;
      o.random_mappings = seed > 1;
      o.resident_intermediates = seed != 3;
      expect_reference(factorised_layer(small_arch(), method, o), small(),
                       std::string(layer_method_name(method)) + " seed " + std::to_string(seed));
    }
}

TEST(Data, AttentionEqualsReferenceOverHeadsAndTokens) {
  for (bool heads : {true, false})
    for (bool mask : {false, true})
      for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        AttentionOptions o;
        o.loop_over_heads = heads;
        o.padding_mask = mask;
        o.seed = seed;
        o.random_mappings = seed > 1;
        if (seed == 3) o.tokens = 17;  // more than a word of the global buffer
        expect_reference(
            attention_block(small_arch(), o), small(seed == 2 ? 99 : 0),
            std::string(heads ? "heads" : "tokens") + (mask ? " masked" : "") + " seed " + std::to_string(seed));
      }
}

// Nodes that run a step ahead: as many steps as one, two and more, on chiplets with more and with fewer; shares loaded before
// their step and not.
TEST(Data, ScoresAStepAheadEqualReference) {
  for (const bool heads : {true, false})
    for (const bool pins : {false, true})
      for (const std::int64_t size : {1, 4, 7, 9, 13})
        for (std::uint64_t seed = 1; seed <= 2; ++seed) {
          AttentionOptions o;
          o.ahead = true;
          o.pin_shares = pins;
          o.loop_over_heads = heads;
          (heads ? o.heads : o.tokens) = size;
          o.head_size = 4;
          o.seed = seed;
          o.random_mappings = seed > 1;
          o.step = 1;
          expect_reference(attention_block(small_arch(), o), small(seed == 2 ? 17 : 0),
                           std::string(heads ? "heads" : "tokens") + (pins ? ", pinned shares, " : ", ") +
                               std::to_string(size) + ", seed " + std::to_string(seed));
        }
}

// The softmax takes about as long as a product: beside one another they take less.
TEST(Data, ScoresAStepAheadThenSoonerThanOneAfterTheOther) {
  AttentionOptions o;
  o.heads = 24;
  o.tokens = 24;
  o.step = 1;
  Machine m = small();
  m.arch.vector_unit.elements_per_cycle = 4;
  m.arch.controller.queue_depth = 256;  // a step's scores do not keep the controller from the softmax
  const auto attention_cycles = [](const Outcome& outcome) {
    std::int64_t cycles = 0;
    for (const auto& n : outcome.report.at("nodes"))
      for (const char* name : {"scores", "softmax", "context"})
        if (n.at("name") == name) cycles += n.at("cycles").get<std::int64_t>();
    return static_cast<double>(cycles);
  };
  const Outcome behind = run(attention_block(m.arch, o), m);
  o.ahead = true;
  const Outcome ahead = run(attention_block(m.arch, o), m);
  ASSERT_EQ(behind.error + ahead.error, "");
  EXPECT_EQ(ahead.outputs, behind.outputs);
  EXPECT_LT(attention_cycles(ahead), attention_cycles(behind));
}

// What the mask hides is not seen: other scores of padding change nothing, of a key they do.
TEST(Data, KeyUnderTheMaskChangedThenTheSameOutput) {
  AttentionOptions o;
  o.padding_mask = true;
  const BuiltSchedule built = attention_block(small_arch(), o);
  const auto at = [&](const std::string& name) {
    for (spec::TensorId t : built.schedule.workload.tensors.ids())
      if (built.schedule.workload.tensors[t].name == name)
        return static_cast<std::size_t>(built.schedule.plan.dram_addresses[t]);
    throw std::logic_error("no tensor " + name);
  };
  const auto width = static_cast<std::size_t>(o.heads * o.head_size);
  const Outcome before = run(built, small());
  ASSERT_EQ(before.error, "");
  int hidden = 0;
  for (std::int64_t token = 0; token < o.tokens; ++token) {
    BuiltSchedule changed = built;
    const auto row = static_cast<std::size_t>(token) * width;
    for (std::size_t i = 0; i < width; ++i) changed.image[at("x") + row + i] ^= 0x55;
    const Outcome after = run(changed, small());
    ASSERT_EQ(after.error, "");
    auto x = before.outputs.at("context"), y = after.outputs.at("context");  // of all queries but the changed one
    const bool masked = built.image[at("mask") + static_cast<std::size_t>(token)] == 0;
    for (auto* rows : {&x, &y})
      rows->erase(rows->begin() + static_cast<std::ptrdiff_t>(row),
                  rows->begin() + static_cast<std::ptrdiff_t>(row + width));
    EXPECT_EQ(x == y, masked) << "token " << token;
    hidden += masked;
  }
  EXPECT_GE(hidden, 1);
  EXPECT_LT(hidden, o.tokens);
}

// How all groups that use the tensor divide it, if they do it alike and it is their outermost axis.
std::optional<std::int64_t> common_division(const spec::Schedule& s, spec::TensorId t) {
  std::optional<std::int64_t> extent;
  for (const spec::FusedGroup& g : s.plan.groups)
    for (const spec::PlannedNode& n : g.nodes) {
      std::vector<const spec::TensorView*> views = s.workload.nodes[n.node].reads();
      views.push_back(&s.workload.nodes[n.node].writes());
      for (const spec::TensorView* v : views) {
        if (v->tensor != t) continue;
        if (!spec::is_outermost(*v, g.index, g.extent, s.workload.tensors[t].bytes())) return std::nullopt;
        if (extent && *extent != g.extent) return std::nullopt;
        extent = g.extent;
      }
    }
  return extent;
}

// Moves tensors from DRAM to homes at the end of the global buffers, as long as everything still fits.
int move_home(spec::Schedule& s, const spec::ArchSpec& arch) {
  std::int64_t end = arch.global_buffer.capacity.value();
  for (spec::TensorId t : s.workload.tensors.ids()) {
    if (s.workload.tensors[t].kind != spec::TensorKind::kIntermediate || s.plan.dram_addresses[t] < 0) continue;
    const auto extent = common_division(s, t);
    if (!extent) continue;
    spec::Home home{t, *extent, 0, 0};
    const std::int64_t bytes = machines::simba::home_range(s.workload, home, arch).bytes;
    home.address = (end - bytes) / arch.global_buffer.word_bytes * arch.global_buffer.word_bytes;
    if (home.address < 0) continue;
    spec::Schedule trial = s;
    trial.plan.homes.push_back(home);
    trial.plan.dram_addresses[t] = -1;
    for (spec::FusedGroup& g : trial.plan.groups)
      g.pinned.erase(std::remove(g.pinned.begin(), g.pinned.end(), t), g.pinned.end());
    spec::attach_homes(trial.workload, trial.plan);
    if (!machines::simba::misfits(trial, arch).empty()) continue;
    s = std::move(trial);
    end = home.address;
  }
  return static_cast<int>(s.plan.homes.size());
}

TEST(Data, TensorsAtHomeInTheGlobalBuffersEqualReferenceAndLeaveTheDramAlone) {
  int homes = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    EncoderOptions o;
    o.seed = seed;
    o.random_mappings = seed > 1;
    BuiltSchedule built = encoder_layer(small_arch(), o);
    const Outcome in_dram = run(built, small());
    const int moved = move_home(built.schedule, small_arch());
    if (moved == 0) continue;
    homes += moved;
    for (std::uint64_t stall : {0, 7, 8}) expect_reference(built, small(stall), "seed " + std::to_string(seed));
    const Outcome at_home = run(built, small());
    EXPECT_LT(at_home.report.at("dram_write_bytes"), in_dram.report.at("dram_write_bytes")) << "seed " << seed;
    EXPECT_LT(at_home.report.at("dram_read_bytes"), in_dram.report.at("dram_read_bytes")) << "seed " << seed;
  }
  EXPECT_GE(homes, 6);
}

TEST(Data, LayerNormAndEncoderLayerEqualReference) {
  for (bool residual : {true, false}) expect_reference(layer_norm_block(small_arch(), residual), small(), "layer norm");
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    EncoderOptions o;
    o.seed = seed;
    o.random_mappings = seed > 1;
    expect_reference(encoder_layer(small_arch(), o), small(), "encoder seed " + std::to_string(seed));
  }
}

TEST(Data, RandomStallsThenResultsAreTheSame) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    EncoderOptions o;
    o.random_mappings = true;
    o.seed = seed;
    o.padding_mask = seed % 2 == 0;
    expect_reference(encoder_layer(small_arch(), o), small(seed * 7919), "stalls " + std::to_string(seed));
  }
}

TEST(Data, OneBitOfAnOperandFlippedThenOutputDiffers) {
  const BuiltSchedule built = one_gemm(small_arch(), 1, 13, 11, 37);
  BuiltSchedule flipped = built;
  for (spec::TensorId t : built.schedule.workload.tensors.ids())
    if (built.schedule.workload.tensors[t].kind == spec::TensorKind::kWeight)
      flipped.image[static_cast<std::size_t>(built.schedule.plan.dram_addresses[t])] ^= 0x40;
  const Outcome a = run(built, small()), b = run(flipped, small());
  ASSERT_EQ(a.error + b.error, "");
  EXPECT_NE(a.outputs, b.outputs);
}

}  // namespace
}  // namespace heat::simba_test
