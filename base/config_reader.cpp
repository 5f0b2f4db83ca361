// Reading by yaml-cpp; scalars are converted whole (no trailing characters), lists element by element.
#include "base/config_reader.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "base/atomic_file.h"

namespace heat::base {

struct ConfigReader::State {
  std::string file;
  std::string path;  // dotted keys down to this map
  YAML::Node node;
  Problems* problems = nullptr;
  std::shared_ptr<Problems> ignored;  // where the problems of what is missing as a whole go
  std::set<std::string> asked;
  std::vector<std::shared_ptr<State>> children;

  void ignore_problems() {
    ignored = std::make_shared<Problems>();
    problems = ignored.get();
  }
};

namespace {

std::string line_of(const YAML::Node& node) {
  const auto mark = node.Mark();
  return mark.is_null() ? "" : ":" + std::to_string(mark.line + 1);
}

template <class T>
std::string range_text(Range<T> range) {
  const bool low = range.min > std::numeric_limits<T>::lowest();
  const bool high = range.max < std::numeric_limits<T>::max();
  std::ostringstream text;
  if (low && high)
    text << "from " << range.min << " to " << range.max;
  else if (low)
    text << "at least " << range.min;
  else if (high)
    text << "at most " << range.max;
  return text.str();
}

template <class T>
const char* type_name();
template <>
const char* type_name<std::int64_t>() {
  return "an integer";
}
template <>
const char* type_name<double>() {
  return "a number";
}
template <>
const char* type_name<bool>() {
  return "true or false";
}

std::string shown(const YAML::Node& node) {
  if (node.IsScalar()) return "'" + node.Scalar() + "'";
  if (node.IsMap()) return "a map";
  if (node.IsSequence()) return "a list";
  return "nothing";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& w : words) text += (text.empty() ? "" : ", ") + w;
  return text;
}

}  // namespace

ConfigReader::ConfigReader(std::shared_ptr<State> state) : state_(std::move(state)) {}
ConfigReader::ConfigReader(const ConfigReader&) = default;
ConfigReader& ConfigReader::operator=(const ConfigReader&) = default;
ConfigReader::~ConfigReader() = default;

ConfigReader ConfigReader::load(const std::string& path, Problems& problems) {
  std::string text;
  try {
    text = read_file(path);
  } catch (const FileError& e) {
    problems.add(path, "cannot be read (" + std::string(e.what()) + ")");
    ConfigReader nothing = parse("{}", path, problems);
    nothing.state_->ignore_problems();
    return nothing;
  }
  return parse(text.empty() ? "{}" : text, path, problems);
}

ConfigReader ConfigReader::parse(const std::string& text, const std::string& name, Problems& problems) {
  auto state = std::make_shared<State>();
  state->file = name;
  state->problems = &problems;
  state->node = YAML::Node(YAML::NodeType::Map);
  try {
    const YAML::Node node = YAML::Load(text);
    if (node.IsMap())
      state->node = node;
    else
      problems.add(name, "expected a map at the top, found " + shown(node));
    if (!node.IsMap()) state->ignore_problems();
  } catch (const YAML::Exception& e) {
    problems.add(name + ":" + std::to_string(e.mark.line + 1), "not valid YAML: " + e.msg);
    state->ignore_problems();
  }
  for (const auto& item : state->node) {
    const std::string key = item.first.as<std::string>("");
    int count = 0;
    for (const auto& other : state->node) count += other.first.as<std::string>("") == key;
    if (count > 1 && state->asked.insert("\n" + key).second)
      problems.add(name + line_of(item.first) + ": " + key, "key given " + std::to_string(count) + " times");
  }
  return ConfigReader(state);
}

std::string ConfigReader::place(const std::string& key) const {
  const State& s = *state_;
  std::string dotted = s.path;
  YAML::Node at = s.node;
  if (!key.empty()) {
    dotted += (dotted.empty() ? "" : ".") + key;
    // reset, not =: assigning to a YAML::Node overwrites the node it refers to.
    if (s.node.IsMap() && s.node[key]) at.reset(s.node[key]);
  }
  return s.file + line_of(at) + (dotted.empty() ? "" : ": " + dotted);
}

Problems& ConfigReader::problems() {
  return *state_->problems;
}

bool ConfigReader::has(const std::string& key) const {
  const YAML::Node& node = state_->node;
  return node.IsMap() && node[key].IsDefined() && !node[key].IsNull();
}

std::vector<std::string> ConfigReader::keys() const {
  std::vector<std::string> names;
  for (const auto& item : state_->node) names.push_back(item.first.as<std::string>(""));
  return names;
}

std::optional<YAML::Node> ConfigReader::find(const std::string& key, bool required) {
  state_->asked.insert(key);
  if (has(key)) return YAML::Node(state_->node[key]);
  if (required) {
    std::string message = "missing key '" + key + "'";
    problems().add(place(), message);
  }
  return std::nullopt;
}

