#include "tests/repo/source_tree.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

namespace heat::repo {

bool has_suffix(const std::string& text, const std::string& suffix) {
  return text.size() >= suffix.size() && text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}

bool has_prefix(const std::string& text, const std::string& prefix) {
  return text.rfind(prefix, 0) == 0;
}

bool is_source(const std::string& path) {
  return has_suffix(path, ".h") || has_suffix(path, ".cpp") || has_suffix(path, ".c");
}

std::vector<SourceFile> repository_files() {
  namespace fs = std::filesystem;
  const fs::path root = HEAT_SOURCE_DIR;
  std::vector<SourceFile> files;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::recursive_directory_iterator(); ++it) {
    const std::string path = fs::relative(it->path(), root).generic_string();
    if (it->is_directory() && (path == "build" || path == "out" || path == ".git")) {
      it.disable_recursion_pending();
      continue;
    }
    if (!it->is_regular_file() || path == ".git") continue;
    std::ifstream in(it->path(), std::ios::binary);
    std::stringstream content;
    content << in.rdbuf();
    SourceFile file{path, {}};
    if (content.str().find('\0') == std::string::npos) {
      for (std::string line; std::getline(content, line);) file.lines.push_back(line);
    }
    files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

std::string without_comment(const std::string& line) {
  return line.substr(0, line.find("//"));
}

std::vector<Include> includes_of(const SourceFile& file) {
  static const std::regex pattern(R"re(^\s*#\s*include\s*([<"])([^>"]+)[>"].*)re");
  std::vector<Include> list;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    std::smatch match;
    if (file.lines[i].find("#") == std::string::npos || !std::regex_match(file.lines[i], match, pattern)) continue;
    list.push_back({file.path, static_cast<int>(i) + 1, match[2], match[1] == "<"});
  }
  return list;
}

}  // namespace heat::repo
