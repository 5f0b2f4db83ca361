// The pointwise functions between two layers.
#pragma once

#include <string>
#include <vector>

namespace heat::offline {

enum class Activation { kNone, kGelu, kGeluTanh, kRelu, kTanh };

// Hugging Face's words: none, gelu (exact), gelu_new (by tanh), relu, tanh.
const std::vector<std::string>& activation_names();
std::string activation_name(Activation activation);
// Throws base::ConfigError with a suggestion on another word.
Activation activation_from_name(const std::string& name);

double activate(Activation activation, double x);

}  // namespace heat::offline
