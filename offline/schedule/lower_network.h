// A network's body as nodes: linear layers, products of activations, softmax and norms.
#pragma once

#include <string>
#include <vector>

#include "offline/network/graph.h"
#include "offline/schedule/layouts.h"
#include "offline/schedule/network.h"
#include "offline/schedule/network_forms.h"

namespace heat::offline {

// What is written on a network's schedule, and the length it is made for.
struct NetworkLabel {
  std::string network, method;
  std::int64_t tokens = 0;
  bool masked = false;  // sentences may be shorter: the network's padding mask is an input (Network::mask)
};

// Nodes that fused groups may join: consecutive positions, all walked over the same index.
struct Segment {
  spec::NodeId first;
  int count = 0;
};

struct LoweredNetwork {
  Network network;
  std::vector<Segment> segments;
};

// What of a lowering is free to choose.
struct LoweringChoice {
  AttentionLoop loop = AttentionLoop::kHeads;
  // Above 1: a linear layer that alone reads what another made sums over so many parts of its features where it can
  // (divided_sum.h), and what it reads lies by parts.
  std::int64_t parts = 1;
  // Over heads: of so many blocks of query tokens each (a divisor of the tokens), so that a step is a block of a head.
  std::int64_t blocks = 1;
};

// Throws base::ConfigError naming the operator that the machine cannot run (machine_steps.h), and on a runtime axis
// other than tokens.
LoweredNetwork lower_network(const Graph& graph, const NetworkLabel& label, const NetworkForms& forms,
                             const LoweringChoice& choice = {});

// One linear layer alone.
LoweredNetwork lower_single_linear(const NetworkLabel& label, const LinearForm& form, const LoweringTarget& target,
                                   Activation activation = Activation::kNone);

}  // namespace heat::offline
