// The commands decompose, rank and path as a script meets them: keys, exit status, messages, no output on an error.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Commands : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / ("heat_commands_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(file(name), std::ios::binary) << text;
  }
  std::string text(const std::string& name) const {
    std::ifstream in(file(name));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // Exit status of heat-offline; stderr goes to "err", the result to "out.json".
  int run(const std::string& arguments) const {
    fs::remove(file("out.json"));
    const std::string command = std::string(HEAT_BIN_DIR) + "/heat-offline " + arguments + " --json " +
                                file("out.json") + " >" + file("std") + " 2>" + file("err");
    return WEXITSTATUS(std::system(command.c_str()));
  }
  json result() const { return json::parse(text("out.json")); }

  // A 12 x 10 matrix of rank 2 as float32, or with one NaN.
  void write_matrix(bool with_nan) const {
    std::string bytes;
    for (int i = 0; i < 12; ++i)
      for (int j = 0; j < 10; ++j) {
        float v = static_cast<float>((i + 1) * (j - 4) + (i % 3) * (j % 4));
        if (with_nan && i == 2 && j == 7) v = std::nanf("");
        bytes.append(reinterpret_cast<const char*>(&v), 4);
      }
    write("w.bin", bytes);
  }

  fs::path folder_;
};

// LibTorch takes a second to load; the dynamic loader lists what a program would load.
TEST_F(Commands, StartThenLibTorchIsLoadedByTheProgramOfTheTrainingCommandsOnly) {
  const auto loaded = [&](const std::string& program) {
    const std::string line =
        "LD_TRACE_LOADED_OBJECTS=1 " + std::string(HEAT_BIN_DIR) + "/" + program + " >" + file("std") + " 2>&1";
    EXPECT_EQ(std::system(line.c_str()), 0) << text("std");
    return text("std");
  };
  const std::string offline = loaded("heat-offline");
  EXPECT_NE(offline.find("libstdc++"), std::string::npos) << offline;
  EXPECT_EQ(offline.find("libtorch"), std::string::npos) << offline;
  EXPECT_NE(loaded("heat-offline-torch").find("libtorch"), std::string::npos);
}

// The program beside heat-offline answers with its own exit status and messages.
TEST_F(Commands, TrainingCommandWithUnknownOptionThenStatusTwoAndTheReason) {
  EXPECT_EQ(run("finetune --no-such-option"), 2);
  EXPECT_NE(text("err").find("heat-offline finetune"), std::string::npos) << text("err");
  EXPECT_NE(text("err").find("no-such-option"), std::string::npos) << text("err");
}

// Alone, as after a copy to another folder: an error that names what is missing.
TEST_F(Commands, TrainingCommandWithoutItsProgramThenStatusOneAndItsPath) {
  fs::copy_file(fs::path(HEAT_BIN_DIR) / "heat-offline", folder_ / "heat-offline");
  const std::string line = file("heat-offline") + " finetune --help 2>" + file("err");
  EXPECT_EQ(WEXITSTATUS(std::system(line.c_str())), 1);
  EXPECT_NE(text("err").find(file("heat-offline-torch")), std::string::npos) << text("err");
}

TEST_F(Commands, DecomposeOfRankTwoMatrixThenExactAndKeysPresent) {
  write_matrix(false);
  const std::string matrix = "decompose --matrix " + file("w.bin") + " --rows 12 --cols 10 ";
  ASSERT_EQ(run(matrix + "--method svd --rank 2"), 0) << text("err");
  for (const char* key : {"relative_error", "params", "ratio", "iterations", "cpu_s", "wall_s"})
    EXPECT_TRUE(result().contains(key)) << key;
  EXPECT_LT(result()["relative_error"].get<double>(), 1e-7);
  EXPECT_EQ(result()["params"], 44);
  ASSERT_EQ(run(matrix + "--method ttm --shape 3x4,5x2 --rank 1,100,1"), 0) << text("err");
  EXPECT_EQ(result()["rank"], "1,8,1");  // clipped to what the unfolding allows
  EXPECT_LT(result()["relative_error"].get<double>(), 1e-7);
}

