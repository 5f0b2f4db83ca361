// SuperNet training and distillation on a toy teacher.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/errors.h"
#include "offline/network/model_config.h"
#include "offline/train/distill.h"
#include "offline/train/subnet_scores.h"
#include "offline/train/supernet.h"

namespace heat::offline {
namespace {

ModelConfig tiny() {
  ModelConfig c;
  c.vocab_size = 20;
  c.hidden_size = 16;
  c.num_hidden_layers = 2;
  c.num_attention_heads = 2;
  c.intermediate_size = 32;
  c.max_position_embeddings = 8;
  c.labels = {"a", "b"};
  return c;
}

std::vector<EncodedText> toy_texts() {
  std::vector<EncodedText> texts;
  for (int i = 0; i < 60; ++i) texts.push_back({{2, 5 + i % 7, 5 + (i * 3) % 11, 3}, i % 2, {}});
  return texts;
}

std::vector<LayerForm> max_forms(TorchModel& model) {
  std::vector<LayerForm> forms;
  for (auto& [name, slot] : model.body_linears()) {
    const std::int64_t out = (*slot)->out_features(), in = (*slot)->in_features();
    forms.push_back({name, {"tucker", {{out}, {in}}, {12, 12}}});
  }
  return forms;
}

std::vector<at::Tensor> copies(TorchModel& model) {
  std::vector<at::Tensor> out;
  for (auto& [name, t] : model.named_parameters()) out.push_back(t.detach().clone());
  return out;
}

bool equal(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!a[i].equal(b[i])) return false;
  return true;
}

class LevelsTest : public ::testing::Test {
 protected:
  LevelsTest()
      : teacher_(build_network(tiny()), 1),
        texts_(toy_texts()),
        folder_(std::filesystem::path(::testing::TempDir()) / "heat_levels") {
    std::filesystem::remove_all(folder_);
    prepare_process(1);
  }
  ~LevelsTest() override { std::filesystem::remove_all(folder_); }
  SuperNet fresh() { return SuperNet(teacher_, max_forms(teacher_), {0.25, 0.5, 1.0}); }

