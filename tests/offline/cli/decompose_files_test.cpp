// What decompose reads and writes: matrices of several types, tensors by name, factors that are the matrix again.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "offline/model/safetensors.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kRows = 12, kCols = 10;

class DecomposeFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / ("heat_decompose_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  std::string text(const std::string& name) const {
    std::ifstream in(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  int run(const std::string& arguments) const {
    fs::remove(file("out.json"));
    const std::string command = std::string(HEAT_BIN_DIR) + "/heat-offline decompose " + arguments + " --json " +
                                file("out.json") + " >" + file("std") + " 2>" + file("err");
    return WEXITSTATUS(std::system(command.c_str()));
  }
  json result() const { return json::parse(text("out.json")); }

  // Numbers that F16 and BF16 hold exactly.
  static std::vector<float> values() {
    std::vector<float> w;
    for (int i = 0; i < kRows; ++i)
      for (int j = 0; j < kCols; ++j) w.push_back(static_cast<float>((i * 7 + j * 5 + i * j) % 16 - 7));
    return w;
  }
  void write_tensors() const {
    Safetensors s;
    s.tensors["a.weight"] = RawTensor::from_floats(values(), {kRows, kCols}, DType::kF16);
    s.tensors["b.weight"] = RawTensor::from_floats(values(), {kRows, 5, 2}, DType::kF32);
    s.tensors["bias"] = RawTensor::from_floats({1, 2}, {2}, DType::kF32);
    s.tensors["ids"] = {DType::kI32, {1, 1}, std::string(4, '\0')};
    s.save(file("m.safetensors"));
  }

  fs::path folder_;
};

TEST_F(DecomposeFiles, SameNumbersInAnyTypeThenSameError) {
  write_tensors();
  std::string f32, f16, bf16;
  for (const float v : values()) {
    const std::uint16_t half = float_to_half(v);
    f32.append(reinterpret_cast<const char*>(&v), 4);
    f16.append(reinterpret_cast<const char*>(&half), 2);
    bf16.append(reinterpret_cast<const char*>(&v) + 2, 2);  // the upper half of a float
  }
  std::ofstream(file("w.f32"), std::ios::binary) << f32;
  std::ofstream(file("w.f16"), std::ios::binary) << f16;
  std::ofstream(file("w.bf16"), std::ios::binary) << bf16;
  const std::string rest = " --method svd --rank 3", sizes = " --rows 12 --cols 10";
  ASSERT_EQ(run("--matrix " + file("w.f32") + sizes + rest), 0) << text("err");
  const double expected = result()["relative_error"];
  EXPECT_GT(expected, 0.1);
  for (const std::string& input :
       {file("w.f16") + sizes + " --dtype f16", file("w.bf16") + sizes + " --dtype bf16",
        file("m.safetensors") + " --tensor a.weight", file("m.safetensors") + " --tensor b.weight" + sizes}) {
    ASSERT_EQ(run("--matrix " + input + rest), 0) << text("err");
    EXPECT_EQ(result()["relative_error"], expected) << input;
  }
}

// cp: sum over r of weight * row0 * col0 * col1, all written out.
TEST_F(DecomposeFiles, FactorsWrittenThenTheyGiveTheErrorTold) {
  write_tensors();
  ASSERT_EQ(run("--matrix " + file("m.safetensors") + " --tensor b.weight --method cp --shape 12x5x2 --rank 6 --out " +
                file("f.safetensors")),
            0)
      << text("err");
  EXPECT_EQ(result()["factors"], file("f.safetensors"));
  const Safetensors f = Safetensors::load(file("f.safetensors"));
  EXPECT_EQ(f.metadata.at("method"), "cp");
  EXPECT_EQ(f.metadata.at("rank"), "6");
  const auto weights = f.tensors.at("weights").doubles(), row = f.tensors.at("row0").doubles(),
             first = f.tensors.at("col0").doubles(), second = f.tensors.at("col1").doubles();
  EXPECT_EQ(f.tensors.at("col0").shape, (std::vector<std::int64_t>{5, 6}));
  const std::vector<float> w = values();
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < 12; ++i)
    for (std::size_t j = 0; j < 10; ++j) {
      double sum = 0;
      for (std::size_t r = 0; r < 6; ++r)
        sum += weights[r] * row[i * 6 + r] * first[j / 2 * 6 + r] * second[j % 2 * 6 + r];
      difference += (w[i * 10 + j] - sum) * (w[i * 10 + j] - sum);
      norm += w[i * 10 + j] * w[i * 10 + j];
    }
  EXPECT_NEAR(std::sqrt(difference / norm), result()["relative_error"].get<double>(), 1e-10);
}

