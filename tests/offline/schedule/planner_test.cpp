#include "offline/schedule/planner.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "machines/simba/machine.h"
#include "machines/simba/misfits.h"
#include "offline/schedule/choose_factors.h"
#include "offline/schedule/evaluate.h"
#include "offline/schedule/quantize.h"
#include "tests/offline/schedule/networks.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;

// The bytes of every given tensor, from the image beside a loaded schedule.
TensorBytes read_image(const spec::Schedule& schedule) {
  const std::string image = base::read_file(fs::path(schedule.file).parent_path() / schedule.dram_image);
  const spec::Workload& workload = schedule.workload;
  TensorBytes bytes(workload.tensors.size());
  for (spec::TensorId t : workload.tensors.ids())
    if (workload.tensors[t].is_given()) {
      const std::string of = image.substr(static_cast<std::size_t>(schedule.plan.dram_addresses[t]),
                                          static_cast<std::size_t>(workload.tensors[t].bytes()));
      bytes[t].assign(of.begin(), of.end());
    }
  return bytes;
}

class Planner : public testing::Test {
 protected:
  Planner()
      : arch_(spec::ArchSpec::load(std::string(HEAT_SOURCE_DIR) + "/configs/arch/simba-l.yaml")),
        energy_(spec::EnergyTable::load(arch_.energy_config)),
        folder_(fs::temp_directory_path() / ("heat_planner_" + std::to_string(getpid()))) {}
  void TearDown() override { fs::remove_all(folder_); }

  spec::ArchSpec arch_;
  spec::EnergyTable energy_;
  machines::simba::Machine machine_{arch_, energy_};
  fs::path folder_;
  const Graph graph_ = test::encoder(2, 64, 4, 128);
  NetworkLabel label_{"small", "dense", 16};
};

TEST_F(Planner, DenseEncoderThenASavedScheduleLoadsAndFitsTheMachine) {
  PlannedNetwork planned = plan_network(graph_, label_, test::random_forms(1), machine_);
  const auto x = random_normal("x", 3, 16 * 64, 1);
  const auto bytes = quantize_network(planned.network, calibrate_ranges(planned.network, {x}), x);
  const std::string path = (folder_ / "dense.json").string();
  const std::int64_t size = write_schedule(planned.schedule(), bytes, path);

  const spec::Schedule loaded = spec::Schedule::load(path);  // checks the structure
  EXPECT_EQ(machines::simba::misfits(loaded, arch_), std::vector<std::string>{});
  EXPECT_EQ(loaded.dram_image, "dense.bin");
  EXPECT_EQ(static_cast<std::int64_t>(fs::file_size(folder_ / "dense.bin")), size);
  EXPECT_EQ(loaded.workload.nodes.size(), 22u);
  EXPECT_GT(loaded.plan.prediction.cycles, 0);
  EXPECT_GT(loaded.plan.prediction.energy_pj, 0);
  double cycles = 0;
  for (const auto& g : loaded.plan.groups) cycles += g.prediction.cycles;
  EXPECT_NEAR(loaded.plan.prediction.cycles, cycles, 1e-6 * cycles);

  // The image holds what was given, and the loaded schedule computes the same result from it.
  auto read = read_image(loaded);
  EXPECT_EQ(read, bytes);
  auto expected = bytes;
  evaluate_integer(planned.network.workload, expected);
  evaluate_integer(loaded.workload, read);
  EXPECT_EQ(read[planned.network.output], expected[planned.network.output]);
}

TEST_F(Planner, AttentionThenScoresStayInTheGlobalBuffers) {
  const PlannedNetwork planned = plan_network(graph_, label_, test::empty_forms(), machine_);
  int found = 0;
  for (spec::TensorId id : planned.network.workload.tensors.ids()) {
    const spec::Tensor& t = planned.network.workload.tensors[id];
    if (!t.name.ends_with(".scores.out") && !t.name.ends_with(".softmax.out")) continue;
    ++found;
    EXPECT_EQ(planned.plan.dram_addresses[id], -1) << t.name;
    int keepers = 0;
    for (const auto& g : planned.plan.groups)
      keepers += static_cast<int>(std::count(g.in_global_buffer.begin(), g.in_global_buffer.end(), id));
    for (const spec::Home& home : planned.plan.homes) keepers += home.tensor == id ? 1 : 0;
    EXPECT_EQ(keepers, 1) << t.name;  // a group, or a home across groups
  }
  EXPECT_EQ(found, 4);
}

TEST_F(Planner, TwiceThenTheSameSchedule) {
  std::string text[2];
  for (std::string& t : text) {
    const PlannedNetwork planned = plan_network(graph_, label_, test::empty_forms(), machine_);
    t = to_json(planned.schedule()).dump();
  }
  EXPECT_EQ(text[0], text[1]);
}

TEST_F(Planner, FactorizedLayersThenEachMethodHasASchedule) {
  for (const Method* method : methods()) {
    NetworkForms forms = test::empty_forms();
    forms.linear = [method](const LinearLayer& layer) {
      LinearForm form = test::empty_form(layer);
      factorize(form, plain_form(form, *method, {0.3, 16}, 1), 1, 1);
      return form;
    };
    const PlannedNetwork planned = plan_network(graph_, {"small", method->name(), 16}, forms, machine_);
    std::int64_t weights = 0;
    for (const spec::Tensor& t : planned.network.workload.tensors)
      if (t.kind == spec::TensorKind::kWeight) weights += t.bytes();
    EXPECT_LE(weights, 0.31 * 2 * (4 * 64 * 64 + 2 * 64 * 128)) << method->name();
    EXPECT_GT(planned.network.workload.nodes.size(), 22u) << method->name();
  }
}

TEST_F(Planner, MachineTooSmallThenErrorNamesTheNodes) {
  arch_.pe.weight_buffer.capacity = spec::Bytes(2);
  try {
    plan_network(graph_, label_, test::empty_forms(), machine_);
    FAIL() << "no error";
  } catch (const base::ScheduleError& e) {
    EXPECT_NE(std::string(e.what()).find("encoder.layer.0.attention.self.query"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace heat::offline
