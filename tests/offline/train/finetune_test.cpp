// A toy task small enough for a second: what matters is that a killed run goes on as if nothing had happened.
#include "offline/train/finetune.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/atomic_file.h"
#include "base/errors.h"

namespace heat::offline {
namespace {

TextTask toy_task() {
  TextTask task;
  task.name = "toy";
  task.labels = {"warm", "cold"};
  const char* const words[2][4] = {{"sun", "fire", "oven", "summer"}, {"ice", "snow", "winter", "frost"}};
  for (int i = 0; i < 160; ++i) {
    const int label = i % 2;
    const TextExample e{std::string("the ") + words[label][(i / 2) % 4] + " and the " + words[label][(i / 8) % 4],
                        label};
    (i % 10 < 2 ? task.dev : task.train).push_back(e);
    if (i % 10 >= 2) task.auxiliary.push_back({label, 2});
  }
  task.test = task.dev;
  task.auxiliary_classes = 3;
  task.extra_texts = {"the sun and the ice", "fire and frost"};
  return task;
}

FinetuneConfig toy_config() {
  return FinetuneConfig::parse(R"(
seed: 5
threads: 1
max_length: 16
checkpoint_steps: 3
save_dtype: F32
model: {vocab_size: 64, layers: 1, hidden_size: 16, heads: 2, intermediate_size: 32, max_positions: 16}
phases:
  - {name: pretrain, epochs: 2, batch_tokens: 128, learning_rate: 1.0e-2, mask_probability: 0.3, mask_weight: 1.0,
     auxiliary_weight: 0.5, extra_share: 0.5}
  - {name: task, epochs: 12, batch_tokens: 128, learning_rate: 1.0e-2, dropout: 0.2, average_decay: 0.9}
)",
                               "toy.yaml");
}

class FinetuneTest : public ::testing::Test {
 protected:
  FinetuneTest() : root_(std::filesystem::path(::testing::TempDir()) / "heat_finetune") {
    std::filesystem::remove_all(root_);
    prepare_process(1);
  }
  ~FinetuneTest() override { std::filesystem::remove_all(root_); }
  std::string folder(const std::string& name) const { return (root_ / name).string(); }
  std::string weights(const std::string& name) const { return base::read_file(folder(name) + "/model.safetensors"); }

  std::filesystem::path root_;
};

TEST_F(FinetuneTest, KilledTwiceThenResumedEqualsUninterrupted) {
  const TextTask task = toy_task();
  const FinetuneConfig config = toy_config();
  const FinetuneResult whole = finetune(config, task, folder("whole"), nullptr);
  EXPECT_TRUE(whole.complete);
  EXPECT_GT(whole.dev.accuracy, 0.8);
  EXPECT_FALSE(finetune(config, task, folder("parts"), nullptr, 5).complete);   // in pretrain, two steps after a save
  EXPECT_FALSE(finetune(config, task, folder("parts"), nullptr, 20).complete);  // in task
  EXPECT_FALSE(std::filesystem::exists(folder("parts") + "/model.safetensors"));
  EXPECT_TRUE(finetune(config, task, folder("parts"), nullptr).complete);
  EXPECT_EQ(weights("parts"), weights("whole"));
}

TEST_F(FinetuneTest, FinishedRunGoesOnWithAnotherPhaseButNotWithAChangedOne) {
  const TextTask task = toy_task();
  FinetuneConfig config = toy_config();
  finetune(config, task, folder("run"), nullptr);
  const std::string before = weights("run");
  config.phases.push_back(config.phases.back());
  EXPECT_TRUE(finetune(config, task, folder("run"), nullptr).complete);
  EXPECT_NE(weights("run"), before);
  config.phases[0].learning_rate *= 2;
  EXPECT_THROW(finetune(config, task, folder("run"), nullptr), base::ConfigError);
}

TEST(FinetuneConfig, ThreeMistakesAreOneError) {
  try {
    FinetuneConfig::parse("task: imdb\nthread: 2\nphases:\n  - {name: a, dropout: 2}\n", "f.yaml");
    FAIL();
  } catch (const base::ConfigError& e) {
    const std::string text = e.what();
    EXPECT_NE(text.find("task"), std::string::npos);
    EXPECT_NE(text.find("did you mean 'threads'"), std::string::npos);
    EXPECT_NE(text.find("dropout"), std::string::npos);
  }
}

}  // namespace
}  // namespace heat::offline
