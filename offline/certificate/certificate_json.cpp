// A certificate's file. An entry is a list ["pe_tile.m", 48] (a cut), a number (a part's bound), "none" (a part without
// a legal mapping) or ["costed", number or "none"] (a part whose mappings were all costed).
#include "machines/calibration.h"
#include "offline/certificate/certificate.h"

namespace heat::offline::certificate {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using spec::LoopDim;

constexpr const char* kFormat = "heat-certificate/1";

[[noreturn]] void refuse(const std::string& place, const json& value, const std::string& expected) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  throw Refused(place + ": is " + text + ", expected " + expected);
}

const json& member(const json& object, const std::string& key, const std::string& place) {
  if (!object.is_object()) refuse(place, object, "an object");
  const auto found = object.find(key);
  if (found == object.end()) throw Refused(place + ": has no '" + key + "'");
  return *found;
}

std::string under(const std::string& place, const std::string& key) {
  return place.empty() ? key : place + "." + key;
}

std::int64_t size_at(const json& object, const std::string& key, const std::string& place) {
  const json& value = member(object, key, place);
  const std::string expected = "a whole number from 1 to " + std::to_string(kLargestSize);
  if (!value.is_number_integer()) refuse(under(place, key), value, expected);
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(kLargestSize))
    refuse(under(place, key), value, expected);
  const auto size = value.get<std::int64_t>();
  if (size < 1 || size > kLargestSize) refuse(under(place, key), value, expected);
  return size;
}

double cost_of(const json& value, const std::string& place) {
  if (!value.is_number()) refuse(place, value, "a number");
  const auto number = value.get<double>();
  if (!(number >= 0 && number < std::numeric_limits<double>::infinity()))
    refuse(place, value, "a finite number, not negative");
  return number;
}

std::string word_at(const json& object, const std::string& key, const std::string& place) {
  const json& value = member(object, key, place);
  if (!value.is_string()) refuse(under(place, key), value, "a word");
  return value.get<std::string>();
}

LoopDim dim_of(const json& value, const std::string& place) {
  for (LoopDim dim : {LoopDim::kB, LoopDim::kM, LoopDim::kN, LoopDim::kK})
    if (value == spec::loop_dim_name(dim)) return dim;
  refuse(place, value, "b, m, n or k");
}

spec::Extents extents_at(const json& object, const std::string& key, const std::string& place) {
  const json& value = member(object, key, place);
  const std::string at = under(place, key);
  return {size_at(value, "b", at), size_at(value, "m", at), size_at(value, "n", at), size_at(value, "k", at)};
}

ordered_json extents_json(const spec::Extents& e) {
  return {{"b", e.b}, {"m", e.m}, {"n", e.n}, {"k", e.k}};
}

template <std::size_t N>
std::array<LoopDim, N> order_at(const json& object, const std::string& key, const std::string& place,
                                const std::vector<std::array<LoopDim, N>>& all) {
  const json& value = member(object, key, place);
  std::array<LoopDim, N> order{};
  if (!value.is_array() || value.size() != N) refuse(under(place, key), value, std::to_string(N) + " dimensions");
  for (std::size_t i = 0; i < N; ++i) order[i] = dim_of(value[i], under(place, key));
  for (const auto& one : all)
    if (one == order) return order;
  refuse(under(place, key), value, "each dimension once");
}

ordered_json configuration_json(const Configuration& c) {
  return {{"bound", spec::loop_dim_name(c.bound)}, {"chiplets", c.chiplets}, {"pinned", c.pinned()}};
}

Configuration configuration_at(const json& object, const std::string& place) {
  Configuration c;
  c.bound = dim_of(member(object, "bound", place), under(place, "bound"));
  c.chiplets = static_cast<int>(size_at(object, "chiplets", place));
  const json& pinned = member(object, "pinned", place);
  if (!pinned.is_array()) refuse(under(place, "pinned"), pinned, "a list of 'weight' and 'input'");
  for (const json& name : pinned) {
    bool& which = name == "weight" ? c.weight_pinned : c.input_pinned;
    if ((name != "weight" && name != "input") || which)
      refuse(under(place, "pinned"), pinned, "'weight' and 'input', each once at most");
    which = true;
  }
  return c;
}

ordered_json least_json(double least) {
  return least < std::numeric_limits<double>::infinity() ? ordered_json(least) : ordered_json("none");
}

double least_of(const json& value, const std::string& place) {
  return value == "none" ? std::numeric_limits<double>::infinity() : cost_of(value, place);
}

ordered_json entry_json(const Entry& entry) {
  if (const Cut* cut = std::get_if<Cut>(&entry)) return ordered_json::array({axis_name(cut->axis), cut->at});
  const Part& part = std::get<Part>(entry);
  return part.costed ? ordered_json::array({"costed", least_json(part.least)}) : least_json(part.least);
}

