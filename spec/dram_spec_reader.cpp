// Record -> resolved DramSpec: the device file. The constraint table is read by dram_standard_reader.cpp.
#include "spec/dram_spec_reader.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace heat::spec {
namespace {

bool parse_int(const std::string& text, int& value) {
  if (text.empty() || text.size() > 3) return false;
  value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  return true;
}

}  // namespace

DramSpec DramSpecReader::run() {
  spec_.name = top_.text("name");
  const double clock_ns = top_.number("clock_ns", {0.01, 1000.0});
  spec_.clock_ps = std::llround(clock_ns * 1e3);
  if (std::abs(clock_ns * 1e3 - static_cast<double>(spec_.clock_ps)) > 1e-6)
    problems_.add(top_.place("clock_ns"), "expected a whole number of picoseconds");
  read_organization();
  read_controller();
  read_power_down();
  read_energy();
  base::ConfigReader timings = top_.section("timings");
  read_timings(timings);
  read_mapping();
  read_standard(timings);
  if (problems_.empty()) check_timings(timings);
  std::vector<std::string> costs;
  if (top_.has("without")) costs = top_.texts("without");
  for (const std::string& cost : costs)
    if (std::none_of(kDramCosts.begin(), kDramCosts.end(), [&](const auto& known) { return cost == known.name; }))
      problems_.add(top_.place("without"), "'" + cost + "': expected rows, refresh, turnaround or all");
  top_.finish();
  problems_.throw_if_any();
  for (const std::string& cost : costs) spec_ = without(std::move(spec_), base::value_named(kDramCosts, cost));
  return spec_;
}

void DramSpecReader::read_organization() {
  base::ConfigReader r = top_.section("organization");
  DramOrganization& o = spec_.organization;
  const auto count = [&](const char* key, std::int64_t max) { return static_cast<int>(r.integer(key, {1, max})); };
  o.channels = count("channels", 256);
  o.ranks = count("ranks", 16);
  o.bank_groups = count("bank_groups", 16);
  o.banks_per_group = count("banks_per_group", 32);
  o.rows = r.integer("rows", {1, std::int64_t{1} << 24});
  o.columns = r.integer("columns", {1, 65536});
  o.bus_bits = count("bus_bits", 4096);
  o.burst_length = count("burst_length", 64);
  o.burst_cycles = count("burst_cycles", 64);
  o.devices_per_rank = count("devices_per_rank", 64);
  if (o.banks() > 1024) problems_.add(r.place(), "more than 1024 banks a channel");
  const std::int64_t bytes = o.access_bytes();
  if (o.bus_bits % 8 != 0 || bytes < 8 || (bytes & (bytes - 1)) != 0)
    problems_.add(r.place("bus_bits"), "bus_bits x burst_length / 8 must be a power of two of at least 8 bytes");
}

void DramSpecReader::read_controller() {
  base::ConfigReader r = top_.section("controller");
  DramController& c = spec_.controller;
  c.read_queue = static_cast<int>(r.integer("read_queue", {1, 4096}));
  c.write_queue = static_cast<int>(r.integer("write_queue", {1, 4096}));
  c.write_high_watermark =
      static_cast<int>(r.integer_or("write_high_watermark", (c.write_queue * 4 + 4) / 5, {1, 4096}));
  c.write_low_watermark = static_cast<int>(r.integer_or("write_low_watermark", c.write_queue / 5, {0, 4096}));
  c.row_hit_cap = static_cast<int>(r.integer_or("row_hit_cap", 0, {0, 1 << 20}));
  c.max_wait_cycles = r.integer_or("max_wait_cycles", c.max_wait_cycles, {0, std::int64_t{1} << 40});
  c.page_policy =
      base::value_named(kDramPagePolicies, r.choice_or("page_policy", "open", base::names_of(kDramPagePolicies)));
  c.page_timeout_cycles = static_cast<int>(r.integer_or("page_timeout_cycles", 200, {1, 1 << 20}));
  c.forward_reads = r.boolean_or("forward_reads", true);
  c.merge_writes = r.boolean_or("merge_writes", true);
  c.posted_writes = r.boolean_or("posted_writes", true);
  check_controller(r);
  base::ConfigReader refresh = top_.section("refresh");
  read_refresh(refresh);
}

void DramSpecReader::read_refresh(base::ConfigReader& r) {
  DramController& c = spec_.controller;
  c.refresh = base::value_named(kDramRefreshModes, r.choice("mode", base::names_of(kDramRefreshModes)));
  c.refresh_max_postponed = static_cast<int>(r.integer_or("max_postponed", 0, {0, 64}));
  c.refresh_banks = static_cast<int>(r.integer_or("banks", 1, {1, 1024}));
  const int banks = spec_.organization.banks_per_rank();
  if (c.refresh_banks > 1 && (c.refresh != DramRefreshMode::kPerBank || banks % c.refresh_banks != 0))
    problems_.add(r.place("banks"), "value " + std::to_string(c.refresh_banks) +
                                        ": expected 1, or with mode per_bank a divisor of the " +
                                        std::to_string(banks) + " banks of a rank");
}

