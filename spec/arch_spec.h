// The machine: a package of chiplets, each an array of PEs around a global buffer. Read from configs/arch/*.yaml.
//
// One clock: every *_cycles and *_bytes_per_cycle counts cycles of `clock_ghz`. 1 GB/s at 1 GHz is 1 byte a cycle.
#pragma once

#include <algorithm>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/errors.h"
#include "spec/units.h"

namespace heat::spec {

struct DramSpec;

// A 2D mesh with XY routing (used for the NoC of a chiplet and the NoP of the package).
// A packet of L flits over H hops arrives after base_cycles + hop_cycles * H + L - 1 cycles at zero load.
// Where a node of a mesh sits.
struct MeshPlace {
  int x = 0, y = 0;
};

// A mesh of routers. Nodes are numbered row by row, or by squares from a corner (0 1 4 / 2 3 5 / 6 7 8): then the first
// 4, 9, 16, ... of a larger mesh lie as near to one another as a mesh of so many.
struct MeshSpec {
  int width = 0;
  int height = 0;
  double link_bytes_per_cycle = 0;  // one flit a cycle
  int hop_cycles = 0;
  int base_cycles = 0;
  bool by_squares = false;
  int nodes() const { return width * height; }
  bool holds(MeshPlace p) const { return p.x >= 0 && p.y >= 0 && p.x < width && p.y < height; }
  MeshPlace place(int node) const;
  int node_at(MeshPlace place) const;
};

// A buffer with one read and one write port that work side by side.
struct BufferSpec {
  Bytes capacity;
  double read_bytes_per_cycle = 0;
  double write_bytes_per_cycle = 0;
};

// A processing element: `lanes` vector MACs of `width` products; weights stationary, inputs broadcast to the lanes.
struct PeSpec {
  int lanes = 0;
  int width = 0;
  BufferSpec weight_buffer;         // double-buffered: a tile fills at most half of it
  BufferSpec input_buffer;          // double-buffered
  BufferSpec accumulation_buffer;   // double-buffered (one half drains while the other accumulates)
  int accumulator_bits = 24;        // width of an entry; a sum beyond it is an error of the run with data
  int weight_registers = 2;         // a lane's: 2 let the next weights be read while the present ones are used
  int compute_overhead_cycles = 0;  // pipeline fill of one compute command
  int ppu_elements_per_cycle = 0;   // requantise, bias, activation while draining
};

struct GlobalBufferSpec {
  Bytes capacity;
  int word_bytes = 0;  // bytes of one access; energy is charged per access of this size
  int banks = 1;       // word w lies in bank w mod banks; a bank gives and takes one word a cycle
  double read_bytes_per_cycle = 0;
  double write_bytes_per_cycle = 0;
};

// The global PE: row operations (softmax, layer norm, residual) on data in the global buffer.
struct VectorUnitSpec {
  int elements_per_cycle = 0;
  int row_overhead_cycles = 0;  // per row: reduction tree, reciprocal or square root
};

struct ControllerSpec {
  int command_cycles = 0;  // firmware time to compose and issue one command
  int queue_depth = 0;     // commands an engine holds before the controller must wait
};

// DRAM is read and written in whole blocks of so many bytes, at multiples of it.
constexpr int kDmaBlockBytes = 64;

struct DmaSpec {
  int burst_bytes = 0;         // largest single DRAM request, a multiple of kDmaBlockBytes
  int outstanding_bursts = 0;  // requests in flight for one load or store engine
  int setup_cycles = 0;        // per transfer command
};

// How the package's DRAM is attached to the NoP. Address a enters and leaves at port (a / interleave_bytes) modulo their
// number.
struct DramPortsSpec {
  std::vector<int> chiplets;          // at whose NoP routers the ports are
  std::int64_t interleave_bytes = 0;  // of several ports, each of which has channels of its own
  double bytes_per_cycle = 0;         // of each port

  int count() const { return static_cast<int>(chiplets.size()); }
  int port_of(std::uint64_t address) const {
    return count() == 1 ? 0
                        : static_cast<int>(address / static_cast<std::uint64_t>(interleave_bytes) % chiplets.size());
  }
};

struct ArchSpec {
  std::string name;
  std::string file;  // where it was read from
  double clock_ghz = 0;
  MeshSpec nop;  // one node a chiplet, by squares
  MeshSpec noc;  // one node a PE; the global buffer, global PE, DMA and controller share the router of PE 0
  PeSpec pe;
  GlobalBufferSpec global_buffer;
  VectorUnitSpec vector_unit;
  ControllerSpec controller;
  DmaSpec dma;
  int signal_cycles = 0;  // from a chiplet's last result to its message to the others, beside the NoP hops
  DramPortsSpec dram_ports;
  std::string dram_config;    // resolved path of the DRAM's YAML
  std::string energy_config;  // resolved path of the energy table

  int chiplets() const { return nop.nodes(); }
  int pes() const { return noc.nodes(); }
  // Peak multiply-accumulates of the package in one cycle.
  std::int64_t macs_per_cycle() const { return static_cast<std::int64_t>(chiplets()) * pes() * pe.lanes * pe.width; }
  // End of the largest DRAM request that begins at `address`: a burst, cut where the next port begins.
  std::uint64_t request_end(std::uint64_t address) const {
    const std::uint64_t end = address + static_cast<std::uint64_t>(dma.burst_bytes);
    if (dram_ports.count() == 1) return end;
    const auto piece = static_cast<std::uint64_t>(dram_ports.interleave_bytes);
    return std::min(end, (address / piece + 1) * piece);
  }
  // Bytes of the largest one.
  std::int64_t request_bytes() const {
    return dram_ports.count() == 1 ? dma.burst_bytes
                                   : std::min<std::int64_t>(dma.burst_bytes, dram_ports.interleave_bytes);
  }
  // Of all ports to the DRAM together.
  double dram_bytes_per_cycle() const { return dram_ports.bytes_per_cycle * dram_ports.count(); }
  Nanoseconds nanoseconds(Cycles c) const { return Nanoseconds(static_cast<double>(c.value()) / clock_ghz); }

  // Reads and validates; adds everything wrong to `problems`. Paths of dram and energy are relative to the file.
  static ArchSpec load(const std::string& path, base::Problems& problems);
  // The same, throwing ConfigError with all problems.
  static ArchSpec load(const std::string& path);
};

// Adds to `problems` ports that share a channel of the DRAM.
void check_dram_ports(const ArchSpec& arch, const DramSpec& dram, base::Problems& problems);

// The resolved spec, as echoed into results and run databases.
nlohmann::ordered_json to_json(const ArchSpec& arch);

}  // namespace heat::spec