  TorchModel teacher_;
  std::vector<EncodedText> texts_;
  std::filesystem::path folder_;
};

TEST_F(LevelsTest, LaddersAscendAndParamsFollow) {
  SuperNet net = fresh();
  ASSERT_EQ(net.ladders().size(), 12u);
  const RankLadder& l = net.ladders()[0];
  std::vector<Ranks> ranks;
  for (const Form& form : l.choices) ranks.push_back(form.ranks);
  EXPECT_EQ(ranks, (std::vector<Ranks>{{3, 3}, {6, 6}, {12, 12}}));
  const std::vector<RankLadder> back = ladders_from_json(to_json(net.ladders()), "ladders");
  ASSERT_EQ(back.size(), net.ladders().size());
  EXPECT_EQ(back[5].choices, net.ladders()[5].choices);
  EXPECT_EQ(back[5].params, net.ladders()[5].params);
  EXPECT_EQ(l.params, (std::vector<std::int64_t>{9 + 96, 36 + 192, 144 + 384}));
  net.activate(net.smallest());
  EXPECT_EQ(encoder_parameters(net.model()), net.params(net.smallest()));
}

TEST_F(LevelsTest, WalkMovesByAtMostTheLimit) {
  SuperNet net = fresh();
  bool moved = false;
  for (int step = 1; step < 50; ++step) {
    const SubNet a = walk_subnet(net.ladders(), 3, step - 1, 1), b = walk_subnet(net.ladders(), 3, step, 1);
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_LE(std::abs(a[i] - b[i]), 1);
    moved = moved || a != b;
  }
  EXPECT_TRUE(moved);
}

TEST_F(LevelsTest, SupernetKilledAndResumedEqualsUninterrupted) {
  SuperNetConfig config;
  config.steps = 12;
  config.batch_tokens = 64;
  SuperNet whole = fresh(), parts = fresh();
  EXPECT_TRUE(train_supernet(whole, teacher_, texts_, config));
  EXPECT_FALSE(equal(copies(whole.model()), copies(parts.model())));
  EXPECT_FALSE(train_supernet(parts, teacher_, texts_, config, {folder_.string(), 5, 8}));
  SuperNet again = fresh();
  EXPECT_TRUE(train_supernet(again, teacher_, texts_, config, {folder_.string(), 5}));
  EXPECT_TRUE(equal(copies(whole.model()), copies(again.model())));
  config.learning_rate *= 2;
  EXPECT_THROW(train_supernet(again, teacher_, texts_, config, {folder_.string(), 5}), base::ConfigError);
}

TEST_F(LevelsTest, EveryTechniqueChangesTheTraining) {
  SuperNetConfig base;
  base.steps = 6;
  base.batch_tokens = 64;
  const auto trained = [&](const SuperNetConfig& config) {
    SuperNet net(teacher_, max_forms(teacher_), {0.25, 0.5, 1.0}, config.normalize_variance);
    train_supernet(net, teacher_, texts_, config);
    return copies(net.model());
  };
  const auto all = trained(base);
  for (int technique = 0; technique < 4; ++technique) {
    SuperNetConfig config = base;
    if (technique == 0) config.first_ranks = false;
    if (technique == 1) config.limited_change = 0;
    if (technique == 2) config.sandwich = false;
    if (technique == 3) config.normalize_variance = false;
    EXPECT_FALSE(equal(all, trained(config))) << technique;
  }
}

TEST_F(LevelsTest, ScoresAreKeptAndReused) {
  SuperNet net = fresh();
  const auto subnets = random_subnets(net.ladders(), 5, 1);
  EXPECT_NE(subnets[0], subnets[1]);
  ScoreOptions stored, threads;
  stored.folder = folder_.string();
  threads.threads = 3;
  const auto a = score_subnets(net, texts_, subnets, stored);
  const auto b = score_subnets(net, texts_, subnets, stored);
  const auto c = score_subnets(net, texts_, subnets, threads);
  ASSERT_EQ(b.size(), 5u);
  ASSERT_EQ(c.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(a[i].accuracy, b[i].accuracy);
    EXPECT_EQ(a[i].loss, c[i].loss);
    net.activate(subnets[i]);
    EXPECT_EQ(a[i].accuracy, evaluate(net.model(), texts_).accuracy);
  }
}

TEST_F(LevelsTest, DistillKilledAndResumedEqualsUninterruptedAndApproachesTheTeacher) {
  DistillConfig config;
  config.stage_one_steps = 20;
  config.stage_two_steps = 20;
  config.stage_one_rate = 2e-3;
  config.batch_tokens = 64;
  config.average_decay = 0.9;
  auto forms = max_forms(teacher_);
  for (LayerForm& f : forms) f.form.ranks = {8, 8};
  TorchModel whole = clone(teacher_);
  factorize(whole, forms);
  TorchModel parts = clone(whole), later = clone(whole), last = clone(whole), before = clone(whole);
  EXPECT_TRUE(distill(whole, teacher_, texts_, config).complete);
  EXPECT_FALSE(distill(parts, teacher_, texts_, config, {folder_.string(), 7, 10}).complete);
  EXPECT_FALSE(distill(later, teacher_, texts_, config, {folder_.string(), 7, 20}).complete);
  EXPECT_TRUE(distill(last, teacher_, texts_, config, {folder_.string(), 7}).complete);
  EXPECT_TRUE(equal(copies(whole), copies(last)));
  ForwardOptions keep;
  keep.keep_blocks = true;
  at::NoGradGuard no_grad;
  const BatchTensors batch = make_batch(texts_, {0, 1, 2, 3, 4, 5, 6, 7});
  const NetworkOutputs t = teacher_.forward(batch.ids, batch.lengths, keep);
  const auto distance = [&](TorchModel& student) {
    const NetworkOutputs s = student.forward(batch.ids, batch.lengths, keep);
    return (attention_loss(s, t, batch.lengths) + hidden_loss(s, t, batch.lengths)).item<double>();
  };
  EXPECT_NEAR(distance(teacher_), 0, 1e-5);
  EXPECT_LT(distance(whole), distance(before));
}

TEST_F(LevelsTest, DistillWithDevThenTheBestMomentIsKeptAlsoThroughKills) {
  DistillConfig config;
  config.stage_one_steps = 12;
  config.stage_two_steps = 20;
  config.stage_two_rate = 5e-3;
  config.batch_tokens = 64;
  config.average_decay = 0.5;
  config.dev_steps = 5;
  auto forms = max_forms(teacher_);
  for (LayerForm& f : forms) f.form.ranks = {6, 6};
  TorchModel whole = clone(teacher_);
  factorize(whole, forms);
  TorchModel last = clone(whole);
  const double projected = evaluate(whole, texts_).accuracy;
  const DistillResult expected = distill(whole, teacher_, texts_, config, {}, nullptr, texts_);
  ASSERT_EQ(expected.scores.size(), 6u);  // projected, stage one, steps 5, 10, 15 and 20 of stage two
  EXPECT_EQ(expected.scores[0].stage, "projected");
  EXPECT_EQ(expected.scores[0].accuracy, projected);
  EXPECT_EQ(expected.scores[1].stage, "blocks");
  EXPECT_EQ(expected.scores[5].step, 20);
  for (const DevScore& s : expected.scores) EXPECT_LE(s.accuracy, expected.scores[expected.kept].accuracy);
  for (std::size_t i = expected.kept + 1; i < 6; ++i)
    EXPECT_LT(expected.scores[i].accuracy, expected.scores[expected.kept].accuracy);
  EXPECT_EQ(evaluate(whole, texts_).accuracy, expected.scores[expected.kept].accuracy);

  // Kills between two training states, after looks at dev that the next run repeats.
  for (const std::int64_t steps : {9, 9, 8, 11}) {
    TorchModel killed = clone(last);
    EXPECT_FALSE(distill(killed, teacher_, texts_, config, {folder_.string(), 7, steps}, nullptr, texts_).complete);
  }
  const DistillResult resumed = distill(last, teacher_, texts_, config, {folder_.string(), 7}, nullptr, texts_);
  EXPECT_TRUE(resumed.complete);
  EXPECT_TRUE(equal(copies(whole), copies(last)));
  ASSERT_EQ(resumed.scores.size(), 6u);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(resumed.scores[i].accuracy, expected.scores[i].accuracy) << i;
}

TEST_F(LevelsTest, DistillWithARateThatDestroysTheStudentThenTheProjectionIsKept) {
  for (EncodedText& t : texts_) t.label = 0;
  const BatchTensors batch = make_batch(texts_, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  const at::Tensor answers = teacher_.forward(batch.ids, batch.lengths).logits.argmax(1);
  std::vector<EncodedText> dev(texts_.begin(), texts_.begin() + 10);  // what the teacher says is right by definition
  for (int i = 0; i < 10; ++i) dev[static_cast<std::size_t>(i)].label = answers[i].item<int>();
  const int majority = answers.sum().item<int>() > 5;
  for (EncodedText& t : texts_) t.label = 1 - majority;
  DistillConfig config;
  config.stage_one_steps = 0;
  config.stage_two_steps = 30;
  config.stage_two_rate = 0.5;
  config.kl_weight = 0;
  config.batch_tokens = 64;
  auto forms = max_forms(teacher_);
  for (LayerForm& f : forms) f.form.ranks = {16, 16};
  TorchModel student = clone(teacher_);
  factorize(student, forms);
  const auto before = copies(student);
  const DistillResult result = distill(student, teacher_, texts_, config, {}, nullptr, dev);
  EXPECT_LT(result.scores.back().accuracy, result.scores.front().accuracy);
  EXPECT_EQ(result.kept, 0u);
  EXPECT_TRUE(equal(before, copies(student)));
}

TEST(SoftenedKl, ClosedForm) {
  const at::Tensor s = at::tensor({0.0, std::log(3.0) * 2}, at::kFloat).view({1, 2});
  const at::Tensor t = at::tensor({0.0, 0.0}, at::kFloat).view({1, 2});
  // tau 2: student (1/4, 3/4), teacher (1/2, 1/2)
  EXPECT_NEAR(softened_kl(s, t, 2.0).item<double>(), 0.5 * std::log(2.0) + 0.5 * std::log(2.0 / 3.0), 1e-6);
  EXPECT_NEAR(softened_kl(t, t, 2.0).item<double>(), 0, 1e-7);
}

TEST(HiddenLoss, PaddedTokensDoNotCount) {
  NetworkOutputs a, b;
  a.hidden = {at::ones({1, 3, 2}, at::kFloat)};
  b.hidden = {a.hidden[0].clone()};
  b.hidden[0][0][2][0] = -1.0f;  // the third token: orthogonal to (1, 1)
  EXPECT_NEAR(hidden_loss(a, b, at::tensor({2}, at::kLong)).item<double>(), 0, 1e-6);
  EXPECT_NEAR(hidden_loss(a, b, at::tensor({3}, at::kLong)).item<double>(), 1.0 / 3, 1e-6);
}

}  // namespace
}  // namespace heat::offline
