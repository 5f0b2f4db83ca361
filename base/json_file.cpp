// JSON files are read whole before they are parsed, so that an error can name the file.
#include "base/json_file.h"

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/errors.h"

namespace heat::base {

nlohmann::json read_json_file(const std::string& path) {
  try {
    return nlohmann::json::parse(read_file(path));
  } catch (const nlohmann::json::parse_error& e) {
    throw ConfigError(path + ": " + e.what());
  }
}

}  // namespace heat::base
