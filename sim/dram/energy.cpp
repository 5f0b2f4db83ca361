// ACT+PRE: VDD (IDD0 tRC - IDD3N tRAS - IDD2N (tRC - tRAS)) + VPP IPP0 tRC; RD: VDD (IDD4R - IDD3N) BL; WR likewise;
// REFAB: VDD (IDD5AB - IDD3N) tRFC, beside the IDD3N of active standby, so that a refresh costs IDD5AB; REFPB with IDD5PB
// and tRFCpb; each times the devices of a rank. mA x V x ns = pJ.
#include "sim/dram/energy.h"

#include <algorithm>
#include <stdexcept>

namespace heat::dram {

using C = spec::DramCommand;

double EnergyBreakdown::total() const {
  double sum = 0;
  for (const EnergyPart& part : kEnergyParts) sum += this->*part.pj;
  return sum;
}

EnergyBreakdown& EnergyBreakdown::operator+=(const EnergyBreakdown& o) {
  for (const EnergyPart& part : kEnergyParts) this->*part.pj += o.*part.pj;
  return *this;
}

EnergyMeter::EnergyMeter(const spec::DramSpec& spec)
    : banks_per_rank_(spec.organization.banks_per_rank()),
      counts_(static_cast<std::size_t>(spec.organization.banks()) * spec::kDramCommands, 0),
      ranks_(static_cast<std::size_t>(spec.organization.ranks)) {
  const spec::DramEnergy& e = spec.energy;
  const auto t = [&](const char* key) { return static_cast<double>(spec.timing(key)); };
  const double scale = spec.organization.devices_per_rank * e.cycle_ns;
  const double burst = spec.organization.burst_cycles;
  const double bits = 8.0 * static_cast<double>(spec.organization.access_bytes());
  const auto set = [&](C command, double pj) { pj_[static_cast<std::size_t>(spec::index(command))] = pj; };
  set(C::kAct, scale * (e.vdd_v * (e.idd0 * t("tRC") - e.idd3n * t("tRAS") - e.idd2n * (t("tRC") - t("tRAS"))) +
                        e.vpp_v * e.ipp0 * t("tRC")));
  const double read = scale * e.vdd_v * (e.idd4r - e.idd3n) * burst + e.io_read_pj_per_bit * bits;
  const double write = scale * e.vdd_v * (e.idd4w - e.idd3n) * burst + e.io_write_pj_per_bit * bits;
  set(C::kRd, read);
  set(C::kRdAp, read);
  set(C::kWr, write);
  set(C::kWrAp, write);
  set(C::kRefAll, scale * e.vdd_v * (e.idd5ab - e.idd3n) * t("tRFC"));
  set(C::kRefBank, scale * e.vdd_v * (e.idd5pb - e.idd3n) * t("tRFCpb"));
  const double currents[] = {e.idd3n, e.idd2n, e.idd3p, e.idd2p, e.idd6};
  for (std::size_t s = 0; s < 5; ++s) state_pj_per_cycle_[s] = scale * e.vdd_v * currents[s];
}

void EnergyMeter::state(int rank, RankPower power, bool any_bank_open, Cycle t) {
  Rank& r = ranks_[static_cast<std::size_t>(rank)];
  const bool active = power == RankPower::kUp && any_bank_open;
  t = std::max(t, active ? r.since : std::max(r.since, r.active_until));
  r.cycles[static_cast<std::size_t>(r.state)] += t - r.since;
  r.since = t;
  r.state = power == RankPower::kUp          ? (any_bank_open ? 0 : 1)
            : power == RankPower::kPowerDown ? (any_bank_open ? 2 : 3)
                                             : 4;
}

void EnergyMeter::repeat(const EnergyMeter& before, std::int64_t periods) {
  for (std::size_t i = 0; i < counts_.size(); ++i)
    counts_[i] += static_cast<std::uint64_t>(periods) * (counts_[i] - before.counts_[i]);
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    Rank& r = ranks_[i];
    for (std::size_t s = 0; s < r.cycles.size(); ++s)
      r.cycles[s] += periods * (r.cycles[s] - before.ranks_[i].cycles[s]);
    // A state that did not change in the period goes on.
    r.since += periods * (r.since - before.ranks_[i].since);
    r.active_until += periods * (r.active_until - before.ranks_[i].active_until);
  }
}

std::array<Cycle, 5> EnergyMeter::residency(int rank, Cycle t) const {
  const Rank& r = ranks_[static_cast<std::size_t>(rank)];
  std::array<Cycle, 5> cycles = r.cycles;
  // Only active standby is counted ahead (active_until).
  cycles[static_cast<std::size_t>(t > r.since ? r.state : 0)] += t - r.since;
  return cycles;
}

void EnergyMeter::add(EnergyBreakdown& sum, C command, double count) const {
  const double pj = per_command(command) * count;
  switch (command) {
    case C::kAct:
    case C::kPre:
    case C::kPreAll:  // a precharge is in the activation's energy, its own is 0
      sum.activate += pj;
      return;
    case C::kRd:
    case C::kRdAp:
      sum.read += pj;
      return;
    case C::kWr:
    case C::kWrAp:
      sum.write += pj;
      return;
    case C::kRefAll:
    case C::kRefBank:
      sum.refresh += pj;
      return;
    case C::kPdEnter:
    case C::kPdExit:
    case C::kSrEnter:
    case C::kSrExit:
      return;  // charged by the time spent in the state
  }
  throw std::logic_error("unknown DRAM command");
}

EnergyBreakdown EnergyMeter::total(Cycle t) const {
  EnergyBreakdown sum;
  for (std::size_t i = 0; i < counts_.size(); ++i)
    add(sum, spec::kDramCommandList[i % spec::kDramCommands].value, static_cast<double>(counts_[i]));
  for (int r = 0; r < static_cast<int>(ranks_.size()); ++r) {
    const std::array<Cycle, 5> cycles = residency(r, t);
    const auto pj = [&](std::size_t s) { return static_cast<double>(cycles[s]) * state_pj_per_cycle_[s]; };
    sum.background += pj(0) + pj(1);
    sum.power_down += pj(2) + pj(3);
    sum.self_refresh += pj(4);
  }
  return sum;
}

EnergyBreakdown EnergyMeter::of_bank(int bank) const {
  EnergyBreakdown sum;
  const int first = bank / banks_per_rank_ * banks_per_rank_;
  for (const spec::DramCommandInfo& info : spec::kDramCommandList) {
    const C command = info.value;
    const int c = spec::index(command);
    if (!spec::is_rank_command(command)) {
      add(sum, command, static_cast<double>(counts_[static_cast<std::size_t>(bank * spec::kDramCommands + c)]));
      continue;
    }
    double count = 0;
    for (int b = first; b < first + banks_per_rank_; ++b)
      count += static_cast<double>(counts_[static_cast<std::size_t>(b * spec::kDramCommands + c)]);
    add(sum, command, count / banks_per_rank_);
  }
  return sum;
}

void EnergyMeter::append_state(Cycle t, std::vector<Cycle>& state) const {
  for (const Rank& r : ranks_)
    state.insert(state.end(), {r.state, std::max<Cycle>(r.since - t, 0), std::max<Cycle>(r.active_until - t, 0)});
}

}  // namespace heat::dram
