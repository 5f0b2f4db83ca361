// simba-sim as its users run it, on Simba-L with HBM2: results, outputs, run database, faults.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "base/atomic_file.h"
#include "tests/support/integer_reference.h"
#include "tests/support/sample_schedules.h"
#include "traces/reader.h"

namespace heat {
namespace {

namespace fs = std::filesystem;
using namespace test_support;

const std::string kArch = HEAT_SOURCE_DIR "/configs/arch/simba-l.yaml";

struct Ran {
  int status = -1;
  std::string text;  // stdout and stderr
};

Ran simba_sim(const std::string& arguments, const std::string& folder) {
  const std::string log = folder + "/log.txt";
  const int status = std::system((HEAT_BIN_DIR "/simba-sim " + arguments + " > " + log + " 2>&1").c_str());
  return {WEXITSTATUS(status), base::read_file(log)};
}

class SimbaSim : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = temporary_folder();
    EncoderOptions o;
    o.tokens = 21;
    o.heads = 4;
    o.head_size = 32;
    o.intermediate = 300;
    built_ = encoder_layer(spec::ArchSpec::load(kArch), o);
    schedule_ = write_schedule(built_, folder_);
    common_ = "--arch " + kArch + " --schedule " + schedule_ + " ";
  }
  void TearDown() override { fs::remove_all(folder_); }
  nlohmann::json json(const std::string& name) { return nlohmann::json::parse(base::read_file(folder_ + "/" + name)); }
  std::string folder_, schedule_, common_;
  BuiltSchedule built_;
};

TEST_F(SimbaSim, WithDataThenOutputsEqualTheReferenceBitForBit) {
  const Ran r =
      simba_sim(common_ + "--data on --output " + folder_ + "/out.bin --json " + folder_ + "/o.json", folder_);
  ASSERT_EQ(r.status, 0) << r.text;
  const TensorData expected = run_reference(built_.schedule, built_.image);
  std::map<std::string, std::vector<std::int8_t>> outputs;
  for (const auto& t : built_.schedule.workload.tensors)
    if (t.kind == spec::TensorKind::kOutput) outputs[t.name] = expected.at(t.name);
  std::string bytes;
  for (const auto& [name, values] : outputs) bytes.append(values.begin(), values.end());
  ASSERT_FALSE(bytes.empty());
  EXPECT_EQ(base::read_file(folder_ + "/out.bin"), bytes);
}

TEST_F(SimbaSim, BothDataModesThenSameTimeEnergyAndNodes) {
  ASSERT_EQ(simba_sim(common_ + "--data on --json " + folder_ + "/on.json", folder_).status, 0);
  ASSERT_EQ(simba_sim(common_ + "--data off --json " + folder_ + "/off.json", folder_).status, 0);
  nlohmann::json on = json("on.json"), off = json("off.json");
  for (const char* key : {"cycles", "latency_ns", "energy_pj", "edp_js", "macs", "utilization",
                          "energy_by_component_pj", "nodes", "groups", "counts"}) {
    ASSERT_TRUE(on.contains(key)) << key;
    EXPECT_EQ(on[key], off[key]) << key;
  }
  EXPECT_GT(on["cycles"].get<std::int64_t>(), 0);
  EXPECT_NEAR(on["edp_js"].get<double>(), on["energy_pj"].get<double>() * 1e-12 * on["latency_ns"].get<double>() * 1e-9,
              1e-15);
  EXPECT_EQ(on["arch"]["name"], "simba-l");
  EXPECT_GT(on["cpu_s"].get<double>(), 0);
  EXPECT_GT(on["peak_rss_bytes"].get<std::int64_t>(), 0);
  EXPECT_GT(on["kernel_deltas"].get<std::int64_t>(), on["counts"]["controller_command"].get<std::int64_t>());
}

