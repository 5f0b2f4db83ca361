// Rules of CONTRIBUTING.md that a machine can check.
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "tests/repo/source_tree.h"

namespace heat::repo {
namespace {

constexpr std::size_t kMostLines = 400;

bool in_a_room(const std::string& path) {
  for (const char* room : {"base/", "spec/", "firmware/", "machines/", "sim/", "traces/", "offline/"}) {
    if (has_prefix(path, room)) return true;
  }
  return false;
}

// Marks of unfinished work and places on somebody's machine; put together so that this file does not contain them.
const std::vector<std::string>& forbidden_words() {
  static const std::vector<std::string> words{
      "TO"
      "DO",
      "FIX"
      "ME",
      "XX"
      "X:",
      "/wo"
      "rk/",
      "/ho"
      "me/",
      "/ro"
      "ot/",
      "/Us"
      "ers/",
      "/mnt"
      "/",
      "march="
      "native"};
  return words;
}

// The first forbidden word of a line, or an empty text. A word counts where no name goes on before it.
std::string forbidden_in(const std::string& line) {
  for (const auto& word : forbidden_words()) {
    for (auto at = line.find(word); at != std::string::npos; at = line.find(word, at + 1)) {
      const char before = at == 0 ? ' ' : line[at - 1];
      if (!std::isalnum(static_cast<unsigned char>(before)) && before != '.' && before != '}' && before != '_')
        return word;
    }
  }
  return "";
}

TEST(Style, EverySourceIsUnderTheLimitOfLines) {
  std::size_t sources = 0;
  for (const auto& file : repository_files()) {
    if (!is_source(file.path)) continue;
    ++sources;
    EXPECT_LT(file.lines.size(), kMostLines) << file.path;
  }
  EXPECT_GT(sources, 100u);
}

TEST(Style, NoFileNamesAMachinesFoldersOrUnfinishedWork) {
  std::size_t lines = 0;
  for (const auto& file : repository_files()) {
    if (has_suffix(file.path, ".svg") || has_suffix(file.path, ".tsv")) continue;  // data
    for (std::size_t i = 0; i < file.lines.size(); ++i, ++lines) {
      EXPECT_EQ(forbidden_in(file.lines[i]), "") << file.path << ":" << i + 1;
    }
  }
  EXPECT_GT(lines, 10000u);
}

TEST(Style, ForbiddenWordsAreSeenAndNamesThatContainThemAreNot) {
  for (const auto& word : forbidden_words()) EXPECT_EQ(forbidden_in("see " + word + " x"), word);
  EXPECT_EQ(forbidden_in("net" + forbidden_words()[3] + "x"), "");
  EXPECT_EQ(forbidden_in("../wo"
                         "rk/x"),
            "");
}

TEST(Style, EverySourceOfARoomOpensWithWhatItIs) {
  for (const auto& file : repository_files()) {
    if (!is_source(file.path) || !in_a_room(file.path)) continue;
    const std::string first = file.lines.empty() ? "" : file.lines.front();
    EXPECT_TRUE(has_prefix(first, "//") || has_prefix(first, "/*")) << file.path << ": " << first;
  }
}

TEST(Style, EveryHeaderIsGuarded) {
  for (const auto& file : repository_files()) {
    if (!has_suffix(file.path, ".h")) continue;
    const bool guarded = std::any_of(file.lines.begin(), file.lines.end(), [](const std::string& line) {
      return has_prefix(line, "#pragma once") || has_prefix(line, "#ifndef ");
    });
    EXPECT_TRUE(guarded) << file.path;
  }
}

TEST(Style, LibraryCodeNeverEndsTheProcess) {
  static const std::regex call(R"((^|[^\w.>:])(std::)?(exit|quick_exit|abort|_exit)\s*\(|SC_REPORT_FATAL)");
  for (const auto& file : repository_files()) {
    if (!is_source(file.path) || !in_a_room(file.path)) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string code = file.lines[i].substr(0, file.lines[i].find("//"));
      if (std::regex_search(code, call)) {
        // The child of a fork() has to: it may not run its parent's destructors.
        EXPECT_NE(code.find("_exit(127)"), std::string::npos) << file.path << ":" << i + 1 << ": " << code;
      }
    }
  }
}

TEST(Style, EveryTestOfTheTreeIsBuilt) {
  std::string lists;
  for (const auto& file : repository_files()) {
    if (has_prefix(file.path, "tests/") && has_suffix(file.path, "CMakeLists.txt")) {
      for (const auto& line : file.lines) lists += line + "\n";
    }
  }
  for (const auto& file : repository_files()) {
    if (!has_prefix(file.path, "tests/") || !has_suffix(file.path, "_test.cpp")) continue;
    const std::string name = file.path.substr(file.path.rfind('/') + 1);
    EXPECT_NE(lists.find(name), std::string::npos) << file.path << " is in no CMakeLists.txt";
  }
}

TEST(Style, NoTestIsSkippedOrDisabled) {
  const std::string skip = std::string("GTEST_") + "SKIP", disabled = std::string("DISABLED") + "_";
  for (const auto& file : repository_files()) {
    if (!has_prefix(file.path, "tests/") || !is_source(file.path)) continue;
    const bool reference = std::any_of(file.lines.begin(), file.lines.end(), [](const std::string& line) {
      return line.find("HEAT_REFERENCE_DIR") != std::string::npos;
    });
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      EXPECT_EQ(file.lines[i].find(disabled), std::string::npos) << file.path << ":" << i + 1;
      // A cluster's daemons cannot be had everywhere; the word names the packages.
      if (!reference && file.lines[i].find("needs the packages") == std::string::npos) {
        EXPECT_EQ(file.lines[i].find(skip), std::string::npos) << file.path << ":" << i + 1;
      }
    }
  }
}

}  // namespace
}  // namespace heat::repo
