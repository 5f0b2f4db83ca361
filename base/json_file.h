// JSON files of other programs and of earlier commands.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace heat::base {

// Throws FileError when the file cannot be read, ConfigError with its name and the place when it is no JSON.
nlohmann::json read_json_file(const std::string& path);

}  // namespace heat::base
