// Round trip of the schedule's JSON and the message of every kind of broken schedule.
#include "spec/schedule.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "machines/simba/misfits.h"
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
  for (auto& n : json["nodes"]) {
    if (n["name"] == name) return n;
  }
  throw std::logic_error("no node " + name);
}

Json& tensor(Json& json, const std::string& name) {
  for (auto& t : json["tensors"]) {
    if (t["name"] == name) return t;
  }
  throw std::logic_error("no tensor " + name);
}

TEST(Schedule, EveryFieldSurvivesTheJson) {
  Schedule s = test_support::encoder_layer(small_arch()).schedule;
  s.network = "bert \"quoted\" \\ tab\t";
  s.method = "tucker";
  s.prediction = {1234567.0, 0.1 + 0.2, {{"pe", 1.5}, {"dram", 2e15}}};
  s.tensors[0].scale = 1.0 / 3;
  s.nodes[3].prediction = {5, 6.25, {{"noc", 1e-7}}};
  s.nodes[3].layer = "another";
  s.groups[1].prediction.cycles = 99;
  s.layers = {{"query", 24, 24, "dense", "24x24", ""}, {"another", 24, 48, "cp", "24x6x8", "10"}};
  for (auto& n : s.nodes) {
    if (!n.gemm) continue;
    n.gemm->mapping.gb_order = {LoopDim::kN, LoopDim::kB, LoopDim::kM};
    n.gemm->mapping.wave_order = {LoopDim::kN, LoopDim::kM};
  }
  const std::string path = written(to_json(s));
  const Schedule back = Schedule::load(path);
  EXPECT_EQ(to_json(back), to_json(s));
  EXPECT_EQ(back.file, path);
  EXPECT_EQ(back.network, s.network);
  EXPECT_EQ(back.prediction, s.prediction);
  EXPECT_EQ(back.layers, s.layers);
  EXPECT_EQ(back.tensors[0].scale, s.tensors[0].scale);
  EXPECT_EQ(back.nodes[3].prediction, s.nodes[3].prediction);
  ASSERT_EQ(back.nodes.size(), s.nodes.size());
  for (std::size_t i = 0; i < s.nodes.size(); ++i) {
    EXPECT_EQ(back.nodes[i].bound, s.nodes[i].bound);
    ASSERT_EQ(back.nodes[i].gemm.has_value(), s.nodes[i].gemm.has_value());
    if (s.nodes[i].gemm) {
      EXPECT_EQ(back.nodes[i].gemm->mapping, s.nodes[i].gemm->mapping);
    }
    EXPECT_EQ(back.nodes[i].macs(), s.nodes[i].macs());
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
  const std::string requant = error_of_writing([](Schedule& s) { s.nodes[0].gemm->epilogue.requant = -1; });
  EXPECT_NE(requant.find("node 'query' has no tensor as its requantisation records"), std::string::npos) << requant;
  const std::string input = error_of_writing([](Schedule& s) { s.nodes[1].gemm->input.tensor = 1000; });
  EXPECT_NE(input.find("node 'key' has no tensor as its input"), std::string::npos) << input;
}

struct Fault {
  const char* name;
  std::function<void(Json&)> change;
  const char* message;
};

const std::vector<Fault>& faults() {
  static const std::vector<Fault> list{
      {"format", [](Json& j) { j["format"] = "heat-schedule/2"; },
       "format: 'heat-schedule/2' is not one of: heat-schedule/1"},
      {"method", [](Json& j) { j["method"] = "tuckr"; }, "method: 'tuckr' is not one of"},
      {"method suggestion", [](Json& j) { j["method"] = "tuckr"; }, "(did you mean 'tucker'?)"},
      {"unknown key", [](Json& j) { j["tokns"] = 3; }, "tokns: unknown key"},
      {"missing key", [](Json& j) { j.erase("tokens"); }, "missing key 'tokens'"},
      {"missing section", [](Json& j) { j["nodes"][0].erase("prediction"); }, "missing section 'prediction'"},
      {"negative size", [](Json& j) { j["tensors"][0]["shape"][0] = -9; }, "shape[0]: value -9 is out of range"},
      {"fractional size", [](Json& j) { j["tensors"][0]["shape"][0] = 9.5; }, "shape[0]: expected an integer"},
      {"unaligned address", [](Json& j) { j["tensors"][1]["dram_address"] = 7; }, "value is no multiple of 64"},
      {"tensor twice", [](Json& j) { j["tensors"][1]["name"] = "x"; }, "tensor 'x' is defined twice"},
      {"node twice", [](Json& j) { j["nodes"][1]["name"] = "query"; }, "node 'query' is defined twice"},
      {"unknown tensor", [](Json& j) { node(j, "key")["gemm"]["weight"]["tensor"] = "nowhere"; },
       "no tensor named 'nowhere'"},
      {"unknown node", [](Json& j) { j["groups"][0]["nodes"][0] = "nobody"; }, "no node named 'nobody'"},
      {"neither kind", [](Json& j) { j["nodes"][0].erase("gemm"); }, "expected exactly one of 'gemm', 'vector'"},
      {"loop order",
       [](Json& j) {
         node(j, "key")["gemm"]["mapping"]["gb_order"] = {"b", "b", "n"};
       },
       "gb_order: expected a permutation of the letters 'bmn'"},
      {"groups skip", [](Json& j) { j["groups"].erase(j["groups"].size() - 1); }, "nodes"},
      {"groups reorder", [](Json& j) { std::swap(j["groups"][0], j["groups"][1]); },
       "groups must list every node once, in the order of 'nodes'"},
      {"empty group", [](Json& j) { j["groups"][0]["nodes"] = Json::array(); }, "group 'query': lists no nodes"},
      {"view beyond tensor", [](Json& j) { node(j, "query")["gemm"]["input"]["dims"][0]["stride"] = 1000; },
       "node 'query': input: reaches byte"},
      {"view order",
       [](Json& j) {
         std::swap(node(j, "query")["gemm"]["weight"]["dims"][0], node(j, "query")["gemm"]["weight"]["dims"][1]);
       },
       "node 'query': weight: dims must name the node's indices in order"},
      {"extent", [](Json& j) { node(j, "query")["gemm"]["extents"]["k"] = 25; },
       "node 'query': weight: sizes of an index group multiply to 24, expected 25"},
      {"group's extent", [](Json& j) { j["groups"][0]["extent"] = 8; },
       "index 't' has size 9, the group's extent is 8"},
      {"bound not leading", [](Json& j) { j["groups"][0]["index"] = "c"; },
       "the group's index 'c' must lead the bound dimension's indices"},
      {"few records", [](Json& j) { tensor(j, "query.requant")["shape"][0] = 23; },
       "node 'query': requant: tensor 'query.requant' has 184 bytes, expected at least 192"},
      {"short exp table", [](Json& j) { tensor(j, "softmax.parameters")["shape"][0] = 255; },
       "parameters: tensor 'softmax.parameters' has 510 bytes, expected at least 512"},
      {"n_channels", [](Json& j) { node(j, "query")["gemm"]["epilogue"]["n_channels"] = 2; },
       "n_channels 2 does not divide n 9"},
      {"GB tile too large", [](Json& j) { node(j, "query")["gemm"]["mapping"]["gb_tile"]["m"] = 99; },
       "node 'query': gb_tile.m is 99, the node's extent in a step is 24"},
      {"PE tile too large", [](Json& j) { node(j, "query")["gemm"]["mapping"]["pe_tile"]["k"] = 25; },
       "pe_tile.k is larger than gb_tile's"},
      {"partial sums",
       [](Json& j) {
         auto& m = node(j, "query")["gemm"]["mapping"];
         m["gb_tile"]["k"] = m["pe_tile"]["k"] = 5;
         m["pe_tile"]["m"] = 1;
       },
       "k takes several global-buffer tiles, so a tile must be one wave in b, m and n"},
      {"softmax bound", [](Json& j) { node(j, "softmax")["bound"] = "m"; }, "bound: a vector node binds 'n'"},
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
      {"read before written", [](Json& j) { node(j, "query")["gemm"]["input"]["tensor"] = "y"; },
       "node 'query': reads tensor 'y', which no node before it writes"},
      {"weight written", [](Json& j) { node(j, "query")["gemm"]["output"]["tensor"] = "x"; },
       "node 'query': writes tensor 'x', which is given before the run"},
      {"resident output",
       [](Json& j) {
         tensor(j, "y")["home"] = "global_buffer";
         tensor(j, "y").erase("dram_address");
       },
       "tensor 'y': only intermediate tensors can live in the global buffer"},
      {"resident across groups",
       [](Json& j) {
         tensor(j, "context")["home"] = "global_buffer";
         tensor(j, "context").erase("dram_address");
       },
       "tensor 'context' lives in the global buffer of another group"},
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
    j["method"] = "cpp";
    j["tensors"][2]["kind"] = "weigth";
    node(j, "key")["gemm"]["mapping"]["spatial"]["m"] = 0;
    j["groups"][3]["step"] = "two";
  });
  EXPECT_NE(error.find("4 problems"), std::string::npos) << error;
  EXPECT_NE(error.find("broken.json:5: method: 'cpp'"), std::string::npos) << error;
  EXPECT_NE(error.find("tensors[2].kind: 'weigth' is not one of"), std::string::npos) << error;
  EXPECT_NE(error.find("(did you mean 'weight'?)"), std::string::npos) << error;
  EXPECT_NE(error.find("nodes[1].gemm.mapping.spatial.m: value 0 is out of range, expected an integer from 1"),
            std::string::npos)
      << error;
  EXPECT_NE(error.find("groups[3].step: expected an integer from 1 to 4294967296, found 'two'"), std::string::npos)
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

TEST(Misfits, EveryCapacityHasItsMessage) {
  const Schedule fits = test_support::encoder_layer(small_arch()).schedule;
  ASSERT_EQ(machines::simba::misfits(fits, small_arch()), std::vector<std::string>{});
  const auto found = [&](const std::function<void(ArchSpec&)>& change) {
    ArchSpec arch = small_arch();
    change(arch);
    std::string all;
    for (const auto& line : machines::simba::misfits(fits, arch)) all += line + "\n";
    return all;
  };
  EXPECT_NE(found([](ArchSpec& a) { a.name = "other"; }).find("made for 'small', the architecture is 'other'"),
            std::string::npos);
  EXPECT_NE(
      found([](ArchSpec& a) { a.global_buffer.capacity = Bytes(1024); }).find("bytes of global buffer, small has 1024"),
      std::string::npos);
  EXPECT_NE(found([](ArchSpec& a) { a.noc.width = 1; }).find("number of PEs is 4, small has 2"), std::string::npos);
  EXPECT_NE(found([](ArchSpec& a) { a.pe.weight_buffer.capacity = Bytes(16); }).find("weight tile of a PE (bytes)"),
            std::string::npos);
  EXPECT_NE(found([](ArchSpec& a) { a.pe.input_buffer.capacity = Bytes(16); }).find("input tile of a PE (bytes)"),
            std::string::npos);
  EXPECT_NE(found([](ArchSpec& a) { a.pe.accumulation_buffer.capacity = Bytes(6); }).find("small has 1"),
            std::string::npos);
}

TEST(Misfits, ATileMayFillExactlyHalfABuffer) {
  Schedule s = test_support::one_gemm(small_arch(), 1, 8, 4, 16).schedule;
  GemmMapping& m = s.nodes[0].gemm->mapping;
  m.pe_tile = {1, 8, 1, 16};
  ArchSpec arch = small_arch();
  arch.pe.weight_buffer.capacity = Bytes(256);
  EXPECT_EQ(machines::simba::misfits(s, arch), std::vector<std::string>{});
  arch.pe.weight_buffer.capacity = Bytes(255);
  EXPECT_EQ(machines::simba::misfits(s, arch).size(), 1u);
  arch.pe.weight_buffer.capacity = Bytes(256);
  arch.pe.accumulation_buffer.capacity = Bytes(48);  // 8 entries of 24 bits, twice
  EXPECT_EQ(machines::simba::misfits(s, arch), std::vector<std::string>{});
  arch.pe.accumulation_buffer.capacity = Bytes(47);
  EXPECT_EQ(machines::simba::misfits(s, arch).size(), 1u);
}

}  // namespace
}  // namespace heat::spec
