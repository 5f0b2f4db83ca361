// The contract of every program and command: --help with examples, --version, exit status 2 and a reason for bad usage,
// and no option in the documentation that the program does not know.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "tests/repo/source_tree.h"

namespace heat::repo {
namespace {

struct Outcome {
  int status = -1;
  std::string out;  // stdout, then stderr
};

Outcome run(const std::string& command) {
  const std::string line = std::string(HEAT_BIN_DIR) + "/" + command + " 2>&1 </dev/null";
  Outcome result;
  FILE* pipe = ::popen(line.c_str(), "r");
  if (pipe == nullptr) return result;
  char buffer[4096];
  for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) result.out.append(buffer, n);
  const int status = ::pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::vector<std::string> programs() {
  std::vector<std::string> names;
  std::istringstream list(HEAT_PROGRAMS);
  for (std::string name; std::getline(list, name, ',');) names.push_back(name);
  return names;
}

const std::string& help_of(const std::string& command) {
  static std::map<std::string, std::string> known;
  const auto found = known.find(command);
  return found != known.end() ? found->second : known[command] = run(command + " --help").out;
}

// Words that a program's help lists under "Commands:"; empty for a program without commands.
std::vector<std::string> commands_of(const std::string& program) {
  std::vector<std::string> names;
  std::istringstream help(help_of(program));
  bool listing = false;
  for (std::string line; std::getline(help, line);) {
    if (line == "Commands:") {
      listing = true;
    } else if (listing && line.rfind("  ", 0) == 0 && line.size() > 2 && line[2] != ' ') {
      names.push_back(line.substr(2, line.find(' ', 2) - 2));
    } else if (line.empty() && !names.empty()) {
      break;
    }
  }
  return names;
}

// "dram-sim", "heat-trace summary", ...
std::vector<std::string> all_commands() {
  std::vector<std::string> all;
  for (const auto& program : programs()) {
    const auto names = commands_of(program);
    for (const auto& name : names) all.push_back(program + " " + name);
    if (names.empty()) all.push_back(program);
  }
  return all;
}

bool mentions(const std::string& text, const std::string& option) {
  for (auto at = text.find(option); at != std::string::npos; at = text.find(option, at + 1)) {
    const char after = at + option.size() < text.size() ? text[at + option.size()] : ' ';
    if (!std::isalnum(static_cast<unsigned char>(after)) && after != '-' && after != '_') return true;
  }
  return false;
}

TEST(Programs, AllAreBuilt) {
  EXPECT_GE(programs().size(), 3u);
  for (const auto& program : programs()) EXPECT_EQ(run(program + " --help").status, 0) << program;
}

TEST(Programs, VersionIsTheNameAndThreeNumbers) {
  for (const auto& program : programs()) {
    const Outcome r = run(program + " --version");
    EXPECT_EQ(r.status, 0) << program;
    EXPECT_TRUE(std::regex_match(r.out, std::regex(program + R"( \d+\.\d+\.\d+\n)"))) << r.out;
  }
}

TEST(Programs, HelpOfEveryCommandHasUsageAndExamples) {
  for (const auto& command : all_commands()) {
    const Outcome r = run(command + " --help");
    EXPECT_EQ(r.status, 0) << command;
    EXPECT_NE(r.out.find("sage"), std::string::npos) << command << "\n" << r.out;
    EXPECT_NE(r.out.find("xample"), std::string::npos) << command << "\n" << r.out;
  }
}

TEST(Programs, UnknownOptionsAndCommandsEndWithStatus2AndAReason) {
  for (const auto& command : all_commands()) {
    const Outcome r = run(command + " --no-such-option");
    EXPECT_EQ(r.status, 2) << command << "\n" << r.out;
    EXPECT_NE(r.out.find("no-such-option"), std::string::npos) << command << "\n" << r.out;
    EXPECT_EQ(r.out.find("terminate called"), std::string::npos) << command << "\n" << r.out;
  }
  for (const auto& program : programs()) {
    if (commands_of(program).empty()) continue;
    const Outcome r = run(program + " no-such-command");
    EXPECT_EQ(r.status, 2) << program << "\n" << r.out;
    EXPECT_NE(r.out.find("no-such-command"), std::string::npos) << r.out;
  }
}

TEST(Programs, NoArgumentsAtAllEndWithStatus2AndAHint) {
  for (const auto& program : programs()) {
    const Outcome r = run(program);
    EXPECT_EQ(r.status, 2) << program << "\n" << r.out;
    EXPECT_FALSE(r.out.empty()) << program;
  }
}

// Command lines of the fenced blocks of a page, with continuation lines joined.
std::vector<std::string> command_lines(const SourceFile& page) {
  std::vector<std::string> lines;
  bool fenced = false, goes_on = false;
  for (std::string line : page.lines) {
    if (line.find("```") != std::string::npos) {
      fenced = !fenced;
      continue;
    }
    if (!fenced) continue;
    const bool more = !line.empty() && line.back() == '\\';
    if (more) line.pop_back();
    if (goes_on) {
      lines.back() += " " + line;
    } else {
      lines.push_back(line);
    }
    goes_on = more;
  }
  return lines;
}

// The program (with its command) that a line runs, and its long options.
struct Usage {
  std::string command;
  std::vector<std::string> options;
};

Usage usage_in(const std::string& line) {
  Usage usage;
  std::istringstream words(line);
  std::vector<std::string> list;
  for (std::string word; words >> word && word != "#" && word != "|" && word != "&&";) list.push_back(word);
  if (!list.empty() && list[0] == "$") list.erase(list.begin());
  if (list.empty()) return usage;
  const std::string name = list[0].substr(list[0].rfind('/') + 1);
  const auto known = programs();
  if (std::find(known.begin(), known.end(), name) == known.end()) return usage;
  usage.command = name;
  if (!commands_of(name).empty() && list.size() > 1 && list[1][0] != '-') usage.command += " " + list[1];
  for (const auto& word : list) {
    if (word.rfind("--", 0) == 0 && word.size() > 2) usage.options.push_back(word.substr(0, word.find('=')));
  }
  return usage;
}

// What people are told to type: fenced lines of the pages, and the examples of every help text.
std::vector<std::pair<std::string, std::string>> told_lines() {
  std::vector<std::pair<std::string, std::string>> told;  // where, line
  for (const auto& file : repository_files()) {
    if (!has_suffix(file.path, ".md")) continue;
    for (const auto& line : command_lines(file)) told.emplace_back(file.path, line);
  }
  for (const auto& command : all_commands()) {
    SourceFile page{command, {"```"}};
    std::istringstream help(help_of(command));
    for (std::string line; std::getline(help, line);) page.lines.push_back(line);
    for (const auto& line : command_lines(page)) told.emplace_back(command + " --help", line);
  }
  return told;
}

TEST(Programs, EveryOptionThatPeopleAreToldToTypeExists) {
  const auto commands = all_commands();
  const std::set<std::string> known(commands.begin(), commands.end());
  int lines = 0;
  for (const auto& [where, line] : told_lines()) {
    const Usage usage = usage_in(line);
    if (usage.command.empty() || usage.command.find('<') != std::string::npos) continue;
    if (usage.command.find(' ') != std::string::npos || commands_of(usage.command).empty()) {
      EXPECT_TRUE(known.count(usage.command)) << where << ": no command '" << usage.command << "' in: " << line;
      if (!known.count(usage.command)) continue;
    }
    ++lines;
    for (const auto& option : usage.options) {
      EXPECT_TRUE(option == "--help" || option == "--version" || mentions(help_of(usage.command), option))
          << where << ": '" << usage.command << "' has no " << option << " in: " << line;
    }
  }
  EXPECT_GE(lines, 5);
}

TEST(Programs, EveryConfigurationThatPeopleAreToldToUseExists) {
  static const std::regex path(R"(configs/[A-Za-z0-9_./-]+\.(yaml|json))");
  int paths = 0;
  for (const auto& [where, line] : told_lines()) {
    for (auto it = std::sregex_iterator(line.begin(), line.end(), path); it != std::sregex_iterator(); ++it, ++paths) {
      EXPECT_TRUE(std::filesystem::exists(std::string(HEAT_SOURCE_DIR) + "/" + it->str())) << where << ": " << line;
    }
  }
  EXPECT_GE(paths, 1);
}

TEST(Programs, DocumentedUsageIsReadFromPages) {
  const SourceFile page{
      "x.md",
      {"dram-sim --not-fenced", "```", "$ build/release/bin/dram-sim --config C \\", "  --json=O # x --y", "```"}};
  const auto lines = command_lines(page);
  ASSERT_EQ(lines.size(), 1u);
  const Usage usage = usage_in(lines[0]);
  EXPECT_EQ(usage.command, "dram-sim");
  EXPECT_EQ(usage.options, (std::vector<std::string>{"--config", "--json"}));
  EXPECT_TRUE(mentions("  --json O  file", "--json"));
  EXPECT_FALSE(mentions("  --json-file O", "--json"));
}

}  // namespace
}  // namespace heat::repo
