// Waveforms of simba-sim against the run database of the same run: the VCD by a reader of its own, the FST by GTKWave's.
#include <gtest/gtest.h>
#include <gtkwave/fstapi.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>

#include "base/atomic_file.h"
#include "tests/support/sample_schedules.h"
#include "traces/reader.h"

namespace heat {
namespace {

namespace fs = std::filesystem;
using namespace test_support;

using Changes = std::map<std::string, std::map<std::int64_t, std::string>>;  // of a signal: value from a time on

struct Wave {
  Changes changes;
  std::string timescale;
  std::int64_t end = 0;
};

// Reads what the standard and GTKWave's text extension allow; throws on anything else.
class VcdReader {
 public:
  explicit VcdReader(const std::string& text) : in_(text) {
    for (std::string word; in_ >> word;) {
      if (word == "$scope")
        scopes_.push_back(argument(1));
      else if (word == "$upscope")
        scopes_.pop_back(), argument(0);
      else if (word == "$var")
        variable();
      else if (word == "$timescale")
        wave.timescale = argument(0);
      else if (word == "$version" || word == "$enddefinitions")
        argument(0);
      else if (word[0] == '#')
        wave.end = std::stoll(word.substr(1));
      else if (word != "$dumpvars" && word != "$end")
        change(word);
    }
  }
  Wave wave;

