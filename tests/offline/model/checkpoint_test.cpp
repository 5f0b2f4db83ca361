#include "offline/model/checkpoint.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/atomic_file.h"
#include "base/errors.h"

namespace heat::offline {
namespace {

class CheckpointTest : public ::testing::Test {
 protected:
  CheckpointTest() : folder_(std::filesystem::path(::testing::TempDir()) / "heat_checkpoint") {
    std::filesystem::remove_all(folder_);
    config_.vocab_size = 6;
    config_.hidden_size = 4;
    config_.num_hidden_layers = 1;
    config_.num_attention_heads = 2;
    config_.intermediate_size = 8;
    config_.max_position_embeddings = 5;
    config_.labels = {"no", "yes"};
  }
  ~CheckpointTest() override { std::filesystem::remove_all(folder_); }
  std::string path(const std::string& file) const { return (folder_ / file).string(); }
  void save(DType dtype) {
    save_checkpoint(folder_.string(), config_, TorchModel(build_network(config_), 3), vocabulary_, dtype);
  }

  std::filesystem::path folder_;
  ModelConfig config_;
  Vocabulary vocabulary_{{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"}};
};

TEST_F(CheckpointTest, F32RoundTripIsExactAndF16IsNear) {
  const TorchModel original(build_network(config_), 3);
  for (const DType dtype : {DType::kF32, DType::kF16}) {
    save(dtype);
    const Checkpoint c = load_checkpoint(folder_.string());
    EXPECT_TRUE(c.notes.empty());
    EXPECT_EQ(c.config.labels, config_.labels);
    const NamedTensors a = original.named_parameters(), b = c.model.named_parameters();
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i)
      EXPECT_LE((a[i].second - b[i].second).abs().max().item<float>(), dtype == DType::kF32 ? 0.0f : 3e-5f)
          << a[i].first;
  }
}

TEST_F(CheckpointTest, MissingKeysAreAllNamed) {
  save(DType::kF32);
  Safetensors file = Safetensors::load(path("model.safetensors"));
  file.tensors.erase("bert.encoder.layer.0.output.dense.bias");
  file.tensors.erase("bert.embeddings.LayerNorm.weight");
  file.save(path("model.safetensors"));
  try {
    load_checkpoint(folder_.string());
    FAIL();
  } catch (const base::ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("bert.encoder.layer.0.output.dense.bias is missing"), std::string::npos);
    EXPECT_NE(std::string(e.what()).find("bert.embeddings.LayerNorm.weight is missing"), std::string::npos);
  }
}

TEST_F(CheckpointTest, OldNamesAndABareEncoderLoadWithNotes) {
  save(DType::kF32);
  Safetensors file = Safetensors::load(path("model.safetensors")), renamed;
  for (const auto& [name, t] : file.tensors) {
    if (name.starts_with("classifier.")) continue;
    std::string bare = name.substr(5);  // "bert."
    if (bare.ends_with("LayerNorm.weight")) bare = bare.substr(0, bare.size() - 6) + "gamma";
    if (bare.ends_with("LayerNorm.bias")) bare = bare.substr(0, bare.size() - 4) + "beta";
    renamed.tensors[bare] = t;
  }
  renamed.tensors["embeddings.position_ids"] = {DType::kI32, {1}, std::string(4, '\0')};
  renamed.save(path("model.safetensors"));
  EXPECT_THROW(load_checkpoint(folder_.string()), base::ConfigError);
  const Checkpoint c = load_checkpoint(folder_.string(), true);
  ASSERT_EQ(c.notes.size(), 3u);
  EXPECT_EQ(c.notes[0], "classifier.weight is not in the checkpoint: drawn at random");
  EXPECT_EQ(c.notes[2], "bert.embeddings.position_ids in the checkpoint is not part of the model: ignored");
}

TEST_F(CheckpointTest, ConfigMistakesAreReportedTogether) {
  save(DType::kF32);
  base::write_file_atomically(path("config.json"),
                              R"({"vocab_size":6,"hidden_size":5,"num_hidden_layers":0,"num_attention_heads":2,
                                  "intermediate_size":"x","hidden_act":"swish","model_type":"gpt2"})");
  try {
    load_checkpoint(folder_.string());
    FAIL();
  } catch (const base::ConfigError& e) {
    const std::string text = e.what();
    for (const char* part : {"num_hidden_layers", "intermediate_size", "hidden_act", "does not divide", "model_type"})
      EXPECT_NE(text.find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace heat::offline