TEST_F(Commands, DecomposeWithWrongInputThenStatusTwoAndNoOutput) {
  write_matrix(false);
  const std::string matrix = "decompose --matrix " + file("w.bin") + " --rows 12 --cols 10 ";
  const std::pair<std::string, std::string> wrong[] = {
      {matrix + "--method cp --shape 12x3x3 --rank 2", "12 x 10"},
      {matrix + "--method cq --shape 12x5x2 --rank 2", "cp | tucker | ttm | tr | svd"},
      {matrix + "--method tucker --shape 12x5x2 --rank 13,1,1", "above its size"},
      {matrix + "--method cp --shape 12x5x2 --rank two", "two"},
      {matrix + "--method cp --rank 2", "--shape"},
      {matrix + "--method cp --shape 12x5x2 --rank 2 --restarts 0 --threads -1", "2 problems"},
      {"decompose --matrix " + file("w.bin") + " --rows 12 --cols 11 --method svd --rank 2", "528"},
      {matrix + "--method cp --shape 12x5x2 --rank 2 --ranks 3", "ranks"}};
  for (const auto& [arguments, message] : wrong) {
    EXPECT_EQ(run(arguments), 2) << arguments;
    EXPECT_NE(text("err").find(message), std::string::npos) << text("err");
    EXPECT_FALSE(fs::exists(file("out.json"))) << arguments;
  }
  write_matrix(true);
  EXPECT_EQ(run(matrix + "--method svd --rank 2"), 2);
  EXPECT_NE(text("err").find("[2, 7] is NaN"), std::string::npos) << text("err");
}

TEST_F(Commands, SizesThatNoMachineHoldsThenStatusTwoAndTheSizeNamed) {
  write_matrix(false);
  const std::string matrix = "decompose --matrix " + file("w.bin");
  const std::string fits = matrix + " --rows 12 --cols 10 --method cp --shape 12x5x2 --rank ";
  const std::pair<std::string, std::string> wrong[] = {
      {matrix + " --rows 2147483648 --cols 2147483648 --method svd --rank 1", "at most 2^59 elements"},
      {matrix + " --rows 536870912 --cols 1073741824 --method svd --rank 1", "has 2305843009213693952"},
      {matrix + " --rows -3 --cols -1 --method svd --rank 1", "--rows -3: expected 1 to 2^31\n  --cols -1: expected"},
      {fits + "100000000", "decomposition cp 12x5x2 r100000000: needs about"},
      {fits + "9223372036854775807", "needs about"},
      {fits + "9223372036854775808", "9223372036854775808"},
      {fits + "2 --restarts 2000000000", "--restarts 2000000000"},
      {fits + "2 --seed -1", "--seed '-1'"},
      {"rank --rule fit --method cp --shape 64x64 --ratio 1e300", "expected fewer than 2^62"},
      {"rank --rule tensorly --method cp --shape 64x64 --ratio 1e300", "expected one below 2^62"},
      {"rank --rule tensorly --method tr --shape 64x64 --ratio 1e30", "is too large"},
      {"rank --rule tensorly --method ttm --shape 4000000000,4000000000 --ratio 1", "is too large"},
      {"rank --rule fit --method cp --shape 64x64 --ratio inf", "--ratio 'inf': expected a finite number"},
      {"rank --rule fit --method cp --shape 64x64 --ratio 0.5 --rows 0 --cols 64", "--rows 0"}};
  for (const auto& [arguments, message] : wrong) {
    EXPECT_EQ(run(arguments), 2) << arguments;
    EXPECT_NE(text("err").find(message), std::string::npos) << arguments << "\n" << text("err");
    EXPECT_FALSE(fs::exists(file("out.json"))) << arguments;
  }
}

TEST_F(Commands, RankThenTensorLysFigures) {
  ASSERT_EQ(run("rank --rule tensorly --method cp --shape 768x12x64 --ratio 0.25 --rounding ceil"), 0) << text("err");
  EXPECT_EQ(result()["rank"], 175);
  EXPECT_EQ(result()["params"], 147700);
  EXPECT_EQ(result()["achieved_ratio"], 0.2504136827256944);
  ASSERT_EQ(run("rank --rule tensorly --method tucker --shape 384x32x48 --ratio 1.0 --rounding floor"), 0)
      << text("err");
  EXPECT_EQ(result()["rank"], (json{351, 29, 43}));
  ASSERT_EQ(run("rank --rule tensorly --method ttm --shape 24x32,48x64 --ratio 1.0"), 0) << text("err");
  EXPECT_EQ(result()["rank"], (json{1, 44, 1}));
  ASSERT_EQ(run("rank --rule fit --method ttm --shape 24x32,48x64 --ratio 0.1"), 0) << text("err");
  EXPECT_LE(result()["achieved_ratio"].get<double>(), 0.1);
  EXPECT_EQ(run("rank --rule tensorly --method ttm --shape 24x32x48 --ratio 0.1"), 2);
  EXPECT_EQ(run("rank --rule tensor --method cp --shape 24x32x48 --ratio 0.1"), 2);
}

