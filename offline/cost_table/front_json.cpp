// Rows arrive sorted by size, so that a size is a run.
#include "offline/cost_table/front_json.h"

#include <algorithm>

namespace heat::offline {

using nlohmann::ordered_json;

ordered_json row_json(const CostRow& r) {
  ordered_json j = {{"key", r.key()},
                    {"method", r.form.method},
                    {"shape", shape_text(r.form)},
                    {"rank", ranks_text(r.form.ranks)},
                    {"params", r.params},
                    {"ratio", r.ratio},
                    {"error", r.error},
                    {"macs", r.macs},
                    {"energy_pj", r.energy_pj},
                    {"latency_ns", r.latency_ns},
                    {"edp_js", r.edp_js},
                    {"einsum", r.einsum},
                    {"path", r.path},
                    {"mapping", r.mapping}};
  if (r.measured_energy_pj) j["measured_energy_pj"] = *r.measured_energy_pj;
  if (r.measured_latency_ns) j["measured_latency_ns"] = *r.measured_latency_ns;
  if (r.measured_energy_pj || r.class_energy_correction) j["energy_correction"] = r.energy_correction();
  if (r.measured_latency_ns || r.class_latency_correction) j["latency_correction"] = r.latency_correction();
  return j;
}

ordered_json front_json(const std::vector<CostRow>& rows, const SelectionLimits& limits) {
  const std::vector<std::size_t> front = pareto_front(rows);
  ordered_json sizes = ordered_json::array();
  for (std::size_t begin = 0; begin < rows.size();) {
    const CostRow& size = rows[begin];
    std::size_t end = begin;
    std::vector<std::string> methods;
    ordered_json entry = {{"rows", size.rows()}, {"cols", size.cols()}, {"tokens", size.tokens}, {"candidates", 0}};
    for (; end < rows.size() && rows[end].rows() == size.rows() && rows[end].cols() == size.cols() &&
           rows[end].tokens == size.tokens;
         ++end) {
      const std::string& method = rows[end].form.method;
      if (rows[end].form.is_dense())
        entry["dense"] = row_json(rows[end]);
      else if (std::find(methods.begin(), methods.end(), method) == methods.end())
        methods.push_back(method);
    }
    entry["candidates"] = end - begin;
    ordered_json by_error = ordered_json::object(), by_edp = ordered_json::object();
    for (const std::string& m : methods) {
      if (const auto s = select_by_error(rows, size, m, limits)) by_error[m] = row_json(rows[*s]);
      if (const auto s = select_by_edp(rows, size, m, limits)) by_edp[m] = row_json(rows[*s]);
    }
    entry["s_star"] = by_error;
    entry["s_star_edp"] = by_edp;
    entry["front"] = ordered_json::array();
    for (std::size_t i : front)
      if (i >= begin && i < end) entry["front"].push_back(row_json(rows[i]));
    sizes.push_back(entry);
    begin = end;
  }
  return {{"max_ratio", limits.max_ratio}, {"max_edp_ratio", limits.max_edp_ratio}, {"sizes", sizes}};
}

}  // namespace heat::offline