void DramSpecReader::read_power_down() {
  auto section = top_.optional_section("power_down");
  if (!section) return;
  DramController& c = spec_.controller;
  c.power_down_idle_cycles = section->integer_or("after_idle_cycles", 0, {0, std::int64_t{1} << 40});
  c.self_refresh_idle_cycles = section->integer_or("self_refresh_after_idle_cycles", 0, {0, std::int64_t{1} << 40});
}

void DramSpecReader::read_energy() {
  auto section = top_.optional_section("energy");
  DramEnergy& e = spec_.energy;
  e.cycle_ns = spec_.clock_ns();
  if (!section) return;
  base::ConfigReader& r = *section;
  e.given = true;
  e.vdd_v = r.number("vdd_v", {0.1, 5.0});
  e.vpp_v = r.number_or("vpp_v", 0, {0, 5.0});
  const base::Range<double> current{0, 1e5};
  e.idd0 = r.number("idd0_ma", current);
  e.ipp0 = r.number_or("ipp0_ma", 0, current);
  e.idd2n = r.number("idd2n_ma", current);
  e.idd3n = r.number("idd3n_ma", current);
  e.idd4r = r.number("idd4r_ma", current);
  e.idd4w = r.number("idd4w_ma", current);
  e.idd5ab = r.number("idd5ab_ma", current);
  e.idd2p = r.number_or("idd2p_ma", e.idd2n, current);
  e.idd3p = r.number_or("idd3p_ma", e.idd3n, current);
  e.idd5pb = r.number_or("idd5pb_ma", e.idd5ab, current);
  e.idd6 = r.number_or("idd6_ma", e.idd2p, current);
  e.io_read_pj_per_bit = r.number_or("io_read_pj_per_bit", 0, {0, 1e3});
  e.io_write_pj_per_bit = r.number_or("io_write_pj_per_bit", e.io_read_pj_per_bit, {0, 1e3});
  e.cycle_ns = r.number_or("cycle_ns", e.cycle_ns, {1e-3, 1e3});
}

void DramSpecReader::read_timings(base::ConfigReader& r) {
  for (const std::string& key : r.keys()) spec_.timings[key] = r.integer(key, {0, std::int64_t{1} << 32});
  spec_.timings["BL"] = spec_.organization.burst_cycles;
  require_timing("CL", "reads");
  require_timing("CWL", "writes");
  if (spec_.controller.refresh == DramRefreshMode::kAllBank) require_timing("tREFI", "refresh.mode all_bank");
  if (spec_.controller.refresh == DramRefreshMode::kPerBank) require_timing("tREFIpb", "refresh.mode per_bank");
}

void DramSpecReader::require_timing(const std::string& key, const std::string& why) {
  if (!spec_.timings.count(key))
    problems_.add(top_.place("timings"), "missing timing '" + key + "' (needed by " + why + ")");
  timing_names_in_formulas_.push_back(key);
}

bool DramSpecReader::parse_bits(const std::string& text, std::vector<DramAddressBit>& bits) const {
  const std::size_t dots = text.find("..");
  int first = 0, last = 0;
  if (dots != std::string::npos) {
    if (!parse_int(text.substr(0, dots), first) || !parse_int(text.substr(dots + 2), last)) return false;
    if (first > last || last > 62) return false;
    for (int b = first; b <= last; ++b) bits.push_back({b});
    return true;
  }
  DramAddressBit sources;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, '^');) {
    if (!parse_int(part, first) || first > 62) return false;
    sources.push_back(first);
  }
  if (sources.empty() || text.back() == '^') return false;
  bits.push_back(sources);
  return true;
}

std::vector<DramAddressBit> DramSpecReader::read_bits(base::ConfigReader& section, const std::string& key) {
  std::vector<DramAddressBit> bits;
  if (!section.has(key)) {
    section.text_or(key, "");
    return bits;
  }
  for (const std::string& item : section.texts(key))
    if (!parse_bits(item, bits))
      problems_.add(section.place(key), "'" + item +
                                            "' is not a bit (13), a range of bits (6..12) or an exclusive or of bits "
                                            "(13^17), each from 0 to 62");
  return bits;
}

void DramSpecReader::read_mapping() {
  base::ConfigReader r = top_.section("mapping");
  DramMapping& m = spec_.mapping;
  m.channel = read_bits(r, "channel");
  m.rank = read_bits(r, "rank");
  m.bank_group = read_bits(r, "bank_group");
  m.bank = read_bits(r, "bank");
  m.row = read_bits(r, "row");
  m.column = read_bits(r, "column");
  if (problems_.empty()) check_mapping(r);
}

}  // namespace heat::spec
