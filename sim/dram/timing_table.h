// The constraint table in the form the engine runs on: for every command the cycles it pushes ahead, and for every bank
// the earliest cycle of every command.
//
// issue() applies the rows whose `from` is the command; earliest() is the maximum over the bank, its bank group, its
// rank and the channel, so that a check costs four loads instead of a search through the history.
#pragma once

#include <algorithm>
#include <vector>

#include "sim/dram/types.h"
#include "spec/dram_spec.h"

namespace heat::dram {

class TimingTable {
 public:
  explicit TimingTable(const spec::DramSpec& spec);

  // Earliest cycle at which a bank command may be issued to `bank` (counted through the channel).
  Cycle earliest(spec::DramCommand command, int bank) const {
    return std::max(earliest_of_bank(command, bank),
                    earliest_of_rank(command, rank_of_bank_[static_cast<std::size_t>(bank)]));
  }
  // The same by its two parts: what the bank's and the bank group's history allows, and the rank's and the channel's.
  Cycle earliest_of_bank(spec::DramCommand command, int bank) const {
    const auto c = static_cast<std::size_t>(spec::index(command));
    const Nodes& n = nodes_[static_cast<std::size_t>(bank)];
    return std::max(next_[n.bank + c], next_[n.group + c]);
  }
  Cycle earliest_of_rank(spec::DramCommand command, int rank) const {
    const auto c = static_cast<std::size_t>(spec::index(command));
    return std::max(next_[rank_node(rank) + c], next_[c]);
  }
  // Records a command at cycle t. For a rank command `bank` is any bank of the rank.
  // Of a refresh of several banks, `bank` is the first.
  void issue(spec::DramCommand command, int bank, Cycle t) {
    const std::size_t row = row_of(spec::index(command), bank);
    for (std::size_t i = first_update_[row]; i < first_update_[row + 1]; ++i)
      push(updates_[i].cell, t + updates_[i].latency);
    if (window_commands_ & spec::bit(command)) issue_windows(command, bank, t);
  }

  // For controller_idle.cpp: how far cells and windows lie ahead of cycle t (0: behind it), and the same state so many cycles
  // later.
  void append_state(Cycle t, std::vector<Cycle>& state) const;
  void shift(Cycle cycles);

 private:
  // Cells of a node: one a command, rounded up to a power of two so that a node's cells share few cache lines.
  static constexpr std::size_t kStride = [] {
    std::size_t stride = 1;
    while (stride < static_cast<std::size_t>(spec::kDramCommands)) stride *= 2;
    return stride;
  }();
  static_assert(kStride >= static_cast<std::size_t>(spec::kDramCommands), "a command would share a cell with another");
  struct Nodes {
    std::size_t bank, group, rank;
  };
  struct Update {
    std::size_t cell;  // of next_
    Cycle latency;
  };
  struct Window {
    std::uint32_t from_mask;
    spec::DramScope scope;
    std::uint8_t to;
    int size;
    Cycle latency;
    std::vector<Cycle> ring;  // [instance of the scope][size]
    std::vector<int> head;
  };

  std::size_t rank_node(int rank) const { return (1 + static_cast<std::size_t>(rank)) * kStride; }
  std::size_t node(spec::DramScope scope, int bank) const;
  void push(std::size_t at, Cycle t) { next_[at] = std::max(next_[at], t); }
  std::size_t row_of(int command, int bank) const {
    return static_cast<std::size_t>(command) * nodes_.size() + static_cast<std::size_t>(bank);
  }
  void add_updates(const spec::DramSpec& spec, int command, int bank);
  void add_update(std::size_t cell, Cycle latency);
  void issue_windows(spec::DramCommand command, int bank, Cycle t);
  void issue_window(Window& window, int bank, Cycle t);

  int ranks_;
  std::vector<Nodes> nodes_;  // by bank
  std::vector<int> rank_of_bank_;
  std::vector<Cycle> next_;                // [node][command]
  std::vector<Update> updates_;            // by command and bank
  std::vector<std::size_t> first_update_;  // where those of a row_of() begin, and the end of the last
  std::vector<Window> windows_;
  std::uint32_t window_commands_ = 0;
};

}  // namespace heat::dram
