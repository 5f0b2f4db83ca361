// Loads and sends of a GEMM's weights or inputs. They alone depend on the loop orders: a tile is sent again when a loop
// that it depends on has moved since, so a loop it does not depend on is free when every loop inside it runs once.
#pragma once

#include "machines/simba/loop_nest.h"
#include "machines/simba/step_counts.h"

namespace heat::machines::simba {

// What an operand's loads and sends take, and of what it shares with the other one.
struct OperandTraffic {
  OperandCounts own;
  double gb_reads = 0, gb_writes = 0, gb_read_cycles = 0, gb_write_cycles = 0;  // as StepCounts
  double noc_byte_hops = 0, send_flits = 0, first_send_cycles = 0;
  void add_to(StepCounts& counts) const;
};

class OperandCounter {
 public:
  // `own`: m for the weights, n for the inputs.
  OperandCounter(const LoopNest& nest, const OperandShape& operand, spec::LoopDim own);
  // Equal numbers, below kOrders: orders that take the same, with the same tiles.
  static constexpr std::size_t kOrders = 4;
  std::size_t order() const;
  OperandTraffic run();

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
  const bool tile_reused_;    // moving to the next tile of the other dimension leaves the operand's as it is
  const bool moves_outside_;  // waves move along the other dimension last
  OperandTraffic c_;
  OperandCounts& o_ = c_.own;
};

// Words of the global buffer for a block of an operand: by its runs where the whole tensor lies there, else packed.
WordCount gb_words(const OperandShape& operand, const ViewRuns::Sizes& block, const spec::ArchSpec& arch);

// Busy cycles of a port of the global buffer of so many bytes a cycle while a tile passes between it and where it comes from or goes to, in so
// many requests.
double dma_port_cycles(const spec::GlobalBufferSpec& gb, double bytes, double requests, double bytes_per_cycle);
// Words that a global buffer reads or writes for so many requests of other chiplets.
double served_words(const spec::GlobalBufferSpec& gb, double bytes, double requests);

}  // namespace heat::machines::simba
