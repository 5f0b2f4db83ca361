// What the pipeline and the levels' own commands make of one configuration.
#include "offline/pipeline/context.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "offline/train/level_config.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;

TEST(TrainLimit, RunSupernetAndDistillThenTheSameTexts) {
  const fs::path data = fs::temp_directory_path() / ("heat_limits_" + std::to_string(getpid()));
  fs::create_directories(data);
  std::ifstream all("/usr/share/wordnet/data.noun");
  ASSERT_TRUE(all) << "Debian's package wordnet-base is missing";
  std::ofstream some(data / "data.noun");
  int synset = 0;
  for (std::string line; std::getline(all, line);)
    if (line.rfind("  ", 0) == 0 || synset++ % 200 == 0) some << line << "\n";
  some.close();
  for (const char* part : {"data.verb", "data.adj", "data.adv"}) std::ofstream(data / part) << "";

  PipelineConfig run;
  run.file = "here";
  run.task = "wordnet";
  run.data = data.string();
  run.teacher = std::string(HEAT_SOURCE_DIR) + "/examples/wordnet-bert";
  run.arch = std::string(HEAT_SOURCE_DIR) + "/configs/arch/simba.yaml";
  run.tokens = 16;
  run.train_limit = 37;
  run.dev_limit = 5;
  LevelCommon level;  // of supernet, search and distill
  level.task = run.task;
  level.data = run.data;
  level.teacher = run.teacher;
  level.max_length = run.tokens;
  level.train_limit = run.train_limit;
  level.dev_limit = run.dev_limit;
  level.seed = 11;  // draws nothing here
  level.threads = 1;

  PipelineContext context(run, "");
  const LevelData own = begin_level(level);
  const auto same = [](const std::vector<EncodedText>& a, const std::vector<EncodedText>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].ids, b[i].ids) << i;
  };
  ASSERT_EQ(own.train.size(), 37u);
  same(context.train(), own.train);
  same(context.dev(), own.dev);
  fs::remove_all(data);
}

}  // namespace
}  // namespace heat::offline