TEST_F(SimbaSim, TraceThenRunDatabaseAgreesWithTheResult) {
  const Ran r = simba_sim(common_ + "--trace " + folder_ + "/run --trace-dram --json " + folder_ + "/o.json", folder_);
  ASSERT_EQ(r.status, 0) << r.text;
  const traces::Reader reader(folder_ + "/run/run.sqlite");
  const nlohmann::json o = json("o.json");
  EXPECT_EQ(reader.run().cycles, o["cycles"].get<std::int64_t>());
  EXPECT_EQ(reader.run().macs, o["macs"].get<std::int64_t>());
  EXPECT_NEAR(reader.run().energy_pj, o["energy_pj"].get<double>(), 1e-9 * o["energy_pj"].get<double>());
  std::map<std::string, std::map<std::string, double>> energy;  // node, component
  for (const auto& e : reader.energies())
    energy[built_.schedule.workload.nodes[spec::NodeId(e.node)].name][e.component] += e.energy_pj;
  for (const auto& n : o["nodes"]) {
    // A node that took no time has 0 of a component that leaks alone; the database has no row of it.
    const auto stated = n["energy_by_component_pj"].get<std::map<std::string, double>>();
    for (const auto& [component, pj] : stated) EXPECT_EQ(energy[n["name"]][component], pj) << n["name"];
    EXPECT_EQ(energy[n["name"]].size(), stated.size()) << n["name"];
  }
  EXPECT_EQ(nlohmann::json(spec::floor_json(reader.floor())), o["floor"]);
  EXPECT_EQ(nlohmann::json(spec::resources_json(reader.floor())), o["resources"]);
  EXPECT_EQ(o["floor"]["terms"][0]["amount"], o["macs"]);
  EXPECT_EQ(o["floor"]["terms"][1]["per_cycle"], 256.0);  // four ports of 64; HBM2 behind them moves 256
  EXPECT_NE(r.text.find("; the run takes "), std::string::npos) << r.text;
  EXPECT_EQ(o["resources"].size(), 11u);
  for (const auto& u : o["resources"]) {
    EXPECT_GT(u["busy_cycles"], 0) << u;
    EXPECT_LE(u["share"], 1.0) << u;
  }
  std::int64_t read = 0;
  reader.for_each_dram_transaction([&](const traces::DramTransactionRow& t) { read += t.is_write ? 0 : t.bytes; });
  EXPECT_EQ(read, o["dram_read_bytes"].get<std::int64_t>());
  // A unit does one thing at a time.
  std::set<std::string> kinds;
  reader.for_each_interval([&](const traces::IntervalRow& i) { kinds.insert(i.kind); });
  for (const char* kind :
       {"read", "read.multicast", "fill.multicast", "compute", "drain", "drain.activation", "softmax", "layer_norm",
        "write", "issue", "stall.load", "stall.compute", "stall.results", "stall.command", "signal"})
    EXPECT_TRUE(kinds.count(kind)) << kind;
  ASSERT_EQ(simba_sim(common_ + "--trace " + folder_ + "/again --trace-dram", folder_).status, 0);
  EXPECT_EQ(base::read_file(folder_ + "/run/run.sqlite"), base::read_file(folder_ + "/again/run.sqlite"));
}

// Result, timeline and stall table hold one ledger: no cycle of a unit is missing, none is there twice.
TEST_F(SimbaSim, TraceThenTheLedgerClosesInResultTimelineAndStalls) {
  ASSERT_EQ(simba_sim(common_ + "--trace " + folder_ + "/run --json " + folder_ + "/o.json", folder_).status, 0);
  const traces::Reader reader(folder_ + "/run/run.sqlite");
  const nlohmann::json o = json("o.json");
  const auto cycles = o["cycles"].get<std::int64_t>();
  using Columns = std::map<std::string, std::int64_t>;  // "work" or the cause of a wait
  std::map<std::pair<int, std::string>, Columns> timeline, result;
  std::map<std::int32_t, std::int64_t> end;
  const auto units = reader.units();
  reader.for_each_interval([&](const traces::IntervalRow& i) {
    EXPECT_EQ(i.start_cycle, end[i.unit]) << "a gap or an overlap";
    end[i.unit] = i.end_cycle;
    const traces::UnitRow& unit = units[static_cast<std::size_t>(i.unit)];
    const bool stall = i.kind.rfind("stall.", 0) == 0;
    timeline[{unit.chiplet, unit.name}][stall ? i.kind.substr(6) : "work"] += i.end_cycle - i.start_cycle;
  });
  for (const auto& [unit, at] : end) EXPECT_EQ(at, cycles);
  std::map<std::string, Columns> waits, stalls;
  for (const auto& u : o["ledger"]) {
    const std::string name = u["unit"];
    Columns& columns = result[{u["chiplet"].get<int>(), name}];
    if (u["work_cycles"] > 0) columns["work"] = u["work_cycles"];
    std::int64_t sum = u["work_cycles"];
    for (const auto& [cause, n] : u["wait_cycles"].items()) {
      columns[cause] = n;
      waits[name][cause] += n.get<std::int64_t>();
      sum += n.get<std::int64_t>();
    }
    EXPECT_EQ(sum, cycles) << name;
  }
  EXPECT_EQ(result.size(), 4u * 9);
  EXPECT_EQ(timeline, result);
  for (const auto& s : reader.stalls()) stalls[s.engine][s.reason] += s.cycles;
  EXPECT_EQ(stalls, waits);
}

