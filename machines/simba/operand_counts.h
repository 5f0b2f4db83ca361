// Loads and sends of a GEMM's weights or inputs. They alone depend on the loop orders: a tile is sent again when a loop
// that it depends on has moved since, so a loop it does not depend on is free when every loop inside it runs once.
#pragma once

#include "machines/simba/loop_nest.h"
#include "machines/simba/step_counts.h"

namespace heat::machines::simba {

class OperandCounter {
 public:
  // `own`: m for the weights, n for the inputs. What belongs to the operand goes to `of_operand`, what it shares with
  // the other one to `counts`.
  OperandCounter(const LoopNest& nest, const OperandShape& operand, spec::LoopDim own, OperandCounts& of_operand,
                 StepCounts& counts);
  void run();

 private:
  // `count` tiles of the global buffer of one size.
  struct Tiles {
    std::int64_t b, own, k;
    double count;
  };
  // A tile's waves.
  struct Waves {
    Kinds b, own, k;
    bool single() const { return b.pieces() == 1 && own.pieces() == 1 && k.pieces() == 1; }
  };
  // What sending the parts of one wave takes.
  struct Sent {
    double hops = 0, flits = 0, words = 0, read_cycles = 0;
    std::int64_t largest_part = 0;  // bytes; PE 0 is sent one
  };
  bool other_is_free() const;
  void count_loads(const Tiles& tiles, bool first);
  void count_sends(const Tiles& tiles, bool first);
  void count_rounds(const Waves& waves, std::int64_t receivers, double rounds, bool first);
  Sent send(const Kind& b, const Kind& own, const Kind& k, std::int64_t receivers) const;

  const LoopNest& nest_;
  const OperandShape& operand_;
  const bool weights_;
  const spec::BufferSpec& buffer_;
  const TiledDim &own_, &other_;
  const spec::LoopDim own_dim_, other_dim_;
  const bool tile_reused_;  // moving to the next tile of the other dimension leaves the operand's as it is
  OperandCounts& o_;
  StepCounts& c_;
};

// Words of the global buffer for a block of an operand: by its runs where the whole tensor lies there, else packed.
WordCount gb_words(const OperandShape& operand, const ViewRuns::Sizes& block, const spec::ArchSpec& arch);

// Busy cycles of a port of the global buffer of so many bytes a cycle while a tile passes between it and where it comes from or goes to, in so
// many requests.
double dma_port_cycles(const spec::GlobalBufferSpec& gb, double bytes, double requests, double bytes_per_cycle);
// Words that a global buffer reads or writes for so many requests of other chiplets.
double served_words(const spec::GlobalBufferSpec& gb, double bytes, double requests);

}  // namespace heat::machines::simba
