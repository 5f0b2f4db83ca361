// Reading the golden rows of decompositions and rank rules, and running them.
#pragma once

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "offline/decompose/decomposition.h"
#include "offline/decompose/form_text.h"
#include "offline/decompose/rank_rules.h"
#include "tests/offline/decompose/test_matrices.h"

namespace heat::offline::testing {

inline nlohmann::json read_rows(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error("golden file missing: " + path);
  return nlohmann::json::parse(in);
}

// The matrix of a row, made once.
inline const std::vector<double>& row_matrix(const std::string& name) {
  static std::map<std::string, std::vector<double>> made;
  if (!made.count(name)) made[name] = name == "W_a" ? matrix_a() : name == "W_b" ? matrix_b() : matrix_c();
  return made[name];
}

// Decomposes as the row says. `one_pass` methods ignore iterations.
inline DecomposeResult run_row(const nlohmann::json& row) {
  static const std::map<std::string, std::string> methods = {{"cp_als", "cp"},     {"tucker_hooi", "tucker"},
                                                             {"ttm_svd", "ttm"},   {"cp", "cp"},
                                                             {"tucker", "tucker"}, {"ttm", "ttm"}};
  const Method& method = method_named(methods.at(row.at("method").get<std::string>()));
  const std::string name = row.at("matrix").get<std::string>();
  const std::vector<double>& w = row_matrix(name);
  const std::int64_t rows = name == "W_c" ? 384 : 768, cols = static_cast<std::int64_t>(w.size()) / rows;
  const auto modes = row.at("shape").get<std::vector<std::int64_t>>();
  std::string text;
  for (std::size_t k = 0; k < modes.size(); ++k) {
    const bool border = method.tensorization() == Tensorization::kPaired && k == modes.size() / 2;
    text += (k == 0 ? "" : border ? "," : "x") + std::to_string(modes[k]);
  }
  nlohmann::json rank =
      row.contains("rank_request") && row["rank_request"].is_array() ? row["rank_request"] : row.at("rank");
  const auto ranks =
      rank.is_array() ? rank.get<std::vector<std::int64_t>>() : std::vector<std::int64_t>{rank.get<std::int64_t>()};
  return decompose(w, {method.name(), parse_shape(text, method, rows, cols), ranks});
}

// TensorLy's choice for a row of rank_rules.json.
inline RankChoice run_rank_row(const nlohmann::json& row) {
  static const std::map<std::string, TensorLyRule> rules = {{"validate_cp_rank", TensorLyRule::kComponents},
                                                            {"validate_tucker_rank", TensorLyRule::kMultilinear},
                                                            {"validate_tt_rank", TensorLyRule::kTrain},
                                                            {"validate_tr_rank", TensorLyRule::kRing},
                                                            {"validate_tt_matrix_rank", TensorLyRule::kTrainMatrix}};
  TensorLyOptions options;
  if (row.at("rounding").is_string()) options.rounding = rounding_from_name(row["rounding"].get<std::string>());
  options.constant_rank = row.value("constant_rank", false);
  options.fixed_modes = row.value("fixed_modes", std::vector<std::size_t>{});
  return tensorly_ranks(rules.at(row.at("function").get<std::string>()),
                        row.at("shape").get<std::vector<std::int64_t>>(), row.at("ratio").get<double>(), options);
}

inline std::vector<std::int64_t> row_ranks(const nlohmann::json& row) {
  if (row.at("rank").is_array()) return row["rank"].get<std::vector<std::int64_t>>();
  return {row["rank"].get<std::int64_t>()};
}

}  // namespace heat::offline::testing
