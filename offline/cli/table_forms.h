// `heat-offline schedule --cost-table`: the forms of a network's layers as a cost table has them.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "offline/cost_table/choose_form.h"
#include "offline/schedule/choose_path.h"
#include "offline/schedule/network_forms.h"

namespace heat::offline::cli {

struct TableFormsRequest {
  std::string table;  // file
  std::string method;
  double ratio = 0;
  std::int64_t tokens = 0;
  bool keep_factorised = false;  // also where the dense layer has less EDP
  FormRule rule = FormRule::kLeastEdp;
  SelectionLimits limits = {};  // of s*
};

class TableForms {
 public:
  // Chooses a form for every size among `layers`. Throws ConfigError with all sizes that the table lacks, or when it was
  // made for another machine. `arch` and `energy` must outlive this.
  TableForms(const TableFormsRequest& request, const std::vector<LinearLayer>& layers, const spec::ArchSpec& arch,
             const spec::EnergyTable& energy);

  // Whether the layer stays dense.
  bool dense(const LinearLayer& layer) const;
  // The form of a layer that does not.
  const Form& form(const LinearLayer& layer) const;
  // Contraction paths by the rule of the table's rows, so that a layer runs what its row says.
  PathChooser paths();

  // Whether some layers stay dense, whether some do not.
  bool any_dense() const;
  bool any_factorised() const;
  // One entry a size: {"rows", "cols", "layers", "form", "ratio", "error", "edp_over_dense", "kept_dense"}.
  nlohmann::ordered_json json() const;
  // A line a size, and what to do where the dense layer costs less.
  std::string text() const;

 private:
  struct Size {
    std::int64_t rows = 0, cols = 0, layers = 0;
    FormChoice choice;
  };
  const Size& size_of(const LinearLayer& layer) const;
  bool dense(const Size& size) const { return size.choice.costs_more() && !request_.keep_factorised; }

  TableFormsRequest request_;
  std::vector<Size> sizes_;  // in the order of the layers
  std::unique_ptr<LayerCoster> coster_;
  std::unique_ptr<HardwarePaths> path_choice_;
};

}  // namespace heat::offline::cli
