// dram-check: verifies a command trace (of dram-sim --command-trace) against the timing table of a configuration.
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/command_line.h"
#include "base/errors.h"
#include "base/program.h"
#include "sim/dram/checker.h"
#include "sim/dram/line_reader.h"

namespace {

namespace po = boost::program_options;

constexpr const char* kOpening =
    "dram-check replays a DRAM command trace against the timing table of its configuration. It reports each violation\n"
    "with both commands, and how close every constraint came to being one (its minimum slack, in cycles).\n"
    "Exit status: 0 no violation, 1 violations, 2 wrong input.\n\n"
    "Usage: dram-check --config C.yaml --commands TRACE [options]\n\n";
constexpr const char* kExamples =
    "  dram-sim --config configs/dram/ddr4-3200.yaml --trace run.tr --command-trace commands.txt\n"
    "  dram-check --config configs/dram/ddr4-3200.yaml --commands commands.txt --json check.json\n";

struct Options {
  std::string config, commands, json;
  std::size_t max = 100;
};

std::optional<Options> parse(int argc, char** argv) {
  heat::base::CommandLine line{"dram-check", "", kOpening, kExamples, po::options_description("Options"), {}};
  heat::base::add_program_options(line.options);
  line.options.add_options()("config", po::value<std::string>(), "DRAM configuration (YAML)")(
      "commands", po::value<std::string>(), "command trace, plain, gzip or Zstandard")(
      "max", po::value<std::size_t>()->default_value(100), "violations shown at most")("json", po::value<std::string>(),
                                                                                       "write the report to this file");
  po::variables_map given;
  if (!heat::base::parse_command_line(argc, argv, line, given)) return std::nullopt;
  heat::base::Problems problems;
  if (!given.count("config")) problems.add("--config", "missing (a DRAM configuration file)");
  if (!given.count("commands")) problems.add("--commands", "missing (a command trace)");
  problems.throw_if_any();
  Options o;
  o.config = given["config"].as<std::string>();
  o.commands = given["commands"].as<std::string>();
  o.max = given["max"].as<std::size_t>();
  if (given.count("json")) o.json = given["json"].as<std::string>();
  return o;
}

nlohmann::ordered_json to_json(const heat::spec::DramSpec& spec, const heat::dram::CheckReport& report) {
  nlohmann::ordered_json j;
  j["commands"] = report.commands;
  j["violation_count"] = report.violation_count;
  j["violations"] = nlohmann::ordered_json::array();
  for (const auto& v : report.violations) j["violations"].push_back(v.text());
  j["constraints"] = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < report.slacks.size(); ++i) {
    nlohmann::ordered_json c;
    c["constraint"] = spec.constraints[i].text();
    c["latency_cycles"] = spec.constraints[i].latency;
    const auto& slack = report.slacks[i].minimum;
    c["minimum_slack_cycles"] = slack ? nlohmann::ordered_json(*slack) : nlohmann::ordered_json(nullptr);
    j["constraints"].push_back(c);
  }
  return j;
}

int run(const Options& o) {
  const heat::spec::DramSpec spec = heat::spec::load_dram_spec(o.config);
  heat::dram::CommandChecker checker(spec, o.max);
  heat::dram::LineReader lines(heat::dram::open_byte_source(o.commands), o.commands);
  std::string_view line;
  while (lines.next(line)) {
    const auto record = heat::dram::parse_command(std::string(line), spec.organization, lines.place());
    try {
      checker.add(record, lines.line());
    } catch (const heat::base::TraceError& e) {
      throw heat::base::TraceError(lines.place() + ": " + e.what());
    }
  }
  const heat::dram::CheckReport& report = checker.report();
  if (!o.json.empty()) heat::base::write_file_atomically(o.json, to_json(spec, report).dump(2) + "\n");
  std::cout << spec.name << ": " << report.commands << " commands, " << report.violation_count << " violations\n";
  for (const auto& v : report.violations) std::cout << "  " << v.text() << "\n";
  std::cout << "Minimum slack in cycles of every constraint (- : the pair never occurred):\n";
  for (std::size_t i = 0; i < report.slacks.size(); ++i) {
    const auto& slack = report.slacks[i].minimum;
    std::cout << "  " << (slack ? std::to_string(*slack) : "-") << "\t" << spec.constraints[i].text() << " = "
              << spec.constraints[i].latency << "\n";
  }
  return report.violation_count > 0 ? heat::base::kFailed : heat::base::kDone;
}

}  // namespace

int main(int argc, char** argv) {
  return heat::base::run_program("dram-check", [&] {
    const auto options = parse(argc, argv);
    return options ? run(*options) : static_cast<int>(heat::base::kDone);
  });
}