Entry entry_of(const json& value, const std::string& place) {
  if (!value.is_array()) return Part{least_of(value, place), false};
  if (value.size() != 2 || !value[0].is_string())
    refuse(place, value, "a cut, a bound, 'none' or 'costed' with a bound");
  if (value[0] == "costed") return Part{least_of(value[1], place), true};
  const auto axis = axis_of(value[0].get<std::string>());
  if (!axis) refuse(place, value, "a cut of spatial, pe_tile or gb_tile (.b, .m, .n, .k), gb_order or wave_order");
  if (!value[1].is_number_integer()) refuse(place, value, "a cut at a whole number");
  return Cut{*axis, value[1].get<std::int64_t>()};
}

}  // namespace

nlohmann::json machine_json(const machines::Machine& machine) {
  return json{{"architecture", spec::to_json(machine.arch)},
              {"energy", spec::to_json(machine.energy)},
              {"calibration", machines::to_json(machine.calibration)}};
}

ordered_json to_json(const Certificate& c) {
  ordered_json mapping = configuration_json(c.configuration);
  mapping["gb_tile"] = extents_json(c.mapping.gb_tile);
  mapping["pe_tile"] = extents_json(c.mapping.pe_tile);
  mapping["spatial"] =
      extents_json({c.mapping.spatial.b, c.mapping.spatial.m, c.mapping.spatial.n, c.mapping.spatial.k});
  for (LoopDim dim : c.mapping.gb_order) mapping["gb_order"].push_back(spec::loop_dim_name(dim));
  for (LoopDim dim : c.mapping.wave_order) mapping["wave_order"].push_back(spec::loop_dim_name(dim));
  ordered_json json{{"format", kFormat},
                    {"arch", c.arch},
                    {"machine", c.machine},
                    {"gemm", extents_json({c.size.b, c.size.m, c.size.n, c.size.k})},
                    {"objective", machines::objective_name(c.objective)},
                    {"space", kSpace},
                    {"mapping", mapping},
                    {"cycles", c.cycles},
                    {"energy_pj", c.energy_pj},
                    {"value", c.value},
                    {"lower_bound", c.lower_bound},
                    {"gap", c.gap()}};
  for (const Proof& proof : c.proofs) {
    ordered_json one = configuration_json(proof.configuration);
    for (const Entry& entry : proof.entries) one["subspaces"].push_back(entry_json(entry));
    json["proof"].push_back(std::move(one));
  }
  return json;
}

Certificate certificate_from_json(const nlohmann::json& json) {
  if (const std::string format = word_at(json, "format", "certificate"); format != kFormat)
    refuse("format", format, std::string("'") + kFormat + "'");
  if (const std::string space = word_at(json, "space", "certificate"); space != kSpace)
    refuse("space", space, std::string("'") + kSpace + "'");
  Certificate c;
  c.machine = member(json, "machine", "certificate");
  c.calibration = machines::calibration_from_json(member(c.machine, "calibration", "machine"), "machine.calibration");
  c.arch = word_at(json, "arch", "certificate");
  const spec::Extents size = extents_at(json, "gemm", "");
  c.size = {size.m, size.k, size.n, size.b};
  const std::string objective = word_at(json, "objective", "");
  if (!machines::parse_objective(objective)) refuse("objective", objective, "edp, energy or latency");
  c.objective = *machines::parse_objective(objective);
  const nlohmann::json& mapping = member(json, "mapping", "certificate");
  c.configuration = configuration_at(mapping, "mapping");
  c.mapping.gb_tile = extents_at(mapping, "gb_tile", "mapping");
  c.mapping.pe_tile = extents_at(mapping, "pe_tile", "mapping");
  const spec::Extents split = extents_at(mapping, "spatial", "mapping");
  c.mapping.spatial = {split.b, split.m, split.n, split.k};
  c.mapping.gb_order = order_at<3>(mapping, "gb_order", "mapping", {kGbOrders.begin(), kGbOrders.end()});
  c.mapping.wave_order = order_at<2>(mapping, "wave_order", "mapping", {kWaveOrders.begin(), kWaveOrders.end()});
  c.cycles = cost_of(member(json, "cycles", "certificate"), "cycles");
  c.energy_pj = cost_of(member(json, "energy_pj", "certificate"), "energy_pj");
  c.value = cost_of(member(json, "value", "certificate"), "value");
  c.lower_bound = cost_of(member(json, "lower_bound", "certificate"), "lower_bound");
  if (c.lower_bound > c.value) refuse("lower_bound", c.lower_bound, "at most the value");
  const double gap = cost_of(member(json, "gap", "certificate"), "gap");
  if (std::abs(gap - c.gap()) > 1e-9)
    refuse("gap", gap, "what value and lower_bound leave, " + std::to_string(c.gap()));
  const nlohmann::json& proof = member(json, "proof", "certificate");
  if (!proof.is_array()) refuse("proof", proof, "a list of configurations");
  for (const auto& one : proof) {
    Proof p{configuration_at(one, "proof"), {}};
    const nlohmann::json& entries = member(one, "subspaces", "proof of " + p.configuration.text());
    if (!entries.is_array()) refuse("proof of " + p.configuration.text(), entries, "a list of subspaces");
    for (std::size_t i = 0; i < entries.size(); ++i)
      p.entries.push_back(entry_of(entries[i], "subspace " + std::to_string(i) + " of " + p.configuration.text()));
    c.proofs.push_back(std::move(p));
  }
  return c;
}

}  // namespace heat::offline::certificate
