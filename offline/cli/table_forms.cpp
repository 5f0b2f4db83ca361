// The table is only read: nothing is added for a size that it lacks.
#include "offline/cli/table_forms.h"

#include <cstdio>
#include <filesystem>

#include "base/errors.h"
#include "offline/cost_table/network_cost.h"
#include "offline/cost_table/provenance.h"

namespace heat::offline::cli {
namespace {

CostTable open_existing(const std::string& path) {
  if (!std::filesystem::exists(path)) throw base::ConfigError("--cost-table: '" + path + "': no such file");
  return CostTable::open(path);
}

}  // namespace

TableForms::TableForms(const TableFormsRequest& request, const std::vector<LinearLayer>& layers,
                       const spec::ArchSpec& arch, const spec::EnergyTable& energy)
    : request_(request) {
  const CostTable table = open_existing(request.table);
  check_architecture(table, arch, energy);
  const BuildOptions options = table_options(table);
  coster_ = std::make_unique<LayerCoster>(arch, energy, table_calibration(table), table_search());
  path_choice_ = std::make_unique<HardwarePaths>(*coster_, options.paths, options.max_path_macs);
  const std::vector<CostRow> rows = table.rows();
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> counts;
  for (const LinearLayer& layer : layers) ++counts[{layer.out, layer.in}];
  base::Problems problems;
  for (const LinearLayer& layer : layers) {
    const std::int64_t count = std::exchange(counts[{layer.out, layer.in}], 0);
    if (count == 0) continue;  // a size that came before
    std::string problem;
    const auto choice = choose_form(
        rows, {layer.out, layer.in, request.tokens, request.method, request.ratio, request.rule, request.limits},
        problem);
    if (choice)
      sizes_.push_back({layer.out, layer.in, count, *choice});
    else
      problems.add(request.table, problem + "; heat-offline cost-table makes it");
  }
  problems.throw_if_any();
}

const TableForms::Size& TableForms::size_of(const LinearLayer& layer) const {
  for (const Size& size : sizes_)
    if (size.rows == layer.out && size.cols == layer.in) return size;
  throw std::logic_error("no size of layer " + layer.name);
}

bool TableForms::dense(const LinearLayer& layer) const {
  return dense(size_of(layer));
}

const Form& TableForms::form(const LinearLayer& layer) const {
  return size_of(layer).choice.factorised.form;
}

PathChooser TableForms::paths() {
  return [this](const TensorNetwork& network) { return path_choice_->best(network).plan; };
}

bool TableForms::any_dense() const {
  for (const Size& size : sizes_)
    if (dense(size)) return true;
  return false;
}

bool TableForms::any_factorised() const {
  for (const Size& size : sizes_)
    if (!dense(size)) return true;
  return false;
}

nlohmann::ordered_json TableForms::json() const {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Size& size : sizes_)
    list.push_back({{"rows", size.rows},
                    {"cols", size.cols},
                    {"layers", size.layers},
                    {"form", form_text(size.choice.factorised.form)},
                    {"ratio", size.choice.factorised.ratio},
                    {"error", size.choice.factorised.error},
                    {"edp_over_dense", size.choice.edp_over_dense()},
                    {"kept_dense", dense(size)}});
  return list;
}

std::string TableForms::text() const {
  std::string text;
  for (const Size& size : sizes_) {
    const FormChoice& c = size.choice;
    char line[512];
    std::snprintf(line, sizeof line, "%lldx%lld (%lld %s): %s, %.3g of the parameters, %.3g times the dense EDP",
                  static_cast<long long>(size.rows), static_cast<long long>(size.cols),
                  static_cast<long long>(size.layers), size.layers == 1 ? "layer" : "layers",
                  form_text(c.factorised.form).c_str(), c.factorised.ratio, c.edp_over_dense());
    text += line;
    if (dense(size))
      text += ": costs more than the dense layer, which is kept (--keep-factorised takes it all the same)";
    else if (c.costs_more())
      text += ": costs more than the dense layer";
    text += "\n";
  }
  return text;
}

}  // namespace heat::offline::cli
