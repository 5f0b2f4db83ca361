// Paths that a file names.
#pragma once

#include <filesystem>
#include <string>

namespace heat::base {

// `path` as `file` means it: relative to the file's own folder unless it is absolute.
inline std::string beside(const std::string& file, const std::string& path) {
  return (std::filesystem::path(file).parent_path() / path).lexically_normal().string();
}

}  // namespace heat::base
