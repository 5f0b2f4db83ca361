// heat-trace report: collects sections and runs, checks all of them, writes the page whole.
#include <filesystem>
#include <iostream>
#include <set>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "traces/cli/command.h"
#include "traces/report/report.h"
#include "traces/report/report_data.h"

namespace heat::traces::cli {

namespace po = boost::program_options;

namespace {

struct Options {
  std::vector<std::string> runs;
  std::string data, summary, front, search, title, output;
};

// "NAME=FILE", or a file whose stem is the name.
std::pair<std::string, std::string> parse_run(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos && equals > 0 && !std::filesystem::exists(text))
    return {text.substr(0, equals), text.substr(equals + 1)};
  return {std::filesystem::path(text).stem().string(), text};
}

// The section `name` from a file of its own, which holds the section or a report_data with it.
void take_section(const std::string& file, const char* name, nlohmann::ordered_json& data, base::Problems& problems) {
  if (file.empty()) return;
  nlohmann::ordered_json section = read_json(file);
  if (section.is_object() && section.contains(name)) section = section[name];
  const nlohmann::ordered_json alone{{name, section}};
  check_report_data(alone, file, problems);
  data[name] = std::move(section);
}

ReportInputs collect(const Options& o) {
  ReportInputs inputs;
  inputs.title = o.title;
  base::Problems problems;
  if (!o.data.empty()) {
    inputs.data = read_json(o.data);
    check_report_data(inputs.data, o.data, problems);
  }
  problems.throw_if_any<base::TraceError>();
  take_section(o.summary, "summary", inputs.data, problems);
  take_section(o.front, "pareto", inputs.data, problems);
  take_section(o.search, "search", inputs.data, problems);
  std::set<std::string> names;
  for (const auto& text : o.runs) {
    inputs.runs.push_back(parse_run(text));
    if (!names.insert(inputs.runs.back().first).second)
      problems.add("--run " + text, "the name '" + inputs.runs.back().first + "' is used twice; give NAME=FILE");
  }
  problems.throw_if_any<base::TraceError>();
  if (inputs.runs.empty() && inputs.data.empty())
    throw base::ConfigError("heat-trace report: nothing to report; give run databases or --data (see --help)");
  return inputs;
}

}  // namespace

int run_report(int argc, char** argv) {
  Options o;
  base::CommandLine usage = command_line("report [NAME=]RUN.sqlite ... --output report.html [options]");
  usage.options.add_options()("run", po::value(&o.runs)->value_name("[NAME=]FILE"), "run database; may be repeated")(
      "data", po::value(&o.data)->value_name("FILE"), "report_data.json: everything that is not in a run database")(
      "summary", po::value(&o.summary)->value_name("FILE"), "section summary from a file of its own")(
      "front", po::value(&o.front)->value_name("FILE"), "section pareto from a file of its own")(
      "search", po::value(&o.search)->value_name("FILE"), "section search from a file of its own")(
      "title", po::value(&o.title)->value_name("TEXT"), "title of the page")(
      "output", po::value(&o.output)->required()->value_name("FILE"), "HTML file to write");
  usage.positional.add("run", -1);
  usage.examples =
      "  heat-trace report run.sqlite --output report.html\n"
      "  heat-trace report --data report_data.json --run dense=dense.sqlite --run student=student.sqlite \\\n"
      "      --output report.html\n";
  add_json_option(usage);
  po::variables_map values;
  if (!base::parse_command_line(argc, argv, usage, values)) return base::kDone;
  const nlohmann::ordered_json assembled = assemble_report(collect(o));
  const std::string html = render_report(assembled);
  base::write_file_atomically(o.output, html);
  std::vector<std::string> sections;
  for (const auto& [key, value] : assembled.items())
    if (key != "title" && !value.empty()) sections.push_back(key);
  write_json(values, {{"output", o.output}, {"bytes", html.size()}, {"sections", sections}, {"runs", o.runs.size()}});
  std::cout << o.output << ": " << html.size() << " bytes, sections";
  for (const auto& section : sections) std::cout << " " << section;
  std::cout << "\n";
  return base::kDone;
}

}  // namespace heat::traces::cli
