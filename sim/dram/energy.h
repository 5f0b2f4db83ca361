// Energy by command and by state: IDD currents times voltage times time, as in Micron's power notes (TN-40-07).
//
// A command costs what it adds to the standby current; standby, power-down and self-refresh cost their current for as
// long as a rank is in that state. Commands are kept per bank.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/dram/types.h"
#include "spec/dram_spec.h"

namespace heat::dram {

// All in pJ.
struct EnergyBreakdown {
  double activate = 0, read = 0, write = 0, refresh = 0;
  double background = 0;  // active and precharge standby
  double power_down = 0;  // active and precharge power-down
  double self_refresh = 0;
  double total() const;
  EnergyBreakdown& operator+=(const EnergyBreakdown& o);
};

// Its parts with the names that results show them under.
struct EnergyPart {
  const char* name;
  double EnergyBreakdown::*pj;
};
constexpr std::array<EnergyPart, 7> kEnergyParts{{{"activate", &EnergyBreakdown::activate},
                                                  {"read", &EnergyBreakdown::read},
                                                  {"write", &EnergyBreakdown::write},
                                                  {"refresh", &EnergyBreakdown::refresh},
                                                  {"background", &EnergyBreakdown::background},
                                                  {"power_down", &EnergyBreakdown::power_down},
                                                  {"self_refresh", &EnergyBreakdown::self_refresh}}};

enum class RankPower : std::uint8_t { kUp, kPowerDown, kSelfRefresh };

class EnergyMeter {
 public:
  explicit EnergyMeter(const spec::DramSpec& spec);

  void command(spec::DramCommand command, int bank) {
    ++counts_[static_cast<std::size_t>(bank) * spec::kDramCommands + static_cast<std::size_t>(spec::index(command))];
  }
  // The rank is in this state from cycle t on.
  void state(int rank, RankPower power, bool any_bank_open, Cycle t);
  // Until cycle t the rank counts as active, whatever state() is told: a bank that a column command closes by itself is
  // open until its precharge begins, and a refresh costs what it adds to active standby.
  void active_until(int rank, Cycle t) {
    Cycle& until = ranks_[static_cast<std::size_t>(rank)].active_until;
    if (t > until) until = t;
  }

  // For controller_idle.cpp: what still acts on states after cycle t, and so many more times what was counted since `before`.
  void append_state(Cycle t, std::vector<Cycle>& state) const;
  void repeat(const EnergyMeter& before, std::int64_t periods);

  // Energy of everything up to cycle t (a value that does not change the meter).
  EnergyBreakdown total(Cycle t) const;
  // Energy of the commands of one bank; rank commands are spread over the rank's banks.
  EnergyBreakdown of_bank(int bank) const;
  // Cycles a rank was in each of: active, precharge standby, active, precharge power-down, self-refresh. Active standby
  // includes refreshes.
  std::array<Cycle, 5> residency(int rank, Cycle t) const;

 private:
  struct Rank {
    int state = 1;
    Cycle since = 0;  // beyond the present as long as active_until() holds a change of state back
    Cycle active_until = 0;
    std::array<Cycle, 5> cycles{};
  };
  double per_command(spec::DramCommand command) const { return pj_[static_cast<std::size_t>(spec::index(command))]; }
  void add(EnergyBreakdown& sum, spec::DramCommand command, double count) const;

  std::array<double, spec::kDramCommands> pj_{};
  std::array<double, 5> state_pj_per_cycle_{};
  int banks_per_rank_;
  std::vector<std::uint64_t> counts_;  // [bank][command]
  std::vector<Rank> ranks_;
};

}  // namespace heat::dram