TEST_F(Commands, PathThenCostsAndStaticKeysOnlyWhereAsked) {
  write("s.json", R"({"cases": [
    {"id": "fig6", "equation": "bc,a,da,ea,ca->bde", "static": [1, 2, 3, 4],
     "sizes": {"a": 280, "b": 384, "c": 768, "d": 12, "e": 64}},
    {"id": "chain", "equation": "ab,bc,cd->ad", "sizes": {"a": 10, "b": 2, "c": 10, "d": 3}}]})");
  ASSERT_EQ(run("path --spec " + file("s.json")), 0) << text("err");
  const json cases = result()["cases"];
  EXPECT_EQ(cases[0]["online_macs"], 165365760);
  EXPECT_EQ(cases[0]["precomputed_elements"], 3360);
  EXPECT_EQ(cases[1]["macs"], 2 * 10 * 3 + 10 * 2 * 3);
  EXPECT_EQ(cases[1]["path"], (json{{1, 2}, {0, 1}}));
  EXPECT_EQ(cases[1]["largest_intermediate"], 6);
  EXPECT_FALSE(cases[1].contains("online_macs"));
}

TEST_F(Commands, PathOfTwentyFourOperandsThenNotExactWithItsBoundAndGap) {
  std::string equation, sizes;
  for (int k = 0; k < 24; ++k) {
    const std::string from = "i" + std::to_string(k), to = "i" + std::to_string(k + 1);
    equation += (k ? ", " : "") + from + " " + to;
    sizes += "\"" + from + "\": " + std::to_string(2 + k * 7 % 11) + ", ";
  }
  write("s.json", "{\"cases\": [{\"id\": 1, \"equation\": \"" + equation + " -> i0 i24\", \"sizes\": {" + sizes +
                      "\"i24\": 5, \"unused\": 3}}, {\"id\": 2, \"equation\": \"ab,bc->ac\", \"sizes\": {\"a\": 2, "
                      "\"b\": 3, \"c\": 4, \"zz\": 3}}]}");
  ASSERT_EQ(run("path --spec " + file("s.json")), 0) << text("err");
  const json cases = result()["cases"];
  EXPECT_EQ(cases[0]["exact"], false);
  EXPECT_EQ(cases[0]["path"].size(), 23u);
  EXPECT_EQ(cases[0]["lower_bound"], cases[0]["macs"]);  // proven least, as a chain is
  EXPECT_EQ(cases[0]["gap"], 0.0);
  EXPECT_EQ(cases[1]["exact"], true);
  EXPECT_FALSE(cases[1].contains("gap"));
  EXPECT_EQ(run("path --best 2 --spec " + file("s.json")), 2);
  EXPECT_NE(text("err").find("24 operands: exact paths go up to 22"), std::string::npos) << text("err");
}

TEST_F(Commands, PathWithFourWrongCasesThenAllNamedAndNoOutput) {
  write("s.json", R"({"cases": [{"id": "e1", "equation": "", "sizes": {}},
    {"id": "e2", "equation": "ab,bc->ad", "sizes": {"a": 2, "b": 3, "c": 4}},
    {"id": "e3", "equation": "ab,bc->aa", "sizes": {"a": 2, "b": 3, "c": 4}},
    {"id": "e4", "equation": "ab,bc->ac", "sizes": {"a": 2, "b": -3, "c": 4}},
    {"id": "ok", "equation": "ab,bc->ac", "sizes": {"a": 2, "b": 3, "c": 4}}]})");
  EXPECT_EQ(run("path --spec " + file("s.json")), 2);
  for (const char* id : {"e1", "e2", "e3", "e4"}) EXPECT_NE(text("err").find(id), std::string::npos) << text("err");
  EXPECT_EQ(text("err").find("ok"), std::string::npos);
  EXPECT_FALSE(fs::exists(file("out.json")));
  write("s.json", "{\"cases\": [");
  EXPECT_EQ(run("path --spec " + file("s.json")), 2);
  EXPECT_EQ(run("path --spec " + file("absent.json")), 1);
}

TEST_F(Commands, HelpThenExamples) {
  for (const char* command : {"decompose", "rank", "path"}) {
    EXPECT_EQ(run(std::string(command) + " --help"), 0);
    EXPECT_NE(text("std").find("Examples:"), std::string::npos) << command;
  }
}

}  // namespace