// Each counter, integrated over the run, is a figure of the result.
TEST_F(SimbaSim, TraceThenCountersIntegrateToTheCounts) {
  ASSERT_EQ(simba_sim(common_ + "--trace " + folder_ + "/run --json " + folder_ + "/o.json", folder_).status, 0);
  const traces::Reader reader(folder_ + "/run/run.sqlite");
  const nlohmann::json o = json("o.json");
  const auto units = reader.units();
  std::map<std::pair<std::int32_t, std::string>, traces::CounterRow> last;
  std::map<std::string, double> integral;
  int samples = 0;
  reader.for_each_counter([&](const traces::CounterRow& c) {
    auto& before = last[{c.unit, c.name}];
    EXPECT_GE(c.cycle, before.cycle);
    EXPECT_GE(c.value, 0);
    integral[units[static_cast<std::size_t>(c.unit)].name + "." + c.name] +=
        before.value * static_cast<double>(c.cycle - before.cycle);
    before = c;
    ++samples;
  });
  for (const auto& [key, row] : last) EXPECT_EQ(row.value, 0) << key.second << ": the last sample ends the run";
  const auto near = [&](const std::string& counter, double expected) {
    EXPECT_NEAR(integral[counter], expected, 1e-9 * expected) << counter;
  };
  near("pe.macs_per_cycle", o["macs"].get<double>());
  near("dram.read_bytes_per_cycle", o["dram_read_bytes"].get<double>());
  near("dram.write_bytes_per_cycle", o["dram_write_bytes"].get<double>());
  near("noc.byte_hops_per_cycle", o["counts"]["noc_byte_hop"].get<double>());
  near("nop.byte_hops_per_cycle", o["counts"]["nop_byte_hop"].get<double>());
  EXPECT_GT(integral["dram.outstanding_bursts"], 0);
  EXPECT_GT(integral["controller.queued_commands"], 0);
  EXPECT_LE(samples, 16 * 513);  // 4 flows of the package, 3 of each of 4 chiplets
}

TEST_F(SimbaSim, ScheduleForAnotherMachineThenStatus2AllProblemsAndNoResult) {
  const Ran r = simba_sim(
      "--arch " HEAT_SOURCE_DIR "/configs/arch/simba.yaml --schedule " + schedule_ + " --json " + folder_ + "/o.json",
      folder_);
  EXPECT_EQ(r.status, 2);
  EXPECT_NE(r.text.find("problems"), std::string::npos) << r.text;
  EXPECT_NE(r.text.find("made for 'simba-l'"), std::string::npos) << r.text;
  EXPECT_NE(r.text.find("bytes of global buffer"), std::string::npos) << r.text;
  EXPECT_FALSE(fs::exists(folder_ + "/o.json"));
}

TEST_F(SimbaSim, MaxCyclesOverThenStatus1WhereTheRunStoodAndNoResult) {
  const std::string outputs = " --json " + folder_ + "/o.json --trace " + folder_ + "/run";
  const Ran r = simba_sim(common_ + "--max-cycles 3000" + outputs, folder_);
  EXPECT_EQ(r.status, 1);
  EXPECT_NE(r.text.find("not done after 3000 cycles (--max-cycles): cycle 3000, "), std::string::npos) << r.text;
  EXPECT_NE(r.text.find(" nodes done, at node '"), std::string::npos) << r.text;
  EXPECT_FALSE(fs::exists(folder_ + "/o.json"));
  EXPECT_FALSE(fs::exists(folder_ + "/run/run.sqlite"));
  for (const char* option : {"--max-cycles 0", "--max-cycles -5", "--random-stall 0", "--random-stall -3"})
    EXPECT_EQ(simba_sim(common_ + option, folder_).status, 2) << option;
  EXPECT_EQ(simba_sim(common_ + "--random-stall 3" + outputs, folder_).status, 0);
  EXPECT_EQ(traces::Reader(folder_ + "/run/run.sqlite").run().info.seed, 3);
}

