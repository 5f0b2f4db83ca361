// Partial sums and their reduction in a schedule: what survives the file, what is refused.
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "spec/schedule.h"
#include "tests/support/error_of.h"
#include "tests/support/sample_schedules.h"

namespace heat::spec {
namespace {

using Json = nlohmann::ordered_json;

Schedule sample() {
  test_support::DividedSumOptions o;
  o.fused = true;
  return test_support::divided_sum(test_support::small_arch(), 3, 5, 7, 6, o).schedule;
}

std::string written(const Json& json) {
  static const std::string folder = test_support::temporary_folder();
  base::write_file_atomically(folder + "/s.json", json.dump());
  return folder + "/s.json";
}

Json& operation(Json& json, const std::string& node) {
  for (auto& n : json["workload"]["nodes"])
    if (n["name"] == node) return n.contains("gemm") ? n["gemm"] : n["vector"];
  throw std::logic_error("no node " + node);
}

TEST(Reduction, WrittenAndReadThenTheSame) {
  const Schedule s = sample(), back = Schedule::load(written(to_json(s)));
  EXPECT_EQ(to_json(back), to_json(s));
  for (NodeId n : s.workload.nodes.ids()) {
    const Node &x = back.workload.nodes[n], &y = s.workload.nodes[n];
    if (x.gemm) {
      EXPECT_EQ(x.gemm->epilogue.sums, y.gemm->epilogue.sums);
      EXPECT_EQ(x.gemm->output_bytes(), x.name == "sums" ? 4 : 1);
    } else {
      EXPECT_EQ(x.vector->part_count(), 3);
      EXPECT_EQ(x.vector->input_columns(), 3 * 5 * 4);
    }
  }
}

struct Fault {
  const char* what;
  std::function<void(Json&)> change;
  const char* message;
};

TEST(Reduction, WhatIsNoSumOrNoReductionThenErrorThatSaysSo) {
  const std::vector<Fault> faults{
      {"bytes apart", [](Json& j) { operation(j, "sums")["output"]["dims"].back()["stride"] = 2; },
       "node 'sums': output: index 'byte' has size 4 and stride 2, expected 4 and 1"},
      {"two bytes a sum", [](Json& j) { operation(j, "sums")["output"]["dims"].back()["size"] = 2; },
       "node 'sums': output: index 'byte' has size 2 and stride 1, expected 4 and 1"},
      {"no bytes", [](Json& j) { operation(j, "sums")["output"]["dims"].erase(3); },
       "node 'sums': output: dims must name the node's indices in order"},
      {"sums of int8",
       [](Json& j) {
         operation(j, "features")["epilogue"] = {{"sums", true}};
       },
       "node 'features': output: dims must name the node's indices in order"},
      {"sums with records", [](Json& j) { operation(j, "sums")["epilogue"]["requant"] = "features.requant"; },
       "workload.nodes[1].gemm.epilogue.requant: unknown key"},
      {"sums as weights", [](Json& j) { operation(j, "features")["input"]["tensor"] = "s"; },
       "node 'features': reads tensor 's', which no node before it writes"},
      {"reduction of int8", [](Json& j) { operation(j, "reduce")["input"]["tensor"] = "x"; },
       "node 'reduce': reads tensor 'x', which no node before it writes as sums: a reduction adds up sums"},
      {"softmax of sums", [](Json& j) { operation(j, "reduce")["op"] = "softmax"; }, "indices.parts: unknown key"},
      {"no parts", [](Json& j) { operation(j, "reduce")["indices"].erase("parts"); }, "indices: missing key 'parts'"},
      {"a part too many", [](Json& j) { operation(j, "reduce")["input"]["dims"][1]["size"] = 4; },
       "node 'reduce': input: reaches byte 559 of tensor 's', which has 420"},
      {"fewer records",
       [](Json& j) {
         for (auto& t : j["workload"]["tensors"])
           if (t["name"] == "reduce.parameters") t["shape"][0] = 4;
       },
       "node 'reduce': parameters: tensor 'reduce.parameters' has 16 bytes, expected at least 20"},
      {"masked", [](Json& j) { operation(j, "reduce")["mask"] = "z"; },
       "node 'reduce': mask: tensor 'z' is given to another operation than softmax"},
  };
  for (const Fault& fault : faults) {
    Json json = to_json(sample());
    fault.change(json);
    const std::string error = test::error_of<base::ScheduleError>([&] { Schedule::load(written(json)); });
    EXPECT_NE(error.find(fault.message), std::string::npos) << fault.what << ": " << error;
  }
}

}  // namespace
}  // namespace heat::spec
