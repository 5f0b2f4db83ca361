// The program heat-trace as its users meet it: exit status, output, files.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "tests/traces/sample_run.h"

namespace heat::traces {
namespace {

using testing::TemporaryFolder;
using testing::write_sample_run;

struct Result {
  int status = -1;
  std::string output;  // stdout and stderr
};

Result heat_trace(const std::string& arguments) {
  const std::string command = std::string(HEAT_BIN_DIR) + "/heat-trace " + arguments + " 2>&1";
  FILE* pipe = ::popen(command.c_str(), "r");
  Result result;
  if (!pipe) return result;
  std::array<char, 4096> buffer;
  for (std::size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    result.output.append(buffer.data(), n);
  const int status = ::pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

TEST(HeatTrace, HelpAndVersionSucceedEverywhere) {
  EXPECT_EQ(heat_trace("--version").output, "heat-trace 0.1.0\n");
  EXPECT_EQ(heat_trace("--help").status, 0);
  for (const char* command : {"summary", "diff", "timeline", "export", "report"}) {
    const Result r = heat_trace(std::string(command) + " --help");
    EXPECT_EQ(r.status, 0) << command;
    EXPECT_NE(r.output.find("Examples:\n  heat-trace " + std::string(command)), std::string::npos) << r.output;
  }
}

TEST(HeatTrace, BadUsageEndsWithStatusTwoAndAHint) {
  EXPECT_EQ(heat_trace("").status, 2);
  const Result typo = heat_trace("sumary x");
  EXPECT_EQ(typo.status, 2);
  EXPECT_NE(typo.output.find("did you mean 'summary'"), std::string::npos) << typo.output;
  EXPECT_EQ(heat_trace("summary").status, 2);
  EXPECT_EQ(heat_trace("summary a b").status, 2);
  EXPECT_EQ(heat_trace("summary a --no-such-option").status, 2);
  EXPECT_EQ(heat_trace("diff a").status, 2);
}

TEST(HeatTrace, UnreadableDatabaseEndsWithStatusTwoAndWritesNothing) {
  TemporaryFolder folder;
  base::write_file_atomically(folder.file("bad.sqlite"), "no database");
  const Result r = heat_trace("summary " + folder.file("bad.sqlite") + " --json " + folder.file("out.json"));
  EXPECT_EQ(r.status, 2);
  EXPECT_NE(r.output.find("bad.sqlite: not a run database"), std::string::npos) << r.output;
  EXPECT_FALSE(std::filesystem::exists(folder.file("out.json")));
  EXPECT_EQ(heat_trace("timeline " + folder.file("bad.sqlite") + " --output " + folder.file("t.json")).status, 2);
  EXPECT_FALSE(std::filesystem::exists(folder.file("t.json")));
  EXPECT_EQ(heat_trace("export " + folder.file("bad.sqlite") + " --format csv --output " + folder.file("t")).status, 2);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.file("")), {}), 1);
}

TEST(HeatTrace, CommandsWriteWhatTheyPromise) {
  TemporaryFolder folder;
  const std::string run = folder.file("run.sqlite");
  write_sample_run(run);
  const Result summary = heat_trace("summary " + run + " --json " + folder.file("s.json"));
  EXPECT_EQ(summary.status, 0);
  EXPECT_NE(summary.output.find("Energy by component"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(base::read_file(folder.file("s.json")))["cycles"], 1000);
  const Result same = heat_trace("diff " + run + " " + run + " --json " + folder.file("d.json"));
  EXPECT_EQ(same.status, 0);
  EXPECT_NE(same.output.find("No differences"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(base::read_file(folder.file("d.json")))["identical"], true);
  EXPECT_EQ(heat_trace("timeline " + run + " --output " + folder.file("t.json")).status, 0);
  EXPECT_TRUE(nlohmann::json::accept(base::read_file(folder.file("t.json"))));
  const Result perfetto = heat_trace("timeline " + run + " --format perfetto --output " + folder.file("t.pftrace"));
  EXPECT_EQ(perfetto.output, folder.file("t.pftrace") + ": 11 slices on 5 tracks, 2 counter samples\n");
  EXPECT_GT(std::filesystem::file_size(folder.file("t.pftrace")), 0u);
  const Result svg = heat_trace("timeline " + run + " --format svg --output " + folder.file("t.svg"));
  EXPECT_EQ(svg.status, 2);
  EXPECT_NE(svg.output.find("--format svg: expected json or perfetto"), std::string::npos) << svg.output;
  EXPECT_FALSE(std::filesystem::exists(folder.file("t.svg")));
  const Result csv = heat_trace("export " + run + " --format csv --table stall --output " + folder.file("stall.csv"));
  EXPECT_EQ(csv.status, 0);
  EXPECT_NE(csv.output.find("3 rows"), std::string::npos);
  EXPECT_EQ(heat_trace("export " + run + " --format vhdl --output " + folder.file("x")).status, 2);
}

TEST(HeatTrace, ReportTakesRunsAndDataAndRefusesWrongOnesWithoutWriting) {
  TemporaryFolder folder;
  const std::string run = folder.file("run.sqlite"), html = folder.file("report.html");
  write_sample_run(run);
  base::write_file_atomically(folder.file("bad.json"),
                              R"({"paretto": {}, "search": {"generations": [{"generation": 1, "best": "low"}]}})");
  const Result bad = heat_trace("report --data " + folder.file("bad.json") + " --output " + html);
  EXPECT_EQ(bad.status, 2);
  EXPECT_NE(bad.output.find("3 problems"), std::string::npos) << bad.output;
  EXPECT_NE(bad.output.find("paretto: unknown key (did you mean 'pareto'?)"), std::string::npos) << bad.output;
  EXPECT_NE(bad.output.find("search.generations[0].best: \"low\", expected a number"), std::string::npos) << bad.output;
  EXPECT_NE(bad.output.find("search.generations[0].mean: missing"), std::string::npos) << bad.output;
  EXPECT_EQ(heat_trace("report --output " + html).status, 2);
  EXPECT_EQ(heat_trace("report " + run + " " + run + " --output " + html).status, 2);
  EXPECT_EQ(heat_trace("report " + folder.file("bad.json") + " --output " + html).status, 2);
  EXPECT_FALSE(std::filesystem::exists(html));
  base::write_file_atomically(folder.file("s.json"), R"({"accuracy": 0.9})");
  const Result good = heat_trace("report a=" + run + " --run b=" + run + " --summary " + folder.file("s.json") +
                                 " --output " + html + " --json " + folder.file("r.json"));
  EXPECT_EQ(good.status, 0) << good.output;
  const auto json = nlohmann::json::parse(base::read_file(folder.file("r.json")));
  EXPECT_EQ(json["runs"], 2);
  EXPECT_EQ(json["sections"], (nlohmann::json{"summary", "layers", "runs"}));
  EXPECT_EQ(json["bytes"], std::filesystem::file_size(html));
}

}  // namespace
}  // namespace heat::traces
