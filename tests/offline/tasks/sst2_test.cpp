#include "offline/tasks/sst2.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/atomic_file.h"
#include "base/errors.h"

namespace heat::offline {
namespace {

class Sst2 : public testing::Test {
 protected:
  Sst2() : folder_(std::filesystem::path(testing::TempDir()) / "heat_sst2") { std::filesystem::remove_all(folder_); }
  ~Sst2() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& file, const std::string& text) {
    base::write_file_atomically((folder_ / file).string(), text);
  }
  TextTask load() { return load_sst2_task(folder_.string()); }

  std::filesystem::path folder_;
};

TEST_F(Sst2, LinesThenTextsAndLabels) {
  write("train.tsv", "sentence\tlabel\nhide new secretions \t0\r\n\nthat loves its characters\t1\n");
  write("dev.tsv", "sentence\tlabel\na\ttab inside\t1\n");
  const TextTask task = load();
  EXPECT_EQ(task.labels, (std::vector<std::string>{"negative", "positive"}));
  ASSERT_EQ(task.train.size(), 2u);
  EXPECT_EQ(task.train[0].text, "hide new secretions");
  EXPECT_EQ(task.train[0].label, 0);
  EXPECT_EQ(task.train[1].label, 1);
  ASSERT_EQ(task.dev.size(), 1u);
  EXPECT_EQ(task.dev[0].text, "a\ttab inside");
  EXPECT_TRUE(task.test.empty());
}

TEST_F(Sst2, HiddenTestWithoutLabelsThenLeftOut) {
  write("dev.tsv", "sentence\tlabel\ngood\t1\n");
  write("test.tsv", "index\tsentence\n0\tuneasy mishmash\n");
  EXPECT_TRUE(load().test.empty());
}

TEST_F(Sst2, BadLineThenErrorWithFileAndLine) {
  write("dev.tsv", "sentence\tlabel\ngood\t1\nbad\t2\n");
  try {
    load();
    FAIL();
  } catch (const base::ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("dev.tsv:3: label '2', expected 0 or 1"), std::string::npos) << e.what();
  }
  write("dev.tsv", "text,label\n");
  EXPECT_THROW(load(), base::ConfigError);
}

TEST_F(Sst2, WithoutAFolderThenError) {
  EXPECT_THROW(load_sst2_task(""), base::ConfigError);
}

}  // namespace
}  // namespace heat::offline