template <class T>
std::optional<T> ConfigReader::convert(const YAML::Node& node, const std::string& key, Range<T> range) {
  const std::string where =
      state_->file + line_of(node) + ": " + (state_->path.empty() ? "" : state_->path + ".") + key;
  const std::string bounds = range_text(range);
  const std::string expected = std::string(type_name<T>()) + (bounds.empty() ? "" : " " + bounds);
  if (!node.IsScalar()) {
    problems().add(where, "expected " + expected + ", found " + shown(node));
    return std::nullopt;
  }
  try {
    T value{};
    if constexpr (std::is_same_v<T, std::int64_t>) {
      std::size_t used = 0;
      const std::string& text = node.Scalar();
      const int base = text.rfind("0x", 0) == 0 ? 16 : 10;
      value = std::stoll(text, &used, base);
      if (used != text.size()) throw std::invalid_argument(text);
    } else {
      value = node.as<T>();
    }
    bool inside = !(value < range.min) && !(range.max < value);
    if constexpr (std::is_same_v<T, double>) inside = inside && std::isfinite(value);
    if (inside) return value;
    problems().add(where, "value " + node.Scalar() + " is out of range, expected " + expected);
  } catch (const std::exception&) {
    problems().add(where, "expected " + expected + ", found " + shown(node));
  }
  return std::nullopt;
}

template <class T>
std::vector<T> ConfigReader::convert_list(const std::string& key, Range<T> range) {
  std::vector<T> values;
  const auto node = find(key, true);
  if (!node) return values;
  if (!node->IsSequence()) {
    problems().add(place(key), std::string("expected a list, found ") + shown(*node));
    return values;
  }
  for (std::size_t i = 0; i < node->size(); ++i)
    if (auto v = convert<T>((*node)[i], key + "[" + std::to_string(i) + "]", range)) values.push_back(*v);
  return values;
}

std::int64_t ConfigReader::integer(const std::string& key, Range<std::int64_t> range) {
  const auto node = find(key, true);
  const auto value = node ? convert<std::int64_t>(*node, key, range) : std::nullopt;
  return value.value_or(std::max<std::int64_t>(range.min, std::min<std::int64_t>(1, range.max)));
}

double ConfigReader::number(const std::string& key, Range<double> range) {
  const auto node = find(key, true);
  const auto value = node ? convert<double>(*node, key, range) : std::nullopt;
  return value.value_or(std::max(range.min, std::min(1.0, range.max)));
}

bool ConfigReader::boolean(const std::string& key) {
  const auto node = find(key, true);
  return node ? convert<bool>(*node, key, {false, true}).value_or(false) : false;
}

std::string ConfigReader::text(const std::string& key) {
  const auto node = find(key, true);
  if (!node) return "";
  if (!node->IsScalar()) {
    problems().add(place(key), "expected a text, found " + shown(*node));
    return "";
  }
  return node->Scalar();
}

std::string ConfigReader::choice(const std::string& key, const std::vector<std::string>& allowed) {
  const bool present = has(key);
  const std::string value = text(key);
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return value;
  if (present && state_->node[key].IsScalar()) {
    const auto near = nearest_word(value, allowed);
    problems().add(place(key), "'" + value + "' is not one of: " + joined(allowed) +
                                   (near ? " (did you mean '" + *near + "'?)" : ""));
  }
  return allowed.front();
}

std::vector<std::int64_t> ConfigReader::integers(const std::string& key, Range<std::int64_t> range) {
  return convert_list<std::int64_t>(key, range);
}
std::vector<double> ConfigReader::numbers(const std::string& key, Range<double> range) {
  return convert_list<double>(key, range);
}
std::vector<std::string> ConfigReader::texts(const std::string& key) {
  std::vector<std::string> values;
  const auto node = find(key, true);
  if (!node) return values;
  if (!node->IsSequence()) {
    problems().add(place(key), "expected a list, found " + shown(*node));
    return values;
  }
  for (const auto& item : *node) {
    if (item.IsScalar())
      values.push_back(item.Scalar());
    else
      problems().add(state_->file + line_of(item) + ": " + key, "expected a text, found " + shown(item));
  }
  return values;
}

std::vector<std::string> ConfigReader::words(const std::string& key) {
  const bool list = has(key) && state_->node[key].IsSequence();
  std::string all = list ? joined(texts(key)) : text(key);
  std::replace(all.begin(), all.end(), ',', ' ');
  std::istringstream in(all);
  std::vector<std::string> found;
  for (std::string word; in >> word;) found.push_back(word);
  return found;
}

