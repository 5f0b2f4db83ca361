// The encoder of Devlin et al. (2019), post-norm, with Hugging Face's names (BertForSequenceClassification).
#pragma once

#include "offline/network/graph.h"
#include "offline/network/model_config.h"

namespace heat::offline {

// Embedding; the body: blocks of self attention and a feed-forward net; the head: pooler and, for a configuration with
// labels, the classifier.
Graph build_bert(const ModelConfig& config);

}  // namespace heat::offline
