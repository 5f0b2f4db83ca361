// A table of fields a kind of point, and one walk that reports everything that does not fit.
#include "traces/report/report_data.h"

#include <vector>

#include "base/atomic_file.h"
#include "base/config_reader.h"

namespace heat::traces {
namespace {

using Json = nlohmann::ordered_json;

enum class Type { kNumber, kText, kBool, kNumbersByName, kTextOrList };

struct Field {
  const char* name;
  Type type;
  bool required;
};
using Fields = std::vector<Field>;

const Fields kParetoPoint = {
    {"method", Type::kText, true},      {"error", Type::kNumber, true},      {"ratio", Type::kNumber, true},
    {"energy_pj", Type::kNumber, true}, {"latency_ns", Type::kNumber, true}, {"edp_js", Type::kNumber, false},
    {"params", Type::kNumber, false},   {"shape", Type::kTextOrList, false}, {"rank", Type::kTextOrList, false},
    {"matrix", Type::kText, false},     {"on_front", Type::kBool, false},    {"chosen", Type::kBool, false}};
const Fields kLayer = {{"layer", Type::kText, true},
                       {"energy_by_component_pj", Type::kNumbersByName, true},
                       {"latency_ns", Type::kNumber, true}};
const Fields kCalibrationPoint = {{"group", Type::kText, true},
                                  {"predicted_cycles_before", Type::kNumber, true},
                                  {"predicted_cycles_after", Type::kNumber, true},
                                  {"measured_cycles", Type::kNumber, true},
                                  {"predicted_energy_pj_before", Type::kNumber, true},
                                  {"predicted_energy_pj_after", Type::kNumber, true},
                                  {"measured_energy_pj", Type::kNumber, true}};
const Fields kGeneration = {
    {"generation", Type::kNumber, true}, {"best", Type::kNumber, true}, {"mean", Type::kNumber, true}};
const Fields kBaseline = {{"name", Type::kText, true}, {"objective", Type::kNumber, true}};
const Fields kPrediction = {{"predicted", Type::kNumber, true}, {"actual", Type::kNumber, true}};

bool numbers_by_name(const Json& value) {
  if (!value.is_object()) return false;
  for (const auto& item : value)
    if (!item.is_number()) return false;
  return true;
}

bool fits(const Json& value, Type type) {
  switch (type) {
    case Type::kNumber:
      return value.is_number();
    case Type::kText:
      return value.is_string();
    case Type::kBool:
      return value.is_boolean();
    case Type::kNumbersByName:
      return numbers_by_name(value);
    case Type::kTextOrList:
      return value.is_string() || value.is_array() || value.is_number();
  }
  return false;
}

const char* type_name(Type type) {
  switch (type) {
    case Type::kNumber:
      return "a number";
    case Type::kText:
      return "a text";
    case Type::kBool:
      return "true or false";
    case Type::kNumbersByName:
      return "an object of numbers";
    case Type::kTextOrList:
      return "a text or a list";
  }
  return "?";
}

class Checker {
 public:
  Checker(const std::string& file, base::Problems& problems) : file_(file), problems_(problems) {}

  void add(const std::string& path, const std::string& message) { problems_.add(file_ + ": " + path, message); }

  bool object(const Json& value, const std::string& path) {
    if (!value.is_object()) add(path, std::string("a ") + value.type_name() + ", expected an object");
    return value.is_object();
  }

  // Every key of `value` must be one of `known`.
  void keys(const Json& value, const std::string& path, const std::vector<std::string>& known) {
    for (const auto& [key, item] : value.items()) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      const auto near = base::nearest_word(key, known);
      add(path.empty() ? key : path + "." + key, "unknown key" + (near ? " (did you mean '" + *near + "'?)" : ""));
    }
  }

  void points(const Json& parent, const std::string& parent_path, const char* key, const Fields& fields,
              bool required) {
    const std::string path = parent_path + "." + key;
    if (!parent.contains(key)) {
      if (required) add(path, "missing");
      return;
    }
    const Json& list = parent[key];
    if (!list.is_array()) return add(path, std::string("a ") + list.type_name() + ", expected a list");
    for (std::size_t i = 0; i < list.size(); ++i) point(list[i], path + "[" + std::to_string(i) + "]", fields);
  }

 private:
  void point(const Json& value, const std::string& path, const Fields& fields) {
    if (!object(value, path)) return;
    for (const auto& field : fields) {
      if (!value.contains(field.name)) {
        if (field.required) add(path + "." + field.name, std::string("missing, expected ") + type_name(field.type));
      } else if (!fits(value[field.name], field.type)) {
        add(path + "." + field.name, value[field.name].dump() + ", expected " + type_name(field.type));
      }
    }
  }

  std::string file_;
  base::Problems& problems_;
};

void check_search(Checker& check, const Json& search) {
  if (!check.object(search, "search")) return;
  check.keys(search, "search", {"generations", "baselines", "predictor"});
  check.points(search, "search", "generations", kGeneration, false);
  check.points(search, "search", "baselines", kBaseline, false);
  if (!search.contains("predictor") || !check.object(search["predictor"], "search.predictor")) return;
  const Json& predictor = search["predictor"];
  check.keys(predictor, "search.predictor", {"points", "spearman"});
  check.points(predictor, "search.predictor", "points", kPrediction, true);
  if (predictor.contains("spearman") && !predictor["spearman"].is_number())
    check.add("search.predictor.spearman", predictor["spearman"].dump() + ", expected a number");
}

void check_points_section(Checker& check, const Json& data, const char* name, const Fields& fields) {
  if (!data.contains(name) || !check.object(data[name], name)) return;
  check.keys(data[name], name, {"points"});
  check.points(data[name], name, "points", fields, true);
}

}  // namespace

Json read_json(const std::string& path) {
  const std::string text = base::read_file(path);
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::parse_error& e) {
    throw base::TraceError(path + ": not JSON: " + e.what());
  }
}

void check_report_data(const Json& data, const std::string& file, base::Problems& problems) {
  Checker check(file, problems);
  if (!check.object(data, "top")) return;
  check.keys(data, "", {"title", "summary", "pareto", "layers", "calibration", "search"});
  if (data.contains("title") && !data["title"].is_string())
    check.add("title", data["title"].dump() + ", expected a text");
  if (data.contains("summary")) check.object(data["summary"], "summary");
  check_points_section(check, data, "pareto", kParetoPoint);
  check_points_section(check, data, "calibration", kCalibrationPoint);
  if (data.contains("layers") && check.object(data["layers"], "layers"))
    for (const auto& [series, list] : data["layers"].items())
      check.points(data["layers"], "layers", series.c_str(), kLayer, true);
  if (data.contains("search")) check_search(check, data["search"]);
}

}  // namespace heat::traces