std::vector<std::vector<std::vector<std::string>>> ConfigReader::nested_texts(const std::string& key) {
  std::vector<std::vector<std::vector<std::string>>> values;
  const auto node = find(key, true);
  if (!node) return values;
  const auto expect = [&](const YAML::Node& at, bool right) {
    if (!right)
      problems().add(state_->file + line_of(at) + ": " + state_->path + "." + key,
                     "expected a list of lists of lists of texts, found " + shown(at));
    return right;
  };
  if (!expect(*node, node->IsSequence())) return values;
  for (const auto& outer : *node) {
    values.emplace_back();
    if (!expect(outer, outer.IsSequence())) continue;
    for (const auto& inner : outer) {
      values.back().emplace_back();
      if (!expect(inner, inner.IsSequence())) continue;
      for (const auto& item : inner)
        if (expect(item, item.IsScalar())) values.back().back().push_back(item.Scalar());
    }
  }
  return values;
}

void ConfigReader::ignore(const std::string& key) {
  state_->asked.insert(key);
}

std::int64_t ConfigReader::integer_or(const std::string& key, std::int64_t fallback, Range<std::int64_t> range) {
  const auto node = find(key, false);
  return node ? convert<std::int64_t>(*node, key, range).value_or(fallback) : fallback;
}
double ConfigReader::number_or(const std::string& key, double fallback, Range<double> range) {
  const auto node = find(key, false);
  return node ? convert<double>(*node, key, range).value_or(fallback) : fallback;
}
bool ConfigReader::boolean_or(const std::string& key, bool fallback) {
  const auto node = find(key, false);
  return node ? convert<bool>(*node, key, {false, true}).value_or(fallback) : fallback;
}
std::string ConfigReader::text_or(const std::string& key, const std::string& fallback) {
  return find(key, false) ? text(key) : fallback;
}
std::string ConfigReader::choice_or(const std::string& key, const std::string& fallback,
                                    const std::vector<std::string>& allowed) {
  return find(key, false) ? choice(key, allowed) : fallback;
}

ConfigReader ConfigReader::section(const std::string& key) {
  auto found = optional_section(key);
  if (found) return *found;
  if (!has(key)) problems().add(place(), "missing section '" + key + "'");
  auto state = std::make_shared<State>();
  state->file = state_->file;
  state->path = (state_->path.empty() ? "" : state_->path + ".") + key;
  state->node = YAML::Node(YAML::NodeType::Map);
  // Problems of an absent section are one problem, not one per key.
  state->ignore_problems();
  return ConfigReader(state);
}

std::optional<ConfigReader> ConfigReader::optional_section(const std::string& key) {
  const auto node = find(key, false);
  if (!node) return std::nullopt;
  if (!node->IsMap()) {
    problems().add(place(key), "expected a map, found " + shown(*node));
    return std::nullopt;
  }
  auto state = std::make_shared<State>();
  state->file = state_->file;
  state->path = (state_->path.empty() ? "" : state_->path + ".") + key;
  state->node = *node;
  state->problems = state_->problems;
  state_->children.push_back(state);
  return ConfigReader(state);
}

std::vector<ConfigReader> ConfigReader::sections(const std::string& key) {
  std::vector<ConfigReader> list;
  const auto node = find(key, true);
  if (!node) return list;
  if (!node->IsSequence()) {
    problems().add(place(key), "expected a list of maps, found " + shown(*node));
    return list;
  }
  for (std::size_t i = 0; i < node->size(); ++i) {
    const YAML::Node item = (*node)[i];
    const std::string name = key + "[" + std::to_string(i) + "]";
    if (!item.IsMap()) {
      problems().add(state_->file + line_of(item) + ": " + name, "expected a map, found " + shown(item));
      continue;
    }
    auto state = std::make_shared<State>();
    state->file = state_->file;
    state->path = (state_->path.empty() ? "" : state_->path + ".") + name;
    state->node = item;
    state->problems = state_->problems;
    state_->children.push_back(state);
    list.push_back(ConfigReader(state));
  }
  return list;
}

void ConfigReader::finish() {
  State& s = *state_;
  const std::vector<std::string> known(s.asked.begin(), s.asked.end());
  for (const auto& item : s.node) {
    const std::string key = item.first.as<std::string>("");
    if (s.asked.count(key)) continue;
    std::vector<std::string> absent;
    for (const auto& k : known)
      if (!has(k) && k.front() != '\n') absent.push_back(k);
    auto near = nearest_word(key, absent);
    if (!near) near = nearest_word(key, known);
    s.problems->add(s.file + line_of(item.first) + ": " + (s.path.empty() ? "" : s.path + ".") + key,
                    "unknown key" + (near ? " (did you mean '" + *near + "'?)" : std::string()));
  }
  for (auto& child : s.children) ConfigReader(child).finish();
}

}  // namespace heat::base