TEST_F(SimbaSim, TensorsBeyondTheDramThenStatus2AndEachIsNamed) {
  const std::int64_t far = std::int64_t{1} << 44;
  for (const char* name : {"y", "context"})
    for (spec::TensorId t : built_.schedule.workload.tensors.ids())
      if (built_.schedule.workload.tensors[t].name == name)
        built_.schedule.plan.dram_addresses[t] = name[0] == 'y' ? far : 2 * far;
  spec::save(built_.schedule, schedule_);
  const Ran r = simba_sim(common_, folder_);
  EXPECT_EQ(r.status, 2);
  EXPECT_NE(r.text.find("2 problems"), std::string::npos) << r.text;
  EXPECT_NE(r.text.find("tensor 'context': ends at DRAM address 35184372"), std::string::npos) << r.text;
}

// Each of these ran to an end with status 0 or a signal, and with wrong outputs.
TEST_F(SimbaSim, DataThatTheArithmeticIsNotDefinedForThenStatus2AndTheNode) {
  const auto tensor = [&](const std::string& name) {
    for (spec::TensorId t : built_.schedule.workload.tensors.ids())
      if (built_.schedule.workload.tensors[t].name == name) return built_.schedule.plan.dram_addresses[t];
    throw std::logic_error("no tensor " + name);
  };
  const std::vector<std::uint8_t> image = built_.image;
  for (int shift : {0, 4, 48, 63}) {
    built_.image = image;
    built_.image[static_cast<std::size_t>(tensor("key.requant")) + 3] = static_cast<std::uint8_t>(shift << 2);
    write_schedule(built_, folder_);
    const Ran r = simba_sim(common_ + "--data on", folder_);
    EXPECT_EQ(r.status, 2);
    EXPECT_NE(r.text.find("node 'key': requant 'key.requant'[0]: shift " + std::to_string(shift)), std::string::npos)
        << r.text;
  }
  built_.image = image;
  std::fill_n(built_.image.begin() + tensor("softmax.parameters"), 512, std::uint8_t{0});
  write_schedule(built_, folder_);
  const Ran r = simba_sim(common_ + "--data on", folder_);
  EXPECT_EQ(r.status, 2);
  EXPECT_NE(r.text.find("node 'softmax': parameters 'softmax.parameters'[0]: is 0"), std::string::npos) << r.text;
  EXPECT_EQ(simba_sim(common_ + "--data off", folder_).status, 0);
}

TEST_F(SimbaSim, ImageOfAnotherScheduleThenStatus2AndTheChecksums) {
  built_.image[static_cast<std::size_t>(built_.schedule.plan.dram_addresses[spec::TensorId(0)])] ^= 1;
  base::write_file_atomically(folder_ + "/schedule.bin",
                              {reinterpret_cast<const char*>(built_.image.data()), built_.image.size()});
  const Ran r = simba_sim(common_ + "--data on", folder_);
  EXPECT_EQ(r.status, 2);
  EXPECT_NE(r.text.find("schedule.json: data_crc32: is "), std::string::npos) << r.text;
  fs::remove(folder_ + "/schedule.bin");
  EXPECT_EQ(simba_sim(common_ + "--data off", folder_).status, 0);
}

// Another sentence, shorter than the last: its values and its mask take the place of the image's.
class SimbaSimInputs : public SimbaSim {
 protected:
  void SetUp() override {
    SimbaSim::SetUp();
    EncoderOptions o;
    o.tokens = 21;
    o.heads = 2;
    o.head_size = 16;
    o.padding_mask = true;
    built_ = encoder_layer(spec::ArchSpec::load(kArch), o);
    write_schedule(built_, folder_);
    common_ += "--data on ";
    for (spec::TensorId t : built_.schedule.workload.tensors.ids()) {
      const spec::Tensor& tensor = built_.schedule.workload.tensors[t];
      if (tensor.kind != spec::TensorKind::kInput) continue;
      std::string& bytes = inputs_[tensor.name];
      for (std::int64_t i = 0; i < tensor.bytes(); ++i)
        bytes += static_cast<char>(tensor.name == "mask" ? i < 13 : i * 37 % 251);
      give(tensor.name, bytes);
      std::copy(bytes.begin(), bytes.end(), built_.image.begin() + built_.schedule.plan.dram_addresses[t]);
    }
  }
  void give(const std::string& name, const std::string& bytes) const {
    base::write_file_atomically(folder_ + "/" + name + ".in", bytes);
  }
  std::string input(const std::string& name) const { return "--input " + name + "=" + folder_ + "/" + name + ".in "; }
  Ran refused(const std::string& arguments) const {
    const Ran r = simba_sim(common_ + arguments, folder_);
    EXPECT_EQ(r.status, 2) << arguments;
    return r;
  }
  std::map<std::string, std::string> inputs_;
};

