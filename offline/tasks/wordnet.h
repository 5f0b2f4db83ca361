// The built-in task: a noun's WordNet gloss -> its lexicographer file (26 classes: noun.animal, noun.artifact, ...).
//
// Text: the definition, which is the gloss up to its first quoted example ('; "' or ': "'). The examples are left out
// of the task, since they tend to contain the defined word itself; pre-training may read those of the training split.
// Split: splitmix64(synset offset) mod 10: 0 test, 1 dev, else train. Held-out glosses serve neither vocabulary nor
// pre-training.
#pragma once

#include <string>
#include <vector>

#include "offline/tasks/text_task.h"

namespace heat::offline {

struct Synset {
  std::int64_t offset = 0;
  int lex_file = 0;  // lexicographer file number, 0..44
  std::string definition;
  std::vector<std::string> examples;
  std::vector<std::int64_t> hypernyms;  // offsets, pointers @ and @i within the same part of speech
};

enum class Split { kTrain, kDev, kTest };
Split wordnet_split(std::int64_t offset);

// Splits a gloss into its definition and its quoted examples.
void split_gloss(const std::string& gloss, std::string& definition, std::vector<std::string>& examples);

// Reads data.noun, data.verb, ... (wndb(5WN)). Throws FileError, or ConfigError with the line that is malformed.
std::vector<Synset> read_wordnet(const std::string& path);

// directory: empty for /usr/share/wordnet (Debian's wordnet-base). Throws FileError naming the package if absent.
// Auxiliary targets: the hypernyms of a training synset, over all levels, that are training synsets themselves and have
// at least 20 training descendants.
TextTask load_wordnet_task(const std::string& directory);

}  // namespace heat::offline
