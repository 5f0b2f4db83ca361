// Counts of the installed package (WordNet 3.0: 82,115 noun synsets in 26 files), and the format on small examples.
#include "offline/tasks/wordnet.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "base/atomic_file.h"
#include "base/errors.h"

namespace heat::offline {
namespace {

TEST(SplitGloss, ExamplesAreCutFromTheDefinition) {
  std::string definition;
  std::vector<std::string> examples;
  split_gloss("a whole of the same kind; \"lard was used\"; \"the shopkeeper differs\"  ", definition, examples);
  EXPECT_EQ(definition, "a whole of the same kind");
  EXPECT_EQ(examples, (std::vector<std::string>{"lard was used", "the shopkeeper differs"}));
  split_gloss("readiness for war: \"mobilization of the troops\"", definition, examples);
  EXPECT_EQ(definition, "readiness for war");
  split_gloss("as in the phrase \"on the job\"", definition, examples);
  EXPECT_EQ(definition, "as in the phrase \"on the job\"");
  EXPECT_TRUE(examples.empty());
}

TEST(WordNet, MalformedLineIsNamed) {
  const std::string path = (std::filesystem::path(::testing::TempDir()) / "data.noun").string();
  base::write_file_atomically(path, "  1 licence\n00001740 03 n 01 entity 0 003 ~ 00001930 n\n");
  try {
    read_wordnet(path);
    FAIL();
  } catch (const base::ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("data.noun:2: "), std::string::npos);
  }
  std::filesystem::remove(path);
}

class InstalledWordNet : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { task_ = new TextTask(load_wordnet_task("")); }
  static void TearDownTestSuite() { delete task_; }
  static TextTask* task_;
};
TextTask* InstalledWordNet::task_ = nullptr;

TEST_F(InstalledWordNet, SplitsCoverAllNounsOnce) {
  EXPECT_EQ(task_->train.size(), 65625u);
  EXPECT_EQ(task_->dev.size(), 8104u);
  EXPECT_EQ(task_->test.size(), 8386u);
  EXPECT_EQ(task_->train.size() + task_->dev.size() + task_->test.size(), 82115u);
  std::vector<int> by_label(26);
  for (const auto* part : {&task_->train, &task_->dev, &task_->test})
    for (const TextExample& e : *part) ++by_label.at(e.label);
  EXPECT_EQ(task_->labels.size(), 26u);
  EXPECT_EQ(by_label[0], 51);      // noun.Tops
  EXPECT_EQ(by_label[3], 11587);   // noun.artifact
  EXPECT_EQ(by_label[15], 11087);  // noun.person
}

TEST_F(InstalledWordNet, SplitIsAFunctionOfTheOffsetAlone) {
  const std::vector<Synset> nouns = read_wordnet("/usr/share/wordnet/data.noun");
  std::set<std::int64_t> offsets;
  std::size_t train = 0;
  for (const Synset& s : nouns) {
    EXPECT_TRUE(offsets.insert(s.offset).second);
    train += wordnet_split(s.offset) == Split::kTrain;
  }
  EXPECT_EQ(train, task_->train.size());
}

TEST_F(InstalledWordNet, AuxiliaryTargetsBelongToTrainingSynsets) {
  ASSERT_EQ(task_->auxiliary.size(), task_->train.size());
  EXPECT_GT(task_->auxiliary_classes, 300);
  std::vector<int> used(task_->auxiliary_classes);
  for (const auto& list : task_->auxiliary)
    for (std::int32_t c : list) ++used.at(c);
  for (int count : used) EXPECT_GE(count, 20);
}

TEST(Task, UnknownNameAndMissingDataAreErrors) {
  try {
    load_task("imdb");
    FAIL();
  } catch (const base::ConfigError& e) {
    for (const std::string& name : task_names()) EXPECT_NE(std::string(e.what()).find(name), std::string::npos) << name;
  }
  EXPECT_THROW(load_task("wordnet", "/nonexistent"), base::FileError);
  EXPECT_THROW(load_task("sst2"), base::ConfigError);
}

}  // namespace
}  // namespace heat::offline
