// One table of names; reading, writing and grouping all follow it.
#include "spec/energy_table.h"

#include <nlohmann/json.hpp>

#include "base/config_reader.h"

namespace heat::spec {
namespace {

struct ActionName {
  Action action;
  const char* name;
  const char* component;
};

constexpr ActionName kActions[kActionCount] = {
    {Action::kMac, "mac", "pe"},
    {Action::kWeightBufferRead, "weight_buffer_read", "pe"},
    {Action::kWeightBufferWrite, "weight_buffer_write", "pe"},
    {Action::kInputBufferRead, "input_buffer_read", "pe"},
    {Action::kInputBufferWrite, "input_buffer_write", "pe"},
    {Action::kAccumulatorRead, "accumulator_read", "pe"},
    {Action::kAccumulatorWrite, "accumulator_write", "pe"},
    {Action::kPpuElement, "ppu_element", "pe"},
    {Action::kGlobalBufferRead, "global_buffer_read", "global_buffer"},
    {Action::kGlobalBufferWrite, "global_buffer_write", "global_buffer"},
    {Action::kVectorElement, "vector_element", "vector_unit"},
    {Action::kNocByteHop, "noc_byte_hop", "noc"},
    {Action::kNopByteHop, "nop_byte_hop", "nop"},
    {Action::kControllerCommand, "controller_command", "controller"},
    {Action::kDramByte, "dram_interface_byte", "dram"},
};

constexpr const char* kStaticParts[kStaticPartCount] = {"pe",         "global_buffer", "vector_unit",
                                                        "noc_router", "nop_router",    "controller"};

}  // namespace

const char* action_name(Action action) {
  return kActions[static_cast<int>(action)].name;
}
const char* component_of(Action action) {
  return kActions[static_cast<int>(action)].component;
}
const char* static_part_name(StaticPart part) {
  return kStaticParts[static_cast<int>(part)];
}

EnergyTable EnergyTable::load(const std::string& path, base::Problems& problems) {
  EnergyTable table;
  base::ConfigReader r = base::ConfigReader::load(path, problems);
  table.name_ = r.text("name");
  base::ConfigReader actions = r.section("action_pj");
  for (const ActionName& a : kActions)
    table.action_pj_[static_cast<int>(a.action)] = actions.number(a.name, {0.0, 1e9});
  base::ConfigReader statics = r.section("static_mw");
  for (int i = 0; i < kStaticPartCount; ++i)
    table.static_mw_[static_cast<std::size_t>(i)] = statics.number(kStaticParts[i], {0.0, 1e9});
  base::ConfigReader analytical = r.section("analytical_dram");
  table.dram_all_in_pj_per_byte_ = analytical.number("all_in_pj_per_byte", {0.0, 1e9});
  table.dram_background_mw_ = analytical.number("background_mw", {0.0, 1e9});
  r.finish();
  return table;
}

EnergyTable EnergyTable::load(const std::string& path) {
  base::Problems problems;
  EnergyTable table = load(path, problems);
  problems.throw_if_any();
  return table;
}

nlohmann::ordered_json to_json(const EnergyTable& table) {
  nlohmann::ordered_json j;
  j["name"] = table.name();
  for (const ActionName& a : kActions) j["action_pj"][a.name] = table.pj(a.action);
  for (int i = 0; i < kStaticPartCount; ++i)
    j["static_mw"][kStaticParts[i]] = table.static_mw(static_cast<StaticPart>(i));
  j["analytical_dram"] = {{"all_in_pj_per_byte", table.dram_all_in_pj_per_byte()},
                          {"background_mw", table.dram_background_mw()}};
  return j;
}

}  // namespace heat::spec
