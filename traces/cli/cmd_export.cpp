// heat-trace export: streams into a temporary file that gets its name when it is whole.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "traces/cli/command.h"
#include "traces/exports.h"

namespace heat::traces::cli {

namespace po = boost::program_options;

namespace {

struct Options {
  std::string run, format, table, output;
  DramTraceOptions dram;
};

std::int64_t write_export(const Options& o, std::ostream& out) {
  const Reader reader(o.run);
  if (o.format == "csv") return export_csv(reader, o.table, out);
  return o.format == "dramsim3" ? export_dramsim3(reader, o.dram, out) : export_ramulator2(reader, o.dram, out);
}

void check(const Options& o) {
  base::Problems problems;
  if (o.format != "csv" && o.format != "dramsim3" && o.format != "ramulator2")
    problems.add("--format " + o.format, "expected csv, dramsim3 or ramulator2");
  if (o.dram.request_bytes < 1) problems.add("--request-bytes", "expected 1 or more");
  if (o.dram.clock_ghz < 0) problems.add("--clock-ghz", "expected above 0");
  problems.throw_if_any();
}

}  // namespace

int run_export(int argc, char** argv) {
  Options o;
  base::CommandLine usage = command_line("export RUN.sqlite --format csv|dramsim3|ramulator2 --output FILE [options]");
  usage.options.add_options()("run", po::value(&o.run)->required()->value_name("FILE"), "run database")(
      "format", po::value(&o.format)->required()->value_name("F"), "csv, dramsim3 or ramulator2")(
      "output", po::value(&o.output)->required()->value_name("FILE"), "file to write")(
      "table", po::value(&o.table)->value_name("T")->default_value("node"),
      "csv: group, node, tensor, interval, counter, energy, stall or dram_transaction")(
      "request-bytes", po::value(&o.dram.request_bytes)->value_name("N")->default_value(64),
      "dramsim3, ramulator2: size of a request")("clock-ghz",
                                                 po::value(&o.dram.clock_ghz)->value_name("G")->default_value(0),
                                                 "dramsim3: clock of the cycle column; 0: the run's");
  usage.positional.add("run", 1);
  usage.examples =
      "  heat-trace export run.sqlite --format csv --table interval --output intervals.csv\n"
      "  heat-trace export run.sqlite --format dramsim3 --clock-ghz 1.6 --output run.trc\n";
  add_json_option(usage);
  po::variables_map values;
  if (!base::parse_command_line(argc, argv, usage, values)) return base::kDone;
  check(o);
  const std::string temporary = base::temporary_name(o.output);
  std::int64_t lines = 0;
  try {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    if (!out) throw base::FileError(o.output + ": cannot open for writing");
    lines = write_export(o, out);
    out.close();
    if (!out) throw base::FileError(o.output + ": cannot be written (disk full?)");
    base::commit_file(temporary, o.output);
  } catch (...) {
    std::error_code ec;
    std::filesystem::remove(temporary, ec);
    throw;
  }
  write_json(values, {{"output", o.output}, {"format", o.format}, {"rows", lines}});
  std::cout << o.output << ": " << lines << (o.format == "csv" ? " rows\n" : " requests\n");
  return base::kDone;
}

}  // namespace heat::traces::cli
