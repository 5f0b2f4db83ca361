// Checks across keys of a DRAM description: timings that contradict one another, mapping bits that overlap or miss.
#include <map>

#include "spec/dram_spec_reader.h"

namespace heat::spec {
namespace {

int log2_exact(std::int64_t value) {
  int bits = 0;
  while ((std::int64_t{1} << bits) < value) ++bits;
  return (std::int64_t{1} << bits) == value ? bits : -1;
}

}  // namespace

void DramSpecReader::check_controller(base::ConfigReader& r) {
  const DramController& c = spec_.controller;
  if (c.write_high_watermark > c.write_queue)
    problems_.add(r.place("write_high_watermark"), "value " + std::to_string(c.write_high_watermark) +
                                                       " is above write_queue (" + std::to_string(c.write_queue) + ")");
  if (c.write_low_watermark >= c.write_high_watermark)
    problems_.add(r.place("write_low_watermark"), "value " + std::to_string(c.write_low_watermark) +
                                                      " must be below write_high_watermark (" +
                                                      std::to_string(c.write_high_watermark) + ")");
}

void DramSpecReader::check_timings(base::ConfigReader& r) {
  const auto value = [&](const std::string& key) { return spec_.timing(key); };
  const auto given = [&](const std::string& key) { return spec_.timings.count(key) > 0; };
  const auto text = [&](const std::string& key) { return key + " (" + std::to_string(value(key)) + ")"; };
  const auto at_most = [&](const std::string& small, const std::string& large) {
    if (given(small) && given(large) && value(small) > value(large))
      problems_.add(r.place(small), text(small) + " must not exceed " + text(large));
  };
  if (given("tRAS") && given("tRP") && given("tRC") && value("tRAS") + value("tRP") > value("tRC"))
    problems_.add(r.place("tRC"), "contradictory timings: " + text("tRAS") + " + " + text("tRP") + " = " +
                                      std::to_string(value("tRAS") + value("tRP")) + " exceeds " + text("tRC"));
  at_most("tRCD", "tRAS");
  at_most("tCCD_S", "tCCD_L");
  at_most("tRRD_S", "tRRD_L");
  at_most("tWTR_S", "tWTR_L");
  at_most("tRRD_S", "tFAW");
  at_most("tRFCpb", "tRFC");
  for (const char* key : {"CL", "CWL", "tRCD", "tRP", "tRAS", "tRC", "tREFI", "tREFIpb", "tRFC", "tRFCpb"})
    if (given(key) && value(key) == 0) problems_.add(r.place(key), std::string(key) + " must be at least 1");
  if (given("tCCD_S") && value("tCCD_S") < spec_.organization.burst_cycles)
    problems_.add(r.place("tCCD_S"), text("tCCD_S") + " is below organization.burst_cycles (" +
                                         std::to_string(spec_.organization.burst_cycles) +
                                         "): bursts would overlap on the data bus");
  const bool all_bank = spec_.controller.refresh == DramRefreshMode::kAllBank;
  if (all_bank && value("tRFC") + value("tRP") >= value("tREFI"))
    problems_.add(r.place("tREFI"),
                  text("tREFI") + " leaves no time between refreshes: " + text("tRFC") + " + " + text("tRP"));
  if (spec_.controller.refresh == DramRefreshMode::kPerBank && given("tREFI") &&
      value("tREFIpb") * spec_.refreshes_per_round() > value("tREFI"))
    problems_.add(r.place("tREFIpb"), text("tREFIpb") + " x " + std::to_string(spec_.refreshes_per_round()) +
                                          " refreshes a round must not exceed " + text("tREFI"));
  if (spec_.controller.refresh == DramRefreshMode::kPerBank &&
      value("tRFCpb") >= value("tREFIpb") * spec_.refreshes_per_round())
    problems_.add(r.place("tREFIpb"),
                  text("tREFIpb") + " leaves no time between refreshes of a bank: " + text("tRFCpb"));
}

void DramSpecReader::check_mapping(base::ConfigReader& r) {
  const DramOrganization& o = spec_.organization;
  const DramMapping& m = spec_.mapping;
  struct Field {
    const char* key;
    const std::vector<DramAddressBit>* bits;
    std::int64_t count;
    const char* counted;
  };
  const Field fields[] = {{"channel", &m.channel, o.channels, "channels"},
                          {"rank", &m.rank, o.ranks, "ranks"},
                          {"bank_group", &m.bank_group, o.bank_groups, "bank_groups"},
                          {"bank", &m.bank, o.banks_per_group, "banks_per_group"},
                          {"row", &m.row, o.rows, "rows"},
                          {"column", &m.column, o.columns, "columns"}};
  const int offset = log2_exact(o.access_bytes());
  int total = offset;
  std::map<int, const char*> owner;
  for (const Field& f : fields) {
    const int need = log2_exact(f.count);
    if (need < 0) {
      problems_.add(top_.place("organization"), std::string(f.counted) + " = " + std::to_string(f.count) +
                                                    " is no power of two, so that no bits can select it");
      continue;
    }
    total += need;
    if (static_cast<int>(f.bits->size()) != need)
      problems_.add(r.place(f.key), "gives " + std::to_string(f.bits->size()) + " bits for " + std::string(f.key) +
                                        ", but " + f.counted + " = " + std::to_string(f.count) + " needs " +
                                        std::to_string(need));
    for (const DramAddressBit& sources : *f.bits) {
      const auto [at, fresh] = owner.emplace(sources.front(), f.key);
      if (!fresh)
        problems_.add(r.place(f.key), "address bit " + std::to_string(sources.front()) +
                                          " overlaps: it already belongs to " + at->second);
      if (sources.front() < offset)
        problems_.add(r.place(f.key), "address bit " + std::to_string(sources.front()) + " lies inside the " +
                                          std::to_string(o.access_bytes()) + "-byte access");
    }
  }
  for (int b = offset; b < total; ++b)
    if (!owner.count(b))
      problems_.add(r.place(), "address bit " + std::to_string(b) + " is missed: no field owns it (bits " +
                                   std::to_string(offset) + " to " + std::to_string(total - 1) +
                                   " must have an owner)");
  // The row bits must not be mixed into others' exclusive or by a bit nobody owns.
  for (const Field& f : fields)
    for (const DramAddressBit& sources : *f.bits)
      for (std::size_t i = 1; i < sources.size(); ++i)
        if (std::string(f.key) == "row" || !owner.count(sources[i]) || std::string(owner[sources[i]]) != "row")
          problems_.add(r.place(f.key),
                        "address bit " + std::to_string(sources[i]) +
                            " in an exclusive or must belong to row (so that the mapping stays one to one)");
}

}  // namespace heat::spec
