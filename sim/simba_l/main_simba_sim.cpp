// simba-sim: runs a schedule on the chiplet array and reports time and energy; with data, the outputs too.
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/atomic_file.h"
#include "base/command_line.h"
#include "base/program.h"
#include "sim/dram/dram.h"
#include "sim/simba_l/run_database.h"
#include "sim/simba_l/run_report.h"
#include "sim/simba_l/waveforms.h"
#include "spec/dram_image.h"
#include "spec/verify.h"

namespace {

namespace po = boost::program_options;
using namespace heat;

struct Options {
  std::string arch, schedule, json, trace, output, vcd, fst, signals;
  std::vector<spec::InputFile> inputs;
  simba::RunOptions run;
  bool trace_dram = false;
};

constexpr const char* kOpening =
    "simba-sim runs a schedule on a Simba-L chiplet array with its DRAM, controllers and firmware.\n\n"
    "Usage: simba-sim --arch A.yaml --schedule S.json [options]\n\n";
constexpr const char* kExamples =
    "  simba-sim --arch configs/arch/simba-l.yaml --schedule schedule.json --json run.json\n"
    "  simba-sim --arch configs/arch/simba-l.yaml --schedule schedule.json --data on --output outputs.bin\n"
    "  simba-sim --arch configs/arch/simba-l.yaml --schedule schedule.json --data on --input encoder.input=next.bin "
    "--input "
    "padding_mask=next_mask.bin --output next_outputs.bin\n"
    "  simba-sim --arch configs/arch/simba-l.yaml --schedule schedule.json --trace runs/encoder --trace-dram\n"
    "  simba-sim --arch configs/arch/simba-l.yaml --schedule schedule.json --fst run.fst --signals "
    "'chiplet0.*,dram.*'\n";

po::options_description described() {
  po::options_description d("Options");
  base::add_program_options(d);
  d.add_options()("arch", po::value<std::string>(), "machine (YAML)")("schedule", po::value<std::string>(),
                                                                      "schedule (JSON)")(
      "data", po::value<std::string>()->default_value("off"),
      "on: move and compute the real int8 tensors; off: time and energy only, which are the same")(
      "firmware", po::value<std::string>()->default_value("native"), "native: the firmware compiled for this host")(
      "json", po::value<std::string>(), "write the result to this file")(
      "input", po::value<std::vector<std::string>>(),
      "with data, once or more: NAME=FILE, the bytes of a tensor of kind input in place of the image's")(
      "output", po::value<std::string>(),
      "with data: write the output tensors to this file, one after another by name")(
      "trace", po::value<std::string>(), "write a run database to this folder (run.sqlite)")(
      "trace-dram", "with --trace: every DRAM access too")("vcd", po::value<std::string>(),
                                                           "write a waveform to this file (VCD)")(
      "fst", po::value<std::string>(), "the same in GTKWave's compressed format (FST)")(
      "signals", po::value<std::string>(),
      ("with --vcd, --fst: names or patterns of signals, separated by commas (default " +
       std::string(simba::kDefaultSignals) + ")")
          .c_str())("max-cycles", po::value<std::int64_t>(),
                    "end with an error when the run is not done after so many cycles")(
      "random-stall", po::value<std::int64_t>(),
      "seed (not 0): random waits in every engine, which must change nothing but time");
  return d;
}

bool on_or_off(const std::string& value) {
  if (value == "on") return true;
  if (value == "off") return false;
  throw base::ConfigError("--data: is '" + value + "', expected on or off (see simba-sim --help)");
}

std::int64_t at_least_1(const char* option, std::int64_t value) {
  if (value < 1)
    throw base::ConfigError(std::string("--") + option + ": is " + std::to_string(value) +
                            ", expected 1 or more (see simba-sim --help)");
  return value;
}

spec::InputFile input_file(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size())
    throw base::ConfigError("--input: is '" + text + "', expected NAME=FILE (see simba-sim --help)");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

// Nothing when the program has only to print help or version.
std::optional<Options> parse(int argc, char** argv) {
  po::variables_map given;
  if (!base::parse_command_line(argc, argv, {"simba-sim", "", kOpening, kExamples, described(), {}}, given))
    return std::nullopt;
  for (const char* required : {"arch", "schedule"})
    if (!given.count(required))
      throw base::ConfigError(std::string("--") + required + " is missing (see simba-sim --help)");
  Options o;
  o.arch = given["arch"].as<std::string>();
  o.schedule = given["schedule"].as<std::string>();
  o.run.data = on_or_off(given["data"].as<std::string>());
  if (given["firmware"].as<std::string>() != "native")
    throw base::ConfigError("--firmware: is '" + given["firmware"].as<std::string>() + "', expected native");
  if (given.count("json")) o.json = given["json"].as<std::string>();
  if (given.count("output")) o.output = given["output"].as<std::string>();
  if (given.count("input"))
    for (const std::string& text : given["input"].as<std::vector<std::string>>()) o.inputs.push_back(input_file(text));
  if (given.count("trace")) o.trace = given["trace"].as<std::string>();
  if (given.count("max-cycles")) o.run.max_cycles = at_least_1("max-cycles", given["max-cycles"].as<std::int64_t>());
  if (given.count("random-stall"))
    o.run.random_stall =
        static_cast<std::uint64_t>(at_least_1("random-stall", given["random-stall"].as<std::int64_t>()));
  o.trace_dram = given.count("trace-dram") != 0;
  if (given.count("vcd")) o.vcd = given["vcd"].as<std::string>();
  if (given.count("fst")) o.fst = given["fst"].as<std::string>();
  o.run.waves = !o.vcd.empty() || !o.fst.empty();
  o.signals = given.count("signals") ? given["signals"].as<std::string>() : simba::kDefaultSignals;
  if (given.count("signals") && !o.run.waves) throw base::ConfigError("--signals needs --vcd or --fst");
  o.run.trace = !o.trace.empty() || o.run.waves;
  o.run.log = o.trace_dram;
  if (!o.output.empty() && !o.run.data) throw base::ConfigError("--output needs --data on");
  if (!o.inputs.empty() && !o.run.data) throw base::ConfigError("--input needs --data on");
  if (o.trace_dram && o.trace.empty()) throw base::ConfigError("--trace-dram needs --trace");
  return o;
}

void write_traces(const Options& o, const simba::FinishedRun& run, const std::vector<traces::WaveSignal>& signals) {
  static const std::vector<dram::AccessRecord> kNone;
  if (!o.trace.empty())
    simba::write_run_database(o.trace + "/run.sqlite", {run.schedule, run.arch, run.table, run.dram, run.options,
                                                        run.result, o.trace_dram ? run.accesses : kNone});
  if (!o.run.waves) return;
  const traces::Waveform waveform = simba::waveform_of(run, signals);
  if (!o.vcd.empty()) traces::write_waveform(o.vcd, traces::WaveFormat::kVcd, waveform);
  if (!o.fst.empty()) traces::write_waveform(o.fst, traces::WaveFormat::kFst, waveform);
}

int run(const Options& o) {
  const spec::ArchSpec arch = spec::ArchSpec::load(o.arch);
  const spec::EnergyTable table = spec::EnergyTable::load(arch.energy_config);
  const spec::DramSpec dram_spec = spec::load_dram_spec(arch.dram_config);
  const spec::ScheduleWithData given = o.run.data ? spec::load_with_data(o.schedule, o.inputs)
                                                  : spec::ScheduleWithData{spec::Schedule::load(o.schedule), {}};
  const spec::Schedule& schedule = given.schedule;
  base::Problems problems;
  spec::check_dram_ports(arch, dram_spec, problems);
  problems.throw_if_any();
  spec::verify_dram_capacity(schedule, dram_spec.organization.capacity_bytes(), problems);
  problems.throw_if_any<base::ScheduleError>();
  std::vector<traces::WaveSignal> signals;
  if (o.run.waves) signals = simba::choose_signals(simba::wave_signals(arch, dram_spec), o.signals);
  dram::Dram memory("dram", dram_spec);
  std::vector<dram::AccessRecord> accesses;
  if (o.trace_dram || simba::need_accesses(signals))
    memory.set_observer([&](const dram::AccessRecord& a) { accesses.push_back(a); });
  simba::DramAttachment attachment;
  attachment.bind = [&](auto& socket) { socket.bind(memory.socket); };
  attachment.peak_bytes_per_cycle = simba::dram_peak_bytes_per_cycle(dram_spec, arch);
  attachment.energy = [&] {
    memory.finish();
    const dram::EnergyBreakdown e = memory.energy();
    const double access = e.activate + e.read + e.write;
    return simba::DramEnergy{access, e.total() - access};
  };
  const simba::RunResult result = simba::simulate(schedule, arch, table, o.run, attachment, given.image);
  const simba::RunCost cost = simba::run_cost();
  write_traces(o, {schedule, arch, table, dram_spec, o.run, result, accesses}, signals);
  if (!o.output.empty()) {
    std::string bytes;
    for (const auto& [name, tensor] : result.outputs) bytes.append(tensor.begin(), tensor.end());
    base::write_file_atomically(o.output, bytes);
  }
  if (!o.json.empty())
    base::write_file_atomically(o.json, simba::report_json(schedule, arch, table, o.run, result, cost).dump(2) + "\n");
  std::cout << simba::report_text(schedule, arch, result, cost);
  return base::kDone;
}

}  // namespace

int sc_main(int argc, char** argv) {
  return base::run_program("simba-sim", [&] {
    const std::optional<Options> options = parse(argc, argv);
    return options ? run(*options) : static_cast<int>(base::kDone);
  });
}

int main(int argc, char** argv) {
  setenv("SC_COPYRIGHT_MESSAGE", "DISABLE", 1);  // SystemC's banner would mix with the messages
  return sc_core::sc_elab_and_sim(argc, argv);
}
