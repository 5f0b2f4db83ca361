// Typed reading of YAML (and JSON, its subset) that collects every problem instead of stopping at the first.
//
// Use: Problems problems; ConfigReader r = ConfigReader::load("a.yaml", problems);
//      int n = r.integer("count", {1, 64});  ConfigReader sub = r.section("dram");  ... r.finish();
//      problems.throw_if_any();
// A missing or wrong key adds a problem "file:line: path.to.key: ..." and returns a harmless value, so that reading
// goes on. finish() turns keys that nobody read into problems, with the nearest known key as a suggestion.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/errors.h"

namespace YAML {
class Node;
}

namespace heat::base {

// Inclusive bounds of a value; the default allows everything the type holds.
template <class T>
struct Range {
  T min = std::numeric_limits<T>::lowest();
  T max = std::numeric_limits<T>::max();
};

class ConfigReader {
 public:
  // Parses the file. A file that is absent, is no YAML or whose top is no map is a problem; the reader then is empty.
  static ConfigReader load(const std::string& path, Problems& problems);
  // The same for text; `name` stands for the file in messages.
  static ConfigReader parse(const std::string& text, const std::string& name, Problems& problems);

  ConfigReader(const ConfigReader&);
  ConfigReader& operator=(const ConfigReader&);
  ~ConfigReader();

  bool has(const std::string& key) const;
  // Keys in the order of the file (for maps whose keys are names, e.g. energy actions). Marks none as read.
  std::vector<std::string> keys() const;

  // Required values.
  std::int64_t integer(const std::string& key, Range<std::int64_t> range = {});
  double number(const std::string& key, Range<double> range = {});
  bool boolean(const std::string& key);
  std::string text(const std::string& key);
  // One of `allowed`.
  std::string choice(const std::string& key, const std::vector<std::string>& allowed);
  std::vector<std::int64_t> integers(const std::string& key, Range<std::int64_t> range = {});
  std::vector<double> numbers(const std::string& key, Range<double> range = {});
  std::vector<std::string> texts(const std::string& key);
  // A text or a list of texts, taken apart at blanks and commas: "C2 M4", "C=2, M=4" and [C=2, M=4] are two words each.
  std::vector<std::string> words(const std::string& key);
  // A list of lists of lists of texts: a projection, [[[C]], [[R, dilation], [P, stride]]].
  std::vector<std::vector<std::vector<std::string>>> nested_texts(const std::string& key);

  // Optional values: the default is used when the key is absent, never when it is wrong.
  std::int64_t integer_or(const std::string& key, std::int64_t fallback, Range<std::int64_t> range = {});
  double number_or(const std::string& key, double fallback, Range<double> range = {});
  bool boolean_or(const std::string& key, bool fallback);
  std::string text_or(const std::string& key, const std::string& fallback);
  std::string choice_or(const std::string& key, const std::string& fallback, const std::vector<std::string>& allowed);

  // A nested map; absent is a problem. optional_section: nothing when absent.
  ConfigReader section(const std::string& key);
  std::optional<ConfigReader> optional_section(const std::string& key);
  // A list of maps.
  std::vector<ConfigReader> sections(const std::string& key);

  // Takes a key that another program's file may have and that means nothing here.
  void ignore(const std::string& key);

  // Reports keys that were never asked for, here and in the sections read from here.
  void finish();
  // "file:line: path.key" of a key (or of the map itself), for problems that the caller finds.
  std::string place(const std::string& key = "") const;
  Problems& problems();

 private:
  struct State;
  explicit ConfigReader(std::shared_ptr<State> state);
  std::optional<YAML::Node> find(const std::string& key, bool required);
  template <class T>
  std::optional<T> convert(const YAML::Node& node, const std::string& key, Range<T> range);
  template <class T>
  std::vector<T> convert_list(const std::string& key, Range<T> range);

  std::shared_ptr<State> state_;
};

// The member of `known` nearest to `word` by edit distance, or nothing when none is near.
std::optional<std::string> nearest_word(const std::string& word, const std::vector<std::string>& known);

}  // namespace heat::base
