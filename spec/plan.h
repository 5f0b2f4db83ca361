// The answer: how a workload runs on one machine.
//
// Execution: every chiplet runs its part of one group after another; it waits for other chiplets only where it reads
// what they made. A group's loop covers `extent` values of one index (tokens, heads, output features): of the
// `chiplets` that take part, chiplet c has the c-th contiguous share of ceil(extent / chiplets) values, and walks it in
// steps of `step`. In each step every node of the group runs once, in order, on that share; the first `ahead` nodes run
// one step ahead of the others, so that what joins values (softmax) runs beside the products of the next ones. Every node
// binds the group's index as the leading (outermost) index of its b, m or n group (`bound`), so its extent in a step is
// step * (product of the other indices of that group). Operands that do not contain the bound index are
// the same on every chiplet and are multicast.
//
// Where an operand comes from: a tensor is in the global buffer when its group keeps it there (`in_global_buffer`:
// made and used inside the group, it never leaves the chiplet), when it has a home there (`homes` of the plan: divided
// over the chiplets from the group that makes it to the last one that reads it) and the group divides it as it lies, or
// when its group pins it (`pinned`: loaded whole before the first step when it does not hold the bound index, else its
// share at each step). Anything else streams tile by tile: from and to the global buffers of its home over the NoP,
// or DRAM. A tensor in the global buffer has the bound index outermost in its shape, or does not hold it; one at home
// there that a GEMM's b reads may also have its outer digit outermost and stay the same over the inner one (keys of a
// head for all blocks of tokens).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "spec/ids.h"
#include "spec/mapping.h"
#include "spec/workload.h"

namespace heat::spec {

// What the analytical model expects, to compare with what the simulator measures.
struct Prediction {
  double cycles = 0;
  double energy_pj = 0;
  std::map<std::string, double> energy_by_component_pj;
  friend bool operator==(const Prediction& x, const Prediction& y) {
    return x.cycles == y.cycles && x.energy_pj == y.energy_pj && x.energy_by_component_pj == y.energy_by_component_pj;
  }
};

// A node as its group runs it.
struct PlannedNode {
  NodeId node;
  LoopDim bound = LoopDim::kN;  // row operations: always kN
  GemmMapping mapping;          // of GEMMs
  Prediction prediction;
};

// A tensor that lives in the global buffers across groups: chiplet c holds the c-th contiguous share of its outermost
// axis.
struct Home {
  TensorId tensor;
  std::int64_t extent = 1;   // values of that axis, or of as many parts of it
  int chiplets = 0;          // over which; 0: all
  std::int64_t address = 0;  // of a chiplet's share in its global buffer
  // Of a group's copy: the group divides the tensor as it lies, so every chiplet uses its own share; else tiles travel.
  bool in_place = true;
  friend bool operator==(const Home& x, const Home& y) {
    return x.tensor == y.tensor && x.extent == y.extent && x.chiplets == y.chiplets && x.address == y.address;
  }
};

struct FusedGroup {
  std::string name;
  Index index;                     // what the loop runs over, e.g. "t" or "h"
  std::int64_t extent = 1;         // values of the index
  std::int64_t step = 1;           // values a chiplet takes in one step
  int chiplets = 0;                // how many take part, the first ones of the package; 0: all of them
  int ahead = 0;                   // of the first so many nodes the next step comes before the others' present one
  std::vector<PlannedNode> nodes;  // in order of execution
  std::vector<TensorId> in_global_buffer;  // intermediates at home there
  std::vector<TensorId> pinned;
  std::vector<Home> homes;  // of the plan: those that hold something while this group runs, used by it or not
  Prediction prediction;    // of the group, of the chiplet that is longest at it

  int chiplets_of(int package) const { return chiplets > 0 ? chiplets : package; }
  // The home of `tensor` while the group runs; nullptr: it has none.
  const Home* home(TensorId tensor) const;
  // True when the tensor has a home from and to which its tiles travel.
  bool travels(TensorId tensor) const;
  // True when `tensor` is in the global buffer while the group runs: kept, at home there and used in place, or pinned.
  bool is_resident(TensorId tensor) const;
  // True when a node of `workload` in this group sees the group's index in `tensor`.
  bool shares_out(const Workload& workload, TensorId tensor) const;
};

struct Plan {
  std::string arch;  // name of the ArchSpec it was made for
  IdVector<GroupId, FusedGroup> groups;
  std::vector<Home> homes;
  IdVector<TensorId, std::int64_t> dram_addresses;  // one a tensor, a multiple of 64; -1: in global buffers only
  Prediction prediction;                            // of the whole run

  // How many chiplets of a package take part in any group: the first so many.
  int chiplets_of(int package) const;
};

// The groups between which a tensor holds something: from the one that writes it (-1: given before the run) to the last
// that uses it (the number of groups: an output).
struct Lifetime {
  std::int32_t from = -1, to = -1;
  NodeId writer;      // the first node that writes it; none: given
  bool used = false;  // given, written or read
  bool meets(const Lifetime& other) const { return from <= other.to && other.from <= to; }
};
// Of the nodes that the plan's groups list.
IdVector<TensorId, Lifetime> lifetimes(const Workload& workload, const Plan& plan);

// True when all that the group's nodes see of the tensor is divided as it lies. Over two digits it is where a GEMM reads
// it along its bound b, and every chiplet's share of the index holds whole runs of what its share of the home stands for.
bool suits_home(const Workload& workload, const FusedGroup& group, const Home& home);

// Fills the groups' `homes` from the plan's.
void attach_homes(const Workload& workload, Plan& plan);

}  // namespace heat::spec
