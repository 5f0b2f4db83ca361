// Round trip of the schedule's JSON and the message of every kind of broken schedule.
#include "spec/schedule.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "spec/schedule_checks.h"
#include "tests/support/sample_schedules.h"

namespace heat::spec {
namespace {

using Json = nlohmann::ordered_json;
using test_support::small_arch;

Json encoder_json() {
  return to_json(test_support::encoder_layer(small_arch()).schedule);
}

std::string written(const Json& json) {
  static const std::string folder = test_support::temporary_folder();
  const std::string path = folder + "/broken.json";
  base::write_file_atomically(path, json.dump(1));
  return path;
}

// The error's text of a schedule after `change`; empty when it is accepted.
std::string error_after(const std::function<void(Json&)>& change) {
  Json json = encoder_json();
  change(json);
  try {
    Schedule::load(written(json));
  } catch (const base::ScheduleError& error) {
    return error.what();
  }
  return "";
}

// Nodes of the encoder by name.
Json& node(Json& json, const std::string& name) {
  for (auto& n : json["workload"]["nodes"]) {
    if (n["name"] == name) return n;
  }
  throw std::logic_error("no node " + name);
}

// The node as the plan's groups run it.
Json& planned(Json& json, const std::string& name) {
  for (auto& g : json["plan"]["groups"])
    for (auto& n : g["nodes"])
      if (n["node"] == name) return n;
  throw std::logic_error("no node " + name);
}

Json& group(Json& json, std::size_t position) {
  return json["plan"]["groups"].at(position);
}

Json& tensor(Json& json, const std::string& name) {
  for (auto& t : json["workload"]["tensors"]) {
    if (t["name"] == name) return t;
  }
  throw std::logic_error("no tensor " + name);
}

TEST(Schedule, EveryFieldSurvivesTheJson) {
  Schedule s = test_support::encoder_layer(small_arch()).schedule;
  s.workload.network = "bert \"quoted\" \\ tab\t";
  s.workload.method = "tucker";
  s.workload.tensors.front().scale = 1.0 / 3;
  s.workload.nodes[NodeId(3)].layer = "another";
  s.workload.layers = {{"query", dense_form(24, 24)}, {"another", {"cp", {{24}, {6, 8}}, {10}}}};
  s.plan.prediction = {1234567.0, 0.1 + 0.2, {{"pe", 1.5}, {"dram", 2e15}}};
  s.plan.groups[GroupId(1)].prediction.cycles = 99;
  s.data_crc32 = 4294967295;
  for (FusedGroup& g : s.plan.groups)
    for (PlannedNode& n : g.nodes) {
      n.prediction = {5, 6.25, {{"noc", 1e-7}}};
      if (!s.workload.nodes[n.node].gemm) continue;
      n.mapping.gb_order = {LoopDim::kN, LoopDim::kB, LoopDim::kM};
      n.mapping.wave_order = {LoopDim::kN, LoopDim::kM};
    }
  const std::string path = written(to_json(s));
  const Schedule back = Schedule::load(path);
  EXPECT_EQ(to_json(back), to_json(s));
  EXPECT_EQ(back.file, path);
  EXPECT_EQ(back.data_crc32, s.data_crc32);
  EXPECT_EQ(back.workload.network, s.workload.network);
  EXPECT_EQ(back.workload.layers, s.workload.layers);
  EXPECT_EQ(back.workload.tensors.front().scale, s.workload.tensors.front().scale);
  EXPECT_EQ(back.plan.prediction, s.plan.prediction);
  EXPECT_EQ(back.plan.dram_addresses, s.plan.dram_addresses);
  ASSERT_EQ(back.workload.nodes.size(), s.workload.nodes.size());
  for (NodeId n : s.workload.nodes.ids()) EXPECT_EQ(back.workload.nodes[n].macs(), s.workload.nodes[n].macs());
  ASSERT_EQ(back.plan.groups.size(), s.plan.groups.size());
  for (GroupId g : s.plan.groups.ids()) {
    const FusedGroup &x = back.plan.groups[g], &y = s.plan.groups[g];
    EXPECT_EQ(x.in_global_buffer, y.in_global_buffer);
    EXPECT_EQ(x.pinned, y.pinned);
    ASSERT_EQ(x.nodes.size(), y.nodes.size());
    for (std::size_t i = 0; i < x.nodes.size(); ++i) {
      EXPECT_EQ(x.nodes[i].node, y.nodes[i].node);
      EXPECT_EQ(x.nodes[i].bound, y.nodes[i].bound);
      EXPECT_EQ(x.nodes[i].mapping, y.nodes[i].mapping);
      EXPECT_EQ(x.nodes[i].prediction, y.nodes[i].prediction);
    }
  }
}

TEST(Schedule, OfAnotherFormatOrNoneThenOneProblemSaysWhichIsExpected) {
  for (const char* format : {"heat-schedule/8", "heat-schedule/10", ""}) {
    const std::string error = error_after([&](Json& j) {
      if (*format)
        j["format"] = format;
      else
        j.erase("format");
      j.erase("workload");  // an older file has another layout: its keys are not complained of one by one
    });
    EXPECT_NE(error.find("1 problem"), std::string::npos) << error;
    EXPECT_NE(error.find("the file is of format '" + std::string(format) + "', expected 'heat-schedule/9'"),
              std::string::npos)
        << error;
  }
}

// The error's text of writing a schedule after `change`.
std::string error_of_writing(const std::function<void(Schedule&)>& change) {
  Schedule s = test_support::encoder_layer(small_arch()).schedule;
  change(s);
  try {
    to_json(s);
  } catch (const base::ScheduleError& error) {
    return error.what();
  }
  return "";
}

TEST(Schedule, WrittenWithoutATensorThenErrorNamesNodeAndRole) {
  EXPECT_EQ(error_of_writing([](Schedule&) {}), "");
  const std::string requant =
      error_of_writing([](Schedule& s) { s.workload.nodes.front().gemm->epilogue.requant = TensorId(); });
  EXPECT_NE(requant.find("node 'query' has no tensor as its requantisation records"), std::string::npos) << requant;
  const std::string input =
      error_of_writing([](Schedule& s) { s.workload.nodes[NodeId(1)].gemm->input.tensor = TensorId(1000); });
  EXPECT_NE(input.find("node 'key' has no tensor as its input"), std::string::npos) << input;
}

struct Fault {
  const char* name;
  std::function<void(Json&)> change;
  const char* message;
};

Json home(const char* tensor, int extent) {
  return {{"tensor", tensor}, {"extent", extent}, {"chiplets", 0}, {"address", 0}};
}

const std::vector<Fault>& faults() {
  static const std::vector<Fault> list{
      {"dense with ranks",
       [](Json& j) {
         j["workload"]["layers"] = {
             {{"layer", "x"}, {"method", "dense"}, {"row_modes", {4}}, {"col_modes", {4}}, {"ranks", {2}}}};
       },
       "layers[0].ranks: a dense matrix has none"},
      {"layer without modes",
       [](Json& j) {
         j["workload"]["layers"] = {{{"layer", "x"},
                                     {"method", "dense"},
                                     {"row_modes", Json::array()},
                                     {"col_modes", {4}},
                                     {"ranks", Json::array()}}};
       },
       "layers[0].row_modes: expected at least one mode"},
      {"unknown key", [](Json& j) { j["workload"]["tokns"] = 3; }, "tokns: unknown key"},
      {"missing key", [](Json& j) { j["workload"].erase("tokens"); }, "missing key 'tokens'"},
      {"image without checksum", [](Json& j) { j.erase("data_crc32"); }, "missing key 'data_crc32'"},
      {"missing section", [](Json& j) { group(j, 0)["nodes"][0].erase("prediction"); }, "missing section 'prediction'"},
      {"negative size", [](Json& j) { j["workload"]["tensors"][0]["shape"][0] = -9; },
       "shape[0]: value -9 is out of range"},
      {"fractional size", [](Json& j) { j["workload"]["tensors"][0]["shape"][0] = 9.5; },
       "shape[0]: expected an integer"},
      {"unaligned address", [](Json& j) { j["plan"]["dram_addresses"]["y"] = 7; },
       "tensor 'y': DRAM address 7 is no multiple of 64"},
      {"tensor twice", [](Json& j) { j["workload"]["tensors"][1]["name"] = "x"; }, "tensor 'x' is defined twice"},
      {"node twice", [](Json& j) { j["workload"]["nodes"][1]["name"] = "query"; }, "node 'query' is defined twice"},
      {"unknown tensor", [](Json& j) { node(j, "key")["gemm"]["weight"]["tensor"] = "nowhere"; },
       "no tensor named 'nowhere'"},
      {"unknown node", [](Json& j) { group(j, 0)["nodes"][0]["node"] = "nobody"; }, "no node named 'nobody'"},
      {"neither kind", [](Json& j) { j["workload"]["nodes"][0].erase("gemm"); },
       "expected exactly one of 'gemm', 'vector'"},
      {"loop order",
       [](Json& j) {
         planned(j, "key")["mapping"]["gb_order"] = {"b", "b", "n"};
       },
       "gb_order: expected a permutation of the letters 'bmn'"},
      {"digit that does not divide",
       [](Json& j) {
         Json& d = node(j, "key")["gemm"]["weight"]["dims"][0];
         d["inner"] = 7;
         d["inner_stride"] = 1;
       },
       "inner: 7 does not divide the size 4"},
      {"digit of one value", [](Json& j) { node(j, "key")["gemm"]["weight"]["dims"][0]["inner"] = 1; },
       "inner: value 1 is out of range"},
      {"digit without stride", [](Json& j) { node(j, "key")["gemm"]["weight"]["dims"][0]["inner"] = 2; },
       "missing key 'inner_stride'"},
      {"digit that reaches beyond",
       [](Json& j) {
         Json& d = node(j, "key")["gemm"]["weight"]["dims"][0];
         d["inner"] = 2;
         d["inner_stride"] = 1000;
       },
       "reaches byte"},
      {"written by repeated values",
       [](Json& j) {
         Json& d = node(j, "query")["gemm"]["output"]["dims"][0];
         d["inner"] = 2;
         d["inner_stride"] = 0;
       },
       "does not write every byte of tensor 'query' once"},
      {"no PEs along k", [](Json& j) { planned(j, "key")["mapping"]["spatial"]["k"] = 0; },
       "mapping.spatial.k: value 0 is out of range, expected an integer from 1"},
      {"split without k", [](Json& j) { planned(j, "key")["mapping"]["spatial"].erase("k"); },
       "mapping.spatial: missing key 'k'"},
      {"groups skip", [](Json& j) { j["plan"]["groups"].erase(j["plan"]["groups"].size() - 1); }, "nodes"},
      {"groups reorder", [](Json& j) { std::swap(group(j, 0), group(j, 1)); },
       "groups must list every node once, in the order of 'nodes'"},
      {"empty group", [](Json& j) { group(j, 0)["nodes"] = Json::array(); }, "group 'query': lists no nodes"},
      {"view beyond tensor", [](Json& j) { node(j, "query")["gemm"]["input"]["dims"][0]["stride"] = 1000; },
       "node 'query': input: reaches byte"},
      {"view order",
       [](Json& j) {
         std::swap(node(j, "query")["gemm"]["weight"]["dims"][0], node(j, "query")["gemm"]["weight"]["dims"][1]);
       },
       "node 'query': weight: dims must name the node's indices in order"},
      {"extent", [](Json& j) { node(j, "query")["gemm"]["extents"]["k"] = 25; },
       "node 'query': weight: sizes of an index group multiply to 24, expected 25"},
      {"group's extent", [](Json& j) { group(j, 0)["extent"] = 8; }, "index 't' has size 9, the group's extent is 8"},
      {"bound not leading", [](Json& j) { group(j, 0)["index"] = "c"; },
       "the group's index 'c' must lead the bound dimension's indices"},
      {"few records", [](Json& j) { tensor(j, "query.requant")["shape"][0] = 23; },
       "node 'query': requant: tensor 'query.requant' has 92 bytes, expected at least 96"},
      {"short exp table", [](Json& j) { tensor(j, "softmax.parameters")["shape"][0] = 255; },
       "parameters: tensor 'softmax.parameters' has 510 bytes, expected at least 512"},
      {"n_channels", [](Json& j) { node(j, "query")["gemm"]["epilogue"]["n_channels"] = 2; },
       "n_channels 2 does not divide n 9"},
      {"GB tile too large", [](Json& j) { planned(j, "query")["mapping"]["gb_tile"]["m"] = 99; },
       "node 'query': gb_tile.m is 99, the node's extent in a step is 24"},
      {"PE tile too large", [](Json& j) { planned(j, "query")["mapping"]["pe_tile"]["k"] = 25; },
       "pe_tile.k is larger than gb_tile's"},
      {"partial sums",
       [](Json& j) {
         auto& m = planned(j, "query")["mapping"];
         m["gb_tile"]["k"] = m["pe_tile"]["k"] = 5;
         m["pe_tile"]["m"] = 1;
       },
       "k takes several global-buffer tiles, so a tile must be one wave in b, m and n"},
      {"mask of another size", [](Json& j) { node(j, "softmax")["vector"]["mask"] = "x"; }, "mask: tensor 'x' has "},
      {"mask that is made", [](Json& j) { node(j, "softmax")["vector"]["mask"] = "scores"; },
       "mask: tensor 'scores' is not of kind 'input'"},
      {"mask of a layer norm", [](Json& j) { node(j, "output.norm")["vector"]["mask"] = "x"; },
       "mask: tensor 'x' is given to another operation than softmax, which alone takes one"},
      {"softmax bound", [](Json& j) { planned(j, "softmax")["bound"] = "m"; }, "bound: a vector node binds 'n'"},
      {"sizes at odds",
       [](Json& j) {
         node(j, "query")["gemm"]["output"]["dims"] = {{{"index", "h"}, {"size", 6}, {"stride", 6}},
                                                       {{"index", "d"}, {"size", 4}, {"stride", 1}},
                                                       {{"index", "t"}, {"size", 9}, {"stride", 24}}};
       },
       "node 'query': index 'h' has size 4 in one view and 6 in another"},
      {"resident not outermost",
       [](Json& j) {
         for (auto& dim : node(j, "softmax")["vector"]["input"]["dims"]) {
           if (dim["index"] == "h") dim["stride"] = 9;
           if (dim["index"] == "t") dim["stride"] = 36;
         }
       },
       "node 'softmax': tensor 'scores' is in the global buffer, so index 'h' must be its outermost axis"},
      {"scattered row",
       [](Json& j) {
         for (auto& dim : node(j, "output.norm")["vector"]["output"]["dims"])
           dim["stride"] = dim["index"] == "c" ? 9 : 1;
       },
       "node 'output.norm': index 'c' of a row has stride 9, expected 1"},
      {"requant of weights", [](Json& j) { tensor(j, "query.requant")["kind"] = "weight"; },
       "node 'query': requant: tensor 'query.requant' is not of kind 'parameters'"},
      {"index twice",
       [](Json& j) {
         node(j, "query")["gemm"]["indices"]["n"] = {"t", "t"};
       },
       "node 'query': index 't' is among its indices twice"},
      {"sum of squares", [](Json& j) { node(j, "output.norm")["vector"]["multiplier_x"] = 1 << 22; }, "beyond 2^61"},
      {"read before written", [](Json& j) { node(j, "query")["gemm"]["input"]["tensor"] = "y"; },
       "node 'query': reads tensor 'y', which no node before it writes"},
      {"weight written", [](Json& j) { node(j, "query")["gemm"]["output"]["tensor"] = "x"; },
       "node 'query': writes tensor 'x', which is given before the run"},
      {"resident output",
       [](Json& j) {
         j["plan"]["dram_addresses"].erase("y");
         group(j, 5)["in_global_buffer"].push_back("y");
       },
       "tensor 'y': only intermediate tensors can live in the global buffer"},
      {"resident across groups",
       [](Json& j) {
         j["plan"]["dram_addresses"].erase("context");
         group(j, 3)["in_global_buffer"].push_back("context");
       },
       "tensor 'context' lives in the global buffer of another group"},
      {"no home", [](Json& j) { j["plan"]["dram_addresses"].erase("context"); },
       "tensor 'context': has no DRAM address, no home in the global buffers and no group that keeps it"},
      {"two homes", [](Json& j) { j["plan"]["dram_addresses"]["scores"] = 640000; },
       "tensor 'scores': has a DRAM address and a group that keeps it"},
      {"home and address", [](Json& j) { j["plan"]["homes"].push_back(home("context", 8)); },
       "tensor 'context': has a DRAM address and a home in the global buffers"},
      {"home of an output",
       [](Json& j) {
         j["plan"]["dram_addresses"].erase("y");
         j["plan"]["homes"].push_back(home("y", 8));
       },
       "tensor 'y': only intermediate tensors can live in the global buffer"},
      {"two homes of one",
       [](Json& j) {
         j["plan"]["dram_addresses"].erase("context");
         for (int i = 0; i < 2; ++i) j["plan"]["homes"].push_back(home("context", 8));
       },
       "tensor 'context': has two homes in the global buffers"},
      {"home of part values",
       [](Json& j) {
         j["plan"]["dram_addresses"].erase("context");
         j["plan"]["homes"].push_back(home("context", 7));
       },
       "tensor 'context': its home divides 7 values; its "},
      {"home of nothing", [](Json& j) { j["plan"]["homes"].push_back(home("nowhere", 8)); },
       "no tensor named 'nowhere'"},
      {"two keepers", [](Json& j) { group(j, 4)["in_global_buffer"].push_back("scores"); },
       "keeps tensor 'scores', which another group keeps"},
      {"address of nothing", [](Json& j) { j["plan"]["dram_addresses"]["nowhere"] = 64; }, "no tensor named 'nowhere'"},
  };
  return list;
}

TEST(Schedule, EveryFaultHasItsMessageWithFileAndPlace) {
  for (const Fault& fault : faults()) {
    const std::string error = error_after(fault.change);
    EXPECT_NE(error.find(fault.message), std::string::npos)
        << fault.name << ": " << (error.empty() ? "accepted" : error);
    EXPECT_NE(error.find("broken.json"), std::string::npos) << fault.name << ": " << error;
  }
}

TEST(Schedule, SeveralMistakesAreNamedTogetherWithTheirLines) {
  const std::string error = error_after([](Json& j) {
    j["workload"]["tokens"] = 0;
    j["workload"]["tensors"][2]["kind"] = "weigth";
    planned(j, "key")["mapping"]["spatial"]["m"] = 0;
    group(j, 3)["step"] = "two";
  });
  EXPECT_NE(error.find("4 problems"), std::string::npos) << error;
  EXPECT_NE(error.find("broken.json:8: workload.tokens: value 0 is out of range"), std::string::npos) << error;
  EXPECT_NE(error.find("workload.tensors[2].kind: 'weigth' is not one of"), std::string::npos) << error;
  EXPECT_NE(error.find("(did you mean 'weight'?)"), std::string::npos) << error;
  EXPECT_NE(
      error.find("plan.groups[1].nodes[0].mapping.spatial.m: value 0 is out of range, expected an integer from 1"),
      std::string::npos)
      << error;
  EXPECT_NE(error.find("plan.groups[3].step: expected an integer from 1 to 4294967296, found 'two'"), std::string::npos)
      << error;
}

TEST(Schedule, MissingFileIsAScheduleErrorThatNamesIt) {
  try {
    Schedule::load("/nowhere/at/all.json");
    FAIL() << "accepted";
  } catch (const base::ScheduleError& error) {
    EXPECT_NE(std::string(error.what()).find("/nowhere/at/all.json"), std::string::npos) << error.what();
    EXPECT_EQ(error.exit_code(), 2);
  }
}

}  // namespace
}  // namespace heat::spec