 private:
  // The words up to $end from the n-th on, joined.
  std::string argument(int n) {
    std::string text;
    for (std::string word; in_ >> word && word != "$end"; --n)
      if (n <= 0) text += word;
    return text;
  }
  void variable() {
    std::string type, bits, id, name, end;
    in_ >> type >> bits >> id >> name >> end;
    EXPECT_EQ(end, "$end");
    for (auto at = scopes_.rbegin(); at != scopes_.rend(); ++at) name = *at + "." + name;
    EXPECT_TRUE(names_.try_emplace(id, name).second) << id;
  }
  void change(const std::string& word) {
    std::string value = word.substr(1), id;
    switch (word[0]) {
      case '0':
      case '1':
        id = value;
        value = word[0];
        break;
      case 'b':
        in_ >> id;
        value = std::to_string(std::stoll(value, nullptr, 2));
        break;
      case 'r':
      case 's':
        in_ >> id;
        break;
      default:
        throw std::runtime_error("no value change: " + word);
    }
    wave.changes[names_.at(id)][wave.end] = value;
  }
  std::istringstream in_;
  std::vector<std::string> scopes_;
  std::map<std::string, std::string> names_;
};

struct FstRead {
  std::map<fstHandle, std::pair<std::string, unsigned char>> variables;  // name, type
  Wave wave;
};

void fst_change(void* user, std::uint64_t time, fstHandle handle, const unsigned char* value, std::uint32_t length) {
  auto& read = *static_cast<FstRead*>(user);
  const auto& [name, type] = read.variables.at(handle);
  std::string text(reinterpret_cast<const char*>(value), length);
  if (type == FST_VT_VCD_INTEGER) text = std::to_string(std::stoll(text, nullptr, 2));
  read.wave.changes[name][static_cast<std::int64_t>(time)] = text;
}

void fst_fixed_change(void* user, std::uint64_t time, fstHandle handle, const unsigned char* value) {
  fst_change(user, time, handle, value, static_cast<std::uint32_t>(std::strlen(reinterpret_cast<const char*>(value))));
}

Wave read_fst(const std::string& path) {
  const std::unique_ptr<void, decltype(&fstReaderClose)> context(fstReaderOpen(path.c_str()), fstReaderClose);
  EXPECT_TRUE(context);
  FstRead read;
  std::vector<std::string> scopes;
  while (const fstHier* h = fstReaderIterateHier(context.get())) {
    if (h->htyp == FST_HT_SCOPE) scopes.push_back(h->u.scope.name);
    if (h->htyp == FST_HT_UPSCOPE) scopes.pop_back();
    if (h->htyp != FST_HT_VAR) continue;
    std::string name = h->u.var.name;
    for (auto at = scopes.rbegin(); at != scopes.rend(); ++at) name = *at + "." + name;
    read.variables[h->u.var.handle] = {name, h->u.var.typ};
  }
  fstReaderSetFacProcessMaskAll(context.get());
  fstReaderIterBlocks2(context.get(), fst_fixed_change, fst_change, &read, nullptr);
  read.wave.end = static_cast<std::int64_t>(fstReaderGetEndTime(context.get()));
  return read.wave;
}

class Waveform : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = temporary_folder();
    EncoderOptions o;
    o.tokens = 21;
    o.heads = 4;
    o.head_size = 32;
    o.intermediate = 300;
    BuiltSchedule built = encoder_layer(spec::ArchSpec::load(HEAT_SOURCE_DIR "/configs/arch/simba-l.yaml"), o);
    schedule_ = write_schedule(built, folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string file(const std::string& name) const { return folder_ + "/" + name; }
  int simulate(const std::string& options) {
    const int status =
        std::system((HEAT_BIN_DIR "/simba-sim --arch " HEAT_SOURCE_DIR "/configs/arch/simba-l.yaml --schedule " +
                     schedule_ + " " + options + " > " + file("log.txt") + " 2>&1")
                        .c_str());
    return WEXITSTATUS(status);
  }
  Wave read_vcd(const std::string& name) const { return VcdReader(base::read_file(file(name))).wave; }
  std::string folder_, schedule_;
};

TEST_F(Waveform, StatesAndNodesAreTheIntervalsOfTheRunDatabase) {
  ASSERT_EQ(simulate("--trace " + folder_ + " --vcd " + file("w.vcd") + " --signals '*.state,*.busy,*.node'"), 0)
      << base::read_file(file("log.txt"));
  const traces::Reader reader(file("run.sqlite"));
  const auto units = reader.units();
  const auto nodes = reader.nodes();
  std::map<std::string, std::map<std::int64_t, std::string>> expected;
  const auto add = [&](const std::string& signal, std::int64_t cycle, const std::string& value) {
    auto& changes = expected[signal];
    if (changes.empty() || changes.rbegin()->second != value) changes[cycle] = value;
  };
  reader.for_each_interval([&](const traces::IntervalRow& i) {
    const auto& unit = units[static_cast<std::size_t>(i.unit)];
    const std::string scope = "chiplet" + std::to_string(unit.chiplet) + "." + unit.name + ".";
    add(scope + "state", i.start_cycle, i.kind);
    add(scope + "busy", i.start_cycle, i.kind.rfind("stall", 0) == 0 ? "0" : "1");
    add(scope + "node", i.start_cycle, i.node < 0 ? "-" : nodes[static_cast<std::size_t>(i.node)].name);
  });
  const Wave wave = read_vcd("w.vcd");
  EXPECT_EQ(wave.timescale, "1ns");
  EXPECT_EQ(wave.end, reader.run().cycles);
  EXPECT_EQ(wave.changes, expected);
  EXPECT_GT(expected.size(), 3u * 9u);
}

// The time integral of a signal.
double integral(const Wave& wave, const std::string& signal) {
  double sum = 0, value = 0;
  std::int64_t since = 0;
  for (const auto& [time, text] : wave.changes.at(signal)) {
    sum += value * static_cast<double>(time - since);
    value = std::stod(text);
    since = time;
  }
  return sum + value * static_cast<double>(wave.end - since);
}

double total(const Wave& wave, const std::string& suffix) {
  double sum = 0;
  for (const auto& [signal, changes] : wave.changes)
    if (signal.size() >= suffix.size() && signal.compare(signal.size() - suffix.size(), suffix.size(), suffix) == 0)
      sum += integral(wave, signal);
  return sum;
}

TEST_F(Waveform, RatesAndQueuesIntegrateToTheResult) {
  ASSERT_EQ(simulate("--json " + file("o.json") + " --vcd " + file("w.vcd") + " --signals '*'"), 0)
      << base::read_file(file("log.txt"));
  const nlohmann::json o = nlohmann::json::parse(base::read_file(file("o.json")));
  const Wave wave = read_vcd("w.vcd");
  EXPECT_NEAR(total(wave, "pe.macs_per_cycle"), o["macs"].get<double>(), 1e-6 * o["macs"].get<double>());
  EXPECT_NEAR(integral(wave, "dram.read_bytes_per_cycle"), o["dram_read_bytes"].get<double>(),
              1e-6 * o["dram_read_bytes"].get<double>());
  std::map<std::string, double> queued;  // by chiplet: its engines' and its controller's account
  for (const auto& [signal, changes] : wave.changes) {
    const std::string chiplet = signal.substr(0, signal.find('.'));
    if (signal.find(".queued_commands") == std::string::npos) continue;
    queued[chiplet] += signal.find(".controller.") == std::string::npos ? integral(wave, signal) : 0;
    if (signal.find(".controller.") != std::string::npos) queued[chiplet] -= integral(wave, signal);
  }
  EXPECT_GT(queued.size(), 1u);
  for (const auto& [chiplet, difference] : queued) EXPECT_EQ(difference, 0) << chiplet;
  EXPECT_GT(total(wave, ".queued_commands"), 0);
  // Ports, links and channels are used, and counts of commands only rise.
  for (const char* suffix :
       {"global_buffer.read_port", "global_buffer.write_port", "noc.link0_1", "nop.link0_1", "dram.channel0.accesses"})
    EXPECT_GT(total(wave, suffix), 0) << suffix;
  double last = 0;
  for (const auto& [time, value] : wave.changes.at("chiplet0.compute.completed_commands")) {
    EXPECT_GE(std::stod(value), last);
    last = std::stod(value);
  }
  EXPECT_GT(last, 0);
}

TEST_F(Waveform, FstHoldsWhatVcdHolds) {
  ASSERT_EQ(simulate("--fst " + file("w.fst") + " --vcd " + file("w.vcd") + " --signals '*'"), 0)
      << base::read_file(file("log.txt"));
  Wave fst = read_fst(file("w.fst")), vcd = read_vcd("w.vcd");
  EXPECT_EQ(fst.end, vcd.end);
  ASSERT_EQ(fst.changes.size(), vcd.changes.size());
  for (const auto& [signal, changes] : vcd.changes) {
    const auto& other = fst.changes.at(signal);
    if (signal.find("_per_cycle") == std::string::npos) {
      EXPECT_EQ(other, changes) << signal;
      continue;
    }
    ASSERT_EQ(other.size(), changes.size()) << signal;  // the reader prints fewer digits
    for (const auto& [time, value] : changes)
      ASSERT_NEAR(std::stod(other.at(time)), std::stod(value), 1e-9 * (1 + std::stod(value))) << signal << " " << time;
  }
  ASSERT_EQ(simulate("--fst " + file("again.fst") + " --signals '*'"), 0);
  EXPECT_EQ(base::read_file(file("again.fst")), base::read_file(file("w.fst")));
}

TEST_F(Waveform, ChosenSignalsAreThoseOfThePatternsAndNothingElseChanges) {
  ASSERT_EQ(simulate("--json " + file("without.json")), 0);
  ASSERT_EQ(simulate("--json " + file("with.json") + " --vcd " + file("w.vcd") +
                     " --signals 'chiplet1.compute.*,dram.read_*'"),
            0);
  std::string names;
  for (const auto& [signal, changes] : read_vcd("w.vcd").changes) names += signal + " ";
  EXPECT_EQ(names,
            "chiplet1.compute.busy chiplet1.compute.completed_commands chiplet1.compute.node "
            "chiplet1.compute.queued_commands chiplet1.compute.state dram.read_bytes_per_cycle ");
  auto with = nlohmann::json::parse(base::read_file(file("with.json")));
  auto without = nlohmann::json::parse(base::read_file(file("without.json")));
  for (auto* o : {&with, &without})
    for (const char* of_the_host : {"cpu_s", "peak_rss_bytes"}) o->erase(of_the_host);
  EXPECT_EQ(with, without);
}

TEST_F(Waveform, FaultyChoicesEndWithStatusTwoAndSayWhatThereIs) {
  EXPECT_EQ(simulate("--vcd " + file("w.vcd") + " --signals 'chiplet0.*,pe3.*'"), 2);
  const std::string log = base::read_file(file("log.txt"));
  EXPECT_NE(log.find("--signals: 'pe3.*' matches no signal; there are chiplet*.dma_load.state,"), std::string::npos)
      << log;
  EXPECT_NE(log.find("chiplet*.noc.link*,"), std::string::npos) << log;
  EXPECT_FALSE(fs::exists(file("w.vcd")));
  EXPECT_EQ(simulate("--vcd " + file("w.vcd") + " --signals ''"), 2);
  EXPECT_EQ(simulate("--signals '*'"), 2);
  EXPECT_NE(base::read_file(file("log.txt")).find("--signals needs --vcd or --fst"), std::string::npos);
}

}  // namespace
}  // namespace heat
