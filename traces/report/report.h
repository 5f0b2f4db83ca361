// The report: one HTML file with interactive pictures that opens anywhere, without a network.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace heat::traces {

// Collects everything wrong with the inputs before anything is drawn.
struct ReportInputs {
  std::string title;  // empty: report_data's title, or one made of the runs
  nlohmann::ordered_json data = nlohmann::ordered_json::object();  // report_data, checked (report_data.h)
  std::vector<std::pair<std::string, std::string>> runs;           // name in the report, run database
};

// The JSON that the page draws: report_data's sections with `layers` as a list of series (from the runs when the data
// has none), and the runs. Throws TraceError when a run database cannot be read.
nlohmann::ordered_json assemble_report(const ReportInputs& inputs);

// The whole page. Throws FileError naming the package when D3 is not where it was found at configure time.
std::string render_report(const nlohmann::ordered_json& assembled);

}  // namespace heat::traces
