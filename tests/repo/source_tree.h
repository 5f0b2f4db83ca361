// The repository's own files, for tests that check its rules.
#pragma once

#include <string>
#include <vector>

namespace heat::repo {

struct Include {
  std::string from;  // path of the including file, relative to the repository
  int line = 0;
  std::string what;     // as written
  bool system = false;  // <...>
};

struct SourceFile {
  std::string path;  // relative to the repository, with '/'
  std::vector<std::string> lines;
};

// Every file of the tree but version control, builds and outputs; sorted by path. Binary files have no lines.
std::vector<SourceFile> repository_files();
// True for C and C++ sources and headers.
bool is_source(const std::string& path);
bool has_suffix(const std::string& text, const std::string& suffix);
bool has_prefix(const std::string& text, const std::string& prefix);
// What stands on a line ahead of `//`. Enough for this tree, where no text holds two slashes but addresses.
std::string without_comment(const std::string& line);
// The includes of a source. What stands in a comment after `//` does not count.
std::vector<Include> includes_of(const SourceFile& file);

}  // namespace heat::repo
