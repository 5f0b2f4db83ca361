// The page is a template with the style, the data, D3 and the scripts put in; nothing is referred to by address. The
// data is JSON in a script element, where "<" must not appear (it could end the element): it is written as \u003c.
#include "traces/report/report.h"

#include "base/atomic_file.h"
#include "base/errors.h"
#include "base/program.h"
#include "traces/reader.h"
#include "traces/report/page_resources.h"
#include "traces/report/run_section.h"

namespace heat::traces {
namespace {

using Json = nlohmann::ordered_json;

std::string replaced_all(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// Text for the inside of a script element.
std::string script_safe(const std::string& script) {
  return replaced_all(replaced_all(script, "</script", "<\\/script"), "<!--", "<\\!--");
}

std::string read_d3() {
  try {
    return base::read_file(HEAT_D3_FILE);
  } catch (const base::FileError& e) {
    throw base::FileError(std::string(e.what()) + " (D3, which draws the report: install the package node-d3)");
  }
}

std::string make_title(const ReportInputs& inputs, const Json& runs) {
  if (!inputs.title.empty()) return inputs.title;
  if (inputs.data.contains("title")) return inputs.data["title"].get<std::string>();
  if (runs.empty()) return "HEAT report";
  return "HEAT report: " + runs[0]["network"].get<std::string>() + " on " + runs[0]["arch"].get<std::string>();
}

}  // namespace

Json assemble_report(const ReportInputs& inputs) {
  Json runs = Json::array(), layers = Json::array();
  const bool has_layers = inputs.data.contains("layers");
  for (const auto& [name, file] : inputs.runs) {
    const Reader reader(file);
    runs.push_back(run_section(reader, name));
    if (!has_layers) layers.push_back({{"name", name}, {"layers", layers_of_run(reader)}});
  }
  if (has_layers)
    for (const auto& [name, list] : inputs.data["layers"].items()) layers.push_back({{"name", name}, {"layers", list}});
  Json report{{"title", make_title(inputs, runs)}};
  for (const char* section : {"summary", "pareto", "calibration", "search"})
    if (inputs.data.contains(section)) report[section] = inputs.data[section];
  report["layers"] = std::move(layers);
  report["runs"] = std::move(runs);
  return report;
}

std::string render_report(const Json& assembled) {
  std::string html = kPageHtml;
  // In this order, so that no text that was put in is searched for a later placeholder.
  const std::pair<const char*, std::string> parts[] = {
      {"@SCRIPT@", script_safe(kPageScript)},
      {"@D3@", script_safe(read_d3())},
      {"@DATA@", replaced_all(assembled.dump(-1, ' ', false, Json::error_handler_t::replace), "<", "\\u003c")},
      {"@GENERATOR@", base::version_line("heat-trace")},
      {"@CSS@", kPageCss}};
  for (const auto& [placeholder, text] : parts) {
    const std::size_t at = html.find(placeholder);
    HEAT_CHECK(at != std::string::npos, std::string(placeholder) + " is missing in page.html");
    html.replace(at, std::string(placeholder).size(), text);
  }
  return html;
}

}  // namespace heat::traces
