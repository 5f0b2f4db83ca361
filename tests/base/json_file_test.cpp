#include "base/json_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/errors.h"

namespace heat::base {
namespace {

class JsonFile : public ::testing::Test {
 protected:
  const std::string path_ = ::testing::TempDir() + "json_file_" + std::to_string(::getpid()) + ".json";
  void TearDown() override { std::filesystem::remove(path_); }
};

TEST_F(JsonFile, WholeDocumentThenItsValue) {
  write_file_atomically(path_, R"({"a": [1, 2.5, "x"]})");
  EXPECT_EQ(read_json_file(path_), (nlohmann::json{{"a", {1, 2.5, "x"}}}));
}

TEST_F(JsonFile, BrokenThenTheErrorNamesFileAndPlace) {
  write_file_atomically(path_, "{\"a\":\n 1,}");
  try {
    read_json_file(path_);
    FAIL() << "read";
  } catch (const ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find(path_), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("line 2"), std::string::npos) << e.what();
  }
}

TEST_F(JsonFile, MissingThenFileError) {
  EXPECT_THROW(read_json_file(path_), FileError);
}

}  // namespace
}  // namespace heat::base