TEST_F(SimbaSimInputs, GivenThenTheOutputsOfTheImageWithThem) {
  ASSERT_EQ(inputs_.size(), 2u);
  const std::string out = folder_ + "/out.bin";
  ASSERT_EQ(simba_sim(common_ + "--output " + out, folder_).status, 0);
  const std::string of_the_image = base::read_file(out);
  const Ran r = simba_sim(common_ + input("x") + input("mask") + "--output " + out, folder_);
  ASSERT_EQ(r.status, 0) << r.text;
  const std::vector<std::int8_t> expected = run_reference(built_.schedule, built_.image).at("y");
  EXPECT_EQ(base::read_file(out), std::string(expected.begin(), expected.end()));
  EXPECT_NE(base::read_file(out), of_the_image);
}

TEST_F(SimbaSimInputs, FaultyThenStatus2AndTheReason) {
  const auto says = [](const Ran& r, const std::string& what) {
    EXPECT_NE(r.text.find(what), std::string::npos) << r.text;
  };
  give("mask", std::string(21, '\0'));
  says(refused(input("mask")), "/mask.in: node 'softmax': mask 'mask': has no 1, at least one column must count");
  give("mask", std::string(20, '\1') + '\2');
  says(refused(input("mask")), "mask 'mask': byte 20 is 2, expected 0 or 1");
  give("mask", std::string(20, '\1'));
  says(refused(input("mask") + input("x")), "/mask.in: has 20 bytes, input 'mask' has 21");
  says(refused(input("mask") + input("mask")), "input 'mask': is given twice");
  says(refused("--input maks=" + folder_ + "/mask.in"), "input 'maks': no tensor of kind input (did you mean 'mask'?)");
  says(refused("--input query.weight=" + folder_ + "/mask.in"), "(there are: x, mask)");
  says(refused("--input mask"), "--input: is 'mask', expected NAME=FILE");
  const std::string off = "--arch " + kArch + " --schedule " + schedule_ + " --data off " + input("x");
  EXPECT_NE(simba_sim(off, folder_).text.find("--input needs --data on"), std::string::npos);
  EXPECT_EQ(simba_sim(common_ + "--input x=" + folder_ + "/none.in", folder_).status, 1);
}

// Inputs of a run are its own; what the image holds is still that of the schedule.
TEST_F(SimbaSimInputs, GivenBesideAChangedImageThenStatus2) {
  std::string bytes(built_.image.begin(), built_.image.end());
  bytes[static_cast<std::size_t>(built_.schedule.plan.dram_addresses[spec::TensorId(1)])] ^= 1;
  base::write_file_atomically(folder_ + "/schedule.bin", bytes);
  EXPECT_NE(refused(input("x") + input("mask")).text.find("data_crc32: is "), std::string::npos);
}

TEST_F(SimbaSim, FaultyUseThenStatus2AndTheReason) {
  EXPECT_EQ(simba_sim("--arch " + kArch, folder_).status, 2);
  EXPECT_EQ(simba_sim(common_ + "--data maybe", folder_).status, 2);
  EXPECT_EQ(simba_sim(common_ + "--output " + folder_ + "/x.bin", folder_).status, 2);
  EXPECT_EQ(simba_sim("--arch " + folder_ + "/none.yaml --schedule " + schedule_, folder_).status, 2);
  fs::resize_file(folder_ + "/schedule.bin", 100);
  const Ran r = simba_sim(common_ + "--data on", folder_);
  EXPECT_EQ(r.status, 2);
  EXPECT_NE(r.text.find("the DRAM image has 100 bytes"), std::string::npos) << r.text;
}

}  // namespace
}  // namespace heat
