// A DRAM system as its YAML file describes it, validated: organisation, timings, the constraint table, address mapping,
// controller policy and energy. All times are memory-clock cycles unless the name says otherwise.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/config_reader.h"
#include "spec/dram_command.h"

namespace heat::spec {

struct DramOrganization {
  int channels = 1;
  int ranks = 1;
  int bank_groups = 1;  // per rank; 1 for standards without bank groups
  int banks_per_group = 1;
  std::int64_t rows = 1;     // per bank
  std::int64_t columns = 1;  // accesses (bursts) per row
  int bus_bits = 64;         // data bus of one channel
  int burst_length = 8;      // transfers per access
  int burst_cycles = 4;      // memory-clock cycles per access
  int devices_per_rank = 1;  // multiplies the per-device currents

  int banks_per_rank() const { return bank_groups * banks_per_group; }
  int banks() const { return ranks * banks_per_rank(); }  // per channel
  std::int64_t access_bytes() const { return std::int64_t{bus_bits} * burst_length / 8; }
  std::int64_t channel_bytes() const { return access_bytes() * columns * rows * banks(); }
  std::int64_t capacity_bytes() const { return channel_bytes() * channels; }
};

// `to` may follow no earlier than `latency` cycles after `from` (window 1), or after the window-th last command out of
// the set `from_mask` (tFAW: window 4), within `scope`.
struct DramConstraint {
  std::uint32_t from_mask = 0;  // bit(DramCommand)
  DramCommand to = DramCommand::kAct;
  DramScope scope = DramScope::kBank;
  std::int64_t latency = 0;
  int window = 1;
  std::string formula;  // as written
  std::string place;    // file:line
  // "ACT -> RD, bank, tRCD"
  std::string text() const;
};

// One source of an address field's bit: the exclusive or of address bits, the first of which the field owns.
using DramAddressBit = std::vector<int>;

struct DramMapping {
  // Least significant first. Sizes are log2 of the organisation's counts.
  std::vector<DramAddressBit> channel, rank, bank_group, bank, row, column;
};

enum class DramPagePolicy { kOpen, kClosed, kAdaptive };
constexpr std::array<base::EnumName<DramPagePolicy>, 3> kDramPagePolicies{
    {{DramPagePolicy::kOpen, "open"}, {DramPagePolicy::kClosed, "closed"}, {DramPagePolicy::kAdaptive, "adaptive"}}};
static_assert(base::in_enum_order(kDramPagePolicies));

enum class DramRefreshMode { kNone, kAllBank, kPerBank };
constexpr std::array<base::EnumName<DramRefreshMode>, 3> kDramRefreshModes{{{DramRefreshMode::kNone, "none"},
                                                                            {DramRefreshMode::kAllBank, "all_bank"},
                                                                            {DramRefreshMode::kPerBank, "per_bank"}}};
static_assert(base::in_enum_order(kDramRefreshModes));

struct DramController {
  int read_queue = 32;
  int write_queue = 32;
  int write_high_watermark = 26;  // writes queued at which draining starts
  int write_low_watermark = 6;    // writes queued at which reads are served again
  int row_hit_cap = 0;  // column commands per activation while an older request waits for another row; 0 = any
  // A request that has waited so long goes before the younger ones of its bank, and its direction has the bus before the
  // other; 0 = it may wait for ever.
  std::int64_t max_wait_cycles = 2000;
  DramPagePolicy page_policy = DramPagePolicy::kOpen;
  int page_timeout_cycles = 200;  // adaptive policy: first idle time after which a row is closed
  bool forward_reads = true;      // a read of a queued write is answered from the queue
  bool merge_writes = true;       // a write to the address of a queued write replaces it
  bool posted_writes = true;      // a write is answered when it is queued (false: when its data are on the bus)
  DramRefreshMode refresh = DramRefreshMode::kAllBank;
  int refresh_max_postponed = 0;            // refreshes a rank may owe while requests wait
  int refresh_banks = 1;                    // banks of one per-bank refresh: b, b + banks_per_rank / refresh_banks, ...
  std::int64_t power_down_idle_cycles = 0;  // rank idle time before power-down; 0 = never
  std::int64_t self_refresh_idle_cycles = 0;
};

struct DramEnergy {
  bool given = false;
  double vdd_v = 0, vpp_v = 0;
  // Currents of one device in mA (JEDEC IDD definitions).
  double idd0 = 0, ipp0 = 0, idd2p = 0, idd2n = 0, idd3p = 0, idd3n = 0, idd4r = 0, idd4w = 0, idd5ab = 0, idd5pb = 0,
         idd6 = 0;
  double io_read_pj_per_bit = 0, io_write_pj_per_bit = 0;
  double cycle_ns = 0;  // duration of a cycle in the energy formulas; the clock's period unless the file overrides it
};

// What a DRAM could be without, to see what it costs (key `without` of the device file).
enum class DramCost { kRows, kRefresh, kTurnaround, kAll };
constexpr std::array<base::EnumName<DramCost>, 4> kDramCosts{
    {{DramCost::kRows, "rows"},              // every access finds its row open
     {DramCost::kRefresh, "refresh"},        // no cell forgets
     {DramCost::kTurnaround, "turnaround"},  // reads and writes follow one another as those of one direction do
     {DramCost::kAll, "all"}}};              // every access is answered in the next cycle
static_assert(base::in_enum_order(kDramCosts));

struct DramSpec {
  std::string file;
  std::string name;
  std::string standard;
  std::int64_t clock_ps = 0;  // tCK
  DramOrganization organization;
  std::map<std::string, std::int64_t> timings;
  std::vector<DramConstraint> constraints;  // only those whose two commands this configuration can issue
  std::vector<int> command_cycles;          // by index(DramCommand): cycles on the command bus
  bool split_command_bus = false;           // row and column commands have a bus each (HBM)
  DramMapping mapping;
  DramController controller;
  DramEnergy energy;
  bool one_row = false;  // without rows: all of a bank's addresses lie in one
  bool free = false;     // without anything

  // From one bank to the next of a per-bank refresh.
  int refresh_stride() const { return organization.banks_per_rank() / controller.refresh_banks; }
  // Refreshes that take a rank through all its banks once.
  int refreshes_per_round() const { return controller.refresh == DramRefreshMode::kPerBank ? refresh_stride() : 1; }
  // Cycles after `from` that the table keeps `to` away from the same bank; 0 when no row does.
  std::int64_t bank_latency(DramCommand from, DramCommand to) const;
  // 0 when the file does not give the timing (only possible for timings its commands do not need).
  std::int64_t timing(const std::string& key) const;
  double clock_ns() const { return static_cast<double>(clock_ps) * 1e-3; }
  double peak_gb_per_s() const;  // all channels, 1e9 bytes a second
  int read_latency() const;      // from RD to the end of its data
  int write_latency() const;     // from WR to the end of its data
};

// Reads and validates; throws ConfigError with every problem (file, line, key, value, expectation). The file's key
// `standard` names the constraint table's file, relative to it.
DramSpec load_dram_spec(const std::string& path);
// The same for text; `name` stands for the file in messages and for relative paths.
DramSpec parse_dram_spec(const std::string& text, const std::string& name);

// The same DRAM without a cost.
DramSpec without(DramSpec spec, DramCost cost);

// The resolved configuration, as echoed into results, and the way back (all but energy). Throws ConfigError, which names
// `place`, for what no DRAM wrote.
nlohmann::ordered_json to_json(const DramSpec& spec);
DramSpec dram_spec_from_json(const nlohmann::ordered_json& json, const std::string& place);

}  // namespace heat::spec
