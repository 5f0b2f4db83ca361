// Shares and distances are formed where they are shown; what is kept are amounts and cycles.
#include "spec/run_floor.h"

#include <fmt/printf.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/errors.h"

namespace heat::spec {
namespace {

double share(const RunFloor& run, std::int64_t cycles) {
  return run.cycles > 0 ? static_cast<double>(cycles) / static_cast<double>(run.cycles) : 0;
}

}  // namespace

const FloorTerm& RunFloor::bound() const {
  HEAT_CHECK(!terms.empty(), "a floor has terms");
  return *std::max_element(terms.begin(), terms.end(),
                           [](const FloorTerm& a, const FloorTerm& b) { return a.cycles() < b.cycles(); });
}

double RunFloor::distance() const {
  const double least = bound().cycles();
  return least > 0 ? static_cast<double>(cycles) / least : 0;
}

void BusiestUnits::add(const std::string& kind, const std::string& unit, std::int64_t busy_cycles) {
  for (ResourceUse& use : list_) {
    if (use.kind != kind) continue;
    if (busy_cycles > use.busy_cycles) use = {kind, unit, busy_cycles};
    return;
  }
  list_.push_back({kind, unit, busy_cycles});
}

nlohmann::ordered_json floor_json(const RunFloor& run) {
  nlohmann::ordered_json terms = nlohmann::ordered_json::array();
  for (const FloorTerm& t : run.terms)
    terms.push_back({{"name", t.name}, {"amount", t.amount}, {"per_cycle", t.per_cycle}, {"cycles", t.cycles()}});
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  if (!run.terms.empty())
    json = {{"cycles", run.bound().cycles()}, {"bound", run.bound().name}, {"distance", run.distance()}};
  json["terms"] = terms;
  return json;
}

nlohmann::ordered_json resources_json(const RunFloor& run) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ResourceUse& u : run.resources)
    list.push_back({{"kind", u.kind},
                    {"busiest", u.busiest},
                    {"busy_cycles", u.busy_cycles},
                    {"share", share(run, u.busy_cycles)}});
  return list;
}

std::string to_text(const RunFloor& run) {
  if (run.terms.empty()) return "";
  std::string text = fmt::sprintf("  floor        %.0f cycles by %s; the run takes %.2f times that\n",
                                  run.bound().cycles(), run.bound().name.c_str(), run.distance());
  for (const FloorTerm& t : run.terms)
    text += fmt::sprintf("    %-14s %16lld at %.6g a cycle: %12.0f cycles, %5.1f%% of the run\n", t.name.c_str(),
                         static_cast<long long>(t.amount), t.per_cycle, t.cycles(),
                         run.cycles > 0 ? 100 * t.cycles() / static_cast<double>(run.cycles) : 0.0);
  text += "  busiest unit of each resource:\n";
  for (const ResourceUse& u : run.resources)
    text += fmt::sprintf("    %-14s %-36s %12lld cycles, %5.1f%% of the run\n", u.kind.c_str(), u.busiest.c_str(),
                         static_cast<long long>(u.busy_cycles), 100 * share(run, u.busy_cycles));
  return text;
}

}  // namespace heat::spec
