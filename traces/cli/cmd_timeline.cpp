// heat-trace timeline: Chrome trace-event JSON or Perfetto's protobuf.
#include "traces/timeline.h"

#include <iostream>
#include <nlohmann/json.hpp>

#include "base/errors.h"
#include "traces/cli/command.h"

namespace heat::traces::cli {

namespace po = boost::program_options;

namespace {

TimelineFormat format_of(const std::string& name) {
  if (name == "json") return TimelineFormat::kJson;
  if (name == "perfetto") return TimelineFormat::kPerfetto;
  throw base::ConfigError("--format " + name + ": expected json or perfetto");
}

}  // namespace

int run_timeline(int argc, char** argv) {
  std::string run, output, format;
  TimelineWindow window;
  base::CommandLine usage = command_line("timeline RUN.sqlite --output FILE [options]");
  usage.options.add_options()("run", po::value(&run)->required()->value_name("FILE"), "run database")(
      "output", po::value(&output)->required()->value_name("FILE"), "timeline to write")(
      "format", po::value(&format)->value_name("F")->default_value("json"),
      "json: Chrome trace-event JSON; perfetto: Perfetto's protobuf, for long runs")(
      "start-cycle", po::value(&window.start_cycle)->value_name("N"), "leave out what is before this cycle")(
      "end-cycle", po::value(&window.end_cycle)->value_name("N"), "leave out what is after this cycle");
  usage.positional.add("run", 1);
  usage.examples =
      "  heat-trace timeline run.sqlite --output run.json     (open run.json at ui.perfetto.dev)\n"
      "  heat-trace timeline run.sqlite --format perfetto --output run.pftrace\n"
      "  heat-trace timeline run.sqlite --output part.json --start-cycle 100000 --end-cycle 120000\n";
  add_json_option(usage);
  po::variables_map values;
  if (!base::parse_command_line(argc, argv, usage, values)) return base::kDone;
  if (window.start_cycle < 0 || window.end_cycle <= window.start_cycle)
    throw base::ConfigError("--start-cycle " + std::to_string(window.start_cycle) + " --end-cycle " +
                            std::to_string(window.end_cycle) + ": expected 0 <= start < end");
  const TimelineCounts counts = write_timeline(Reader(run), output, format_of(format), window);
  write_json(values, {{"output", output},
                      {"format", format},
                      {"slices", counts.slices},
                      {"counter_samples", counts.counter_samples},
                      {"tracks", counts.tracks}});
  std::cout << output << ": " << counts.slices << " slices on " << counts.tracks << " tracks, "
            << counts.counter_samples << " counter samples\n";
  return base::kDone;
}

}  // namespace heat::traces::cli