TEST_F(DecomposeFiles, ErrorInPlaceOfRankThenMetWithTheFewestParameters) {
  write_tensors();
  const std::string matrix = "--matrix " + file("m.safetensors") + " --tensor a.weight ";
  ASSERT_EQ(run(matrix + "--method svd --error 0.3"), 0) << text("err");
  const int rank = std::stoi(result()["rank"].get<std::string>());
  EXPECT_LE(result()["relative_error"].get<double>(), 0.3);
  ASSERT_EQ(run(matrix + "--method svd --rank " + std::to_string(rank - 1)), 0) << text("err");
  EXPECT_GT(result()["relative_error"].get<double>(), 0.3);
  for (const char* method :
       {"cp --shape 12x5x2", "tucker --shape 12x5x2", "ttm --shape 3x4,5x2", "tr --shape 12x5x2"}) {
    ASSERT_EQ(run(matrix + "--method " + method + " --error 0.5"), 0) << text("err");
    EXPECT_LE(result()["relative_error"].get<double>(), 0.5) << method;
    EXPECT_LT(result()["ratio"].get<double>(), 1.1) << method;
  }
  // One rank less is not enough where there is one rank.
  ASSERT_EQ(run(matrix + "--method cp --shape 12x5x2 --error 0.5"), 0) << text("err");
  const int components = std::stoi(result()["rank"].get<std::string>());
  ASSERT_EQ(run(matrix + "--method cp --shape 12x5x2 --rank " + std::to_string(components - 1)), 0) << text("err");
  EXPECT_GT(result()["relative_error"].get<double>(), 0.5);
}

TEST_F(DecomposeFiles, WrongInputThenStatusTwoTheReasonAndNoOutput) {
  write_tensors();
  const std::string tensors = "--matrix " + file("m.safetensors"), rest = " --method svd --rank 2";
  const std::pair<std::string, std::string> wrong[] = {
      {tensors + rest, "a.weight"},
      {tensors + " --tensor a.weigth" + rest, "did you mean 'a.weight'"},
      {tensors + " --tensor bias" + rest, "1 dimensions"},
      {tensors + " --tensor ids" + rest, "I32"},
      {tensors + " --tensor a.weight --rows 13" + rest, "12 x 10"},
      {tensors + " --tensor a.weight --dtype f32" + rest, "--dtype"},
      {tensors + " --tensor a.weight --method svd", "--rank, --error"},
      {tensors + " --tensor a.weight --method svd --rank 2 --error 0.1", "--rank, --error"},
      {tensors + " --tensor a.weight --method svd --error nan", "finite"},
      {tensors + " --tensor a.weight --method svd --error -0.1", "above 0"},
      {"--matrix w.bin" + rest, "--rows"},
      {"--matrix w.bin --rows 1 --cols 1 --dtype f8" + rest, "bf16"},
      {rest, "--matrix"}};
  for (const auto& [arguments, message] : wrong) {
    EXPECT_EQ(run(arguments + " --out " + file("f.safetensors")), 2) << arguments;
    EXPECT_NE(text("err").find(message), std::string::npos) << arguments << "\n" << text("err");
    EXPECT_FALSE(fs::exists(file("out.json")) || fs::exists(file("f.safetensors"))) << arguments;
  }
}

TEST_F(DecomposeFiles, SignalThenStopsWithinTwoSecondsAndNoOutput) {
  std::string noise;  // BF16 numbers of about 0.01, no two signs alike: nothing that a low rank ends early
  std::uint32_t x = 1;
  for (int i = 0; i < 1024 * 1024; ++i) {
    x = x * 1664525 + 1013904223;
    noise += {static_cast<char>(x >> 24), static_cast<char>((x >> 16 & 0x80) | 0x3c)};
  }
  std::ofstream(file("w.bin"), std::ios::binary) << noise;
  for (const int signal : {SIGINT, SIGTERM}) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const std::string program = std::string(HEAT_BIN_DIR) + "/heat-offline";
      execl(program.c_str(), program.c_str(), "decompose", "--matrix", file("w.bin").c_str(), "--rows", "1024",
            "--cols", "1024", "--dtype", "bf16", "--method", "cp", "--shape", "1024x32x32", "--rank", "900",
            "--tolerance", "1e-300", "--iterations", "1000000", "--out", file("f.safetensors").c_str(), nullptr);
      _exit(99);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_EQ(kill(child, signal), 0);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal) << status;
    EXPECT_FALSE(fs::exists(file("f.safetensors")));
  }
}

}  // namespace
}  // namespace heat::offline
