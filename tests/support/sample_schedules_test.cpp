// The samples must be worth testing with: valid, seeded, and with outputs that use the int8 range.
#include "tests/support/sample_schedules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "machines/simba/misfits.h"
#include "spec/schedule_checks.h"
#include "tests/support/integer_reference.h"

namespace heat::test_support {
namespace {

struct Sample {
  std::string name;
  std::function<BuiltSchedule(const spec::ArchSpec&, const SampleOptions&)> make;
};

template <class Options>
Options with(const SampleOptions& common, Options options = {}) {
  static_cast<SampleOptions&>(options) = common;
  return options;
}

std::vector<Sample> samples() {
  std::vector<Sample> list;
  for (GemmBound bound : {GemmBound::kN, GemmBound::kM, GemmBound::kB}) {
    list.push_back({"gemm", [bound](const auto& arch, const auto& common) {
                      auto options = with<OneGemmOptions>(common);
                      options.bound = bound;
                      options.gelu = common.seed % 2 == 0;
                      return one_gemm(arch, bound == GemmBound::kB ? 5 : 1, 19, 23, 70, options);
                    }});
  }
  for (LayerMethod method : all_layer_methods()) {
    for (bool resident : {true, false}) {
      list.push_back({layer_method_name(method), [=](const auto& arch, const auto& common) {
                        auto options = with<LayerOptions>(common);
                        options.resident_intermediates = resident;
                        options.permuted_layouts = common.seed % 2 == 0;
                        return factorised_layer(arch, method, options);
                      }});
    }
  }
  for (bool heads : {true, false}) {
    list.push_back({"attention", [heads](const auto& arch, const auto& common) {
                      auto options = with<AttentionOptions>(common);
                      options.loop_over_heads = heads;
                      return attention_block(arch, options);
                    }});
  }
  list.push_back(
      {"encoder", [](const auto& arch, const auto& c) { return encoder_layer(arch, with<EncoderOptions>(c)); }});
  for (bool residual : {true, false}) {
    list.push_back(
        {"norm", [residual](const auto& arch, const auto& c) { return layer_norm_block(arch, residual, c); }});
  }
  return list;
}

void for_each_sample(const std::function<void(const std::string&, const spec::ArchSpec&, BuiltSchedule)>& check) {
  for (const spec::ArchSpec& arch : {small_arch(), single_pe_arch()}) {
    for (const Sample& sample : samples()) {
      for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        SampleOptions common;
        common.seed = seed;
        common.random_mappings = seed > 1;
        const std::string name = sample.name + " on " + arch.name + ", seed " + std::to_string(seed);
        SCOPED_TRACE(name);
        check(name, arch, sample.make(arch, common));
      }
    }
  }
}

TEST(SampleSchedules, AllAreValidAndFitTheirMachine) {
  int count = 0;
  for_each_sample([&](const std::string&, const spec::ArchSpec& arch, const BuiltSchedule& built) {
    base::Problems problems;
    spec::check_structure(built.schedule, problems);
    EXPECT_EQ(problems.list(), std::vector<std::string>{});
    EXPECT_EQ(machines::simba::misfits(built.schedule, arch), std::vector<std::string>{});
    ++count;
  });
  EXPECT_EQ(count, 2 * 18 * 6);
}

TEST(SampleSchedules, WrittenFilesReadBackEqual) {
  const std::string folder = temporary_folder();
  for_each_sample([&](const std::string&, const spec::ArchSpec&, BuiltSchedule built) {
    const std::string path = write_schedule(built, folder);
    EXPECT_EQ(spec::to_json(spec::Schedule::load(path)), spec::to_json(built.schedule));
  });
}

TEST(SampleSchedules, EveryRequantisedTensorUsesTheInt8Range) {
  for_each_sample([&](const std::string&, const spec::ArchSpec&, const BuiltSchedule& built) {
    const TensorData data = run_reference(built.schedule, built.image);
    for (const auto& node : built.schedule.workload.nodes) {
      if (!node.gemm || node.gemm->epilogue.activation_table) continue;
      const auto& name = built.schedule.workload.tensors[node.gemm->output.tensor].name;
      const auto [low, high] = std::minmax_element(data.at(name).begin(), data.at(name).end());
      EXPECT_GT(*high, 40) << name;
      EXPECT_LT(*low, -40) << name;
    }
  });
}

TEST(SampleSchedules, RandomMappingsReachTheHardCases) {
  std::set<std::string> seen;
  for_each_sample([&](const std::string&, const spec::ArchSpec& arch, const BuiltSchedule& built) {
    for (const auto& group : built.schedule.plan.groups) {
      const std::int64_t share = (group.extent + arch.chiplets() - 1) / arch.chiplets();
      if (group.step < share) seen.insert("several steps");
      if (group.step < share && share % group.step != 0) seen.insert("a short last step");
      if (share * arch.chiplets() != group.extent) seen.insert("a short last share");
      if (share * (arch.chiplets() - 1) >= group.extent) seen.insert("an idle chiplet");
      for (const auto& n : group.nodes) {
        const auto& node = built.schedule.workload.nodes[n.node];
        if (!node.gemm) continue;
        const auto& g = *node.gemm;
        if (n.mapping.gb_tile.k < g.extents.k) seen.insert("k over several GB tiles");
        if (n.mapping.pe_tile.k < n.mapping.gb_tile.k) seen.insert("k over several waves");
        if (n.mapping.spatial.product() > 1 && n.mapping.spatial.product() < arch.pes()) seen.insert("idle PEs");
        if (n.mapping.spatial.b > 1) seen.insert("b over PEs");
        const std::int64_t k_tiles = (n.mapping.gb_tile.k + n.mapping.pe_tile.k - 1) / n.mapping.pe_tile.k;
        if (n.mapping.spatial.k > 1) seen.insert("k over PEs");
        if (n.mapping.spatial.k < k_tiles && k_tiles % n.mapping.spatial.k != 0)
          seen.insert("k over fewer PEs in the last wave");
        if (n.mapping.pe_tile.b > 1) seen.insert("b within a PE");
      }
    }
  });
  EXPECT_EQ(seen, (std::set<std::string>{"several steps", "a short last step", "a short last share", "an idle chiplet",
                                         "k over several GB tiles", "k over several waves", "idle PEs", "b over PEs",
                                         "k over PEs", "k over fewer PEs in the last wave", "b within a PE"}));
}

TEST(SampleSchedules, SameSeedGivesTheSameBytes) {
  const BuiltSchedule a = encoder_layer(small_arch()), b = encoder_layer(small_arch());
  EXPECT_EQ(spec::to_json(a.schedule), spec::to_json(b.schedule));
  EXPECT_EQ(a.image, b.image);
  EncoderOptions other;
  other.seed = 2;
  EXPECT_NE(encoder_layer(small_arch(), other).image, a.image);
}

}  // namespace
}  // namespace heat::test_support
