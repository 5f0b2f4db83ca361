// dram-sim: replays a memory trace on a DRAM configuration and prints or writes what it took.
#include <ctime>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/command_line.h"
#include "base/program.h"
#include "sim/dram/command_trace.h"
#include "sim/dram/replay.h"
#include "sim/dram/report.h"

namespace {

namespace po = boost::program_options;
using heat::dram::Cycle;

struct Options {
  std::string config, trace, json, command_trace;
  heat::dram::ReplayOptions replay;
};

constexpr const char* kOpening =
    "dram-sim replays a memory trace on a DRAM configuration, command by command.\n\n"
    "Usage: dram-sim --config C.yaml --trace T [options]\n\n"
    "Traces, plain, gzip or Zstandard: 'R|W 0xADDR', Ramulator 2 ('LD|ST ADDR', 'R|W ch,rank,bg,bank,row,col'),\n"
    "DRAMsim3 ('0xADDR READ|WRITE CYCLE').\n\n";
constexpr const char* kExamples =
    "  dram-sim --config configs/dram/ddr4-3200.yaml --trace reads.tr.zst\n"
    "  dram-sim --config configs/dram/hbm2.yaml --trace run.tr --pace 4 --limit 100000 --json out.json\n"
    "  dram-sim --config configs/dram/lpddr4-3200.yaml --trace run.tr.gz --command-trace commands.txt\n"
    "  dram-check --config configs/dram/lpddr4-3200.yaml --commands commands.txt\n";

po::options_description described() {
  po::options_description d("Options");
  heat::base::add_program_options(d);
  d.add_options()("config", po::value<std::string>(), "DRAM configuration (YAML)")("trace", po::value<std::string>(),
                                                                                   "trace file")(
      "pace", po::value<std::int64_t>(),
      "request i not before memory cycle N*i (default: the trace's own cycles, else 0)")(
      "limit", po::value<std::int64_t>(), "only the first N requests")(
      "width", po::value<std::int64_t>(), "requests offered per memory cycle at most (default 1)")(
      "wrap-addresses", "fold addresses beyond the capacity instead of refusing them")(
      "command-trace", po::value<std::string>(), "write every DRAM command to this file")(
      "json", po::value<std::string>(), "write the result to this file");
  return d;
}

// Nothing when the program has only to print help or version.
std::optional<Options> parse(int argc, char** argv) {
  po::variables_map given;
  if (!heat::base::parse_command_line(argc, argv, {"dram-sim", "", kOpening, kExamples, described(), {}}, given))
    return std::nullopt;
  heat::base::Problems problems;
  Options o;
  const auto text = [&](const char* key) { return given.count(key) ? given[key].as<std::string>() : std::string(); };
  o.config = text("config");
  o.trace = text("trace");
  o.json = text("json");
  o.command_trace = text("command-trace");
  if (o.config.empty()) problems.add("--config", "missing (a DRAM configuration file)");
  if (o.trace.empty()) problems.add("--trace", "missing (a trace file)");
  const auto number = [&](const char* key) -> std::optional<std::int64_t> {
    if (!given.count(key)) return std::nullopt;
    const auto value = given[key].as<std::int64_t>();
    if (value < 0 || value > (std::int64_t{1} << 40))
      problems.add(std::string("--") + key, "value " + std::to_string(value) + " is out of range (0 to 2^40)");
    return value;
  };
  o.replay.pace = number("pace");
  o.replay.limit = number("limit");
  const auto width = number("width").value_or(1);
  if (width < 1 || width > 1024)
    problems.add("--width", "value " + std::to_string(width) + " is out of range (1 to 1024)");
  o.replay.width = static_cast<int>(width);
  o.replay.wrap_addresses = given.count("wrap-addresses") > 0;
  problems.throw_if_any();
  return o;
}

class Tap : public heat::dram::CommandSink {
 public:
  Tap(heat::dram::CommandTraceWriter& writer, int channel) : writer_(writer), channel_(channel) {}
  void on_command(Cycle t, heat::spec::DramCommand command, const heat::dram::Place& place) override {
    writer_.write({t, channel_, command, place});
  }

 private:
  heat::dram::CommandTraceWriter& writer_;
  int channel_;
};

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

int run(const Options& o) {
  const double start = cpu_seconds();
  const heat::spec::DramSpec spec = heat::spec::load_dram_spec(o.config);
  heat::dram::TraceReader trace(o.trace);
  heat::dram::Replay replay(spec);
  std::unique_ptr<heat::dram::CommandTraceWriter> commands;
  std::vector<Tap> taps;
  if (!o.command_trace.empty()) {
    commands = std::make_unique<heat::dram::CommandTraceWriter>(o.command_trace, spec);
    for (int c = 0; c < spec.organization.channels; ++c) taps.emplace_back(*commands, c);
    for (int c = 0; c < spec.organization.channels; ++c) replay.set_command_sink(c, &taps[static_cast<std::size_t>(c)]);
  }
  const heat::dram::ReplayResult result = replay.run(trace, o.replay);
  const double cpu_s = cpu_seconds() - start;
  const nlohmann::ordered_json json = heat::dram::result_json(spec, result, cpu_s);
  if (commands) commands->commit();
  if (!o.json.empty()) heat::base::write_file_atomically(o.json, json.dump(2) + "\n");
  std::cout << heat::dram::result_text(spec, result, cpu_s);
  return heat::base::kDone;
}

}  // namespace

int main(int argc, char** argv) {
  return heat::base::run_program("dram-sim", [&] {
    const auto options = parse(argc, argv);
    return options ? run(*options) : static_cast<int>(heat::base::kDone);
  });
}
