// Derived values of a DRAM description, and the two entries that read one.
#include "spec/dram_spec.h"

#include <algorithm>
#include <stdexcept>

#include "spec/dram_spec_reader.h"

namespace heat::spec {

std::string DramConstraint::text() const {
  std::string from;
  for (const DramCommandInfo& command : kDramCommandList)
    if (from_mask & bit(command.value)) from += (from.empty() ? "" : "|") + std::string(command.name);
  std::string result = from + " -> " + name(to) + ", " + name(scope) + ", " + formula;
  if (window > 1) result += ", window " + std::to_string(window);
  return result;
}

std::int64_t DramSpec::timing(const std::string& key) const {
  const auto found = timings.find(key);
  return found == timings.end() ? 0 : found->second;
}

std::int64_t DramSpec::bank_latency(DramCommand from, DramCommand to) const {
  std::int64_t latency = 0;
  for (const DramConstraint& c : constraints)
    if (c.scope == DramScope::kBank && c.window == 1 && c.to == to && (c.from_mask & bit(from)))
      latency = std::max(latency, c.latency);
  return latency;
}

double DramSpec::peak_gb_per_s() const {
  return static_cast<double>(organization.access_bytes()) * organization.channels /
         (organization.burst_cycles * clock_ns());
}

int DramSpec::read_latency() const {
  return static_cast<int>(timing("CL")) + organization.burst_cycles;
}
int DramSpec::write_latency() const {
  return static_cast<int>(timing("CWL")) + organization.burst_cycles;
}

DramSpec without(DramSpec spec, DramCost cost) {
  switch (cost) {
    case DramCost::kRows:
      spec.one_row = true;
      return spec;
    case DramCost::kRefresh:
      spec.controller.refresh = DramRefreshMode::kNone;
      return spec;
    case DramCost::kTurnaround:
      // What is left is the bus: data follow a command by CL or CWL.
      for (DramConstraint& c : spec.constraints) {
        const std::int64_t ahead = spec.read_latency() - spec.write_latency();
        const std::uint32_t reads = bit(DramCommand::kRd) | bit(DramCommand::kRdAp);
        const std::uint32_t writes = bit(DramCommand::kWr) | bit(DramCommand::kWrAp);
        if ((c.from_mask & reads) && is_write(c.to))
          c.latency = std::max<std::int64_t>(0, spec.organization.burst_cycles + ahead);
        if ((c.from_mask & writes) && is_read(c.to))
          c.latency = std::max<std::int64_t>(0, spec.organization.burst_cycles - ahead);
      }
      return spec;
    case DramCost::kAll:
      spec.free = true;
      return spec;
  }
  throw std::logic_error("unknown DRAM cost");
}

DramSpec load_dram_spec(const std::string& path) {
  base::Problems problems;
  base::ConfigReader reader = base::ConfigReader::load(path, problems);
  problems.throw_if_any();
  return DramSpecReader(path, reader, problems).run();
}

DramSpec parse_dram_spec(const std::string& text, const std::string& name) {
  base::Problems problems;
  base::ConfigReader reader = base::ConfigReader::parse(text, name, problems);
  problems.throw_if_any();
  return DramSpecReader(name, reader, problems).run();
}

}  // namespace heat::spec
