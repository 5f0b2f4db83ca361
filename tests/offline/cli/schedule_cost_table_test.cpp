// heat-offline schedule --cost-table: the forms of a schedule are those of least EDP in the table; a layer that costs more
// than the dense one stays dense unless told otherwise.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "offline/cost_table/table.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const std::string kArch = std::string(HEAT_SOURCE_DIR) + "/configs/arch/simba-l.yaml";

int run(const std::string& arguments) {
  return WEXITSTATUS(std::system((std::string(HEAT_BIN_DIR) + "/heat-offline " + arguments).c_str()));
}

class ScheduleCostTable : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = testing::TempDir() + "schedule_cost_table";
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    base::write_file_atomically(file("config.json"),
                                R"({"model_type": "bert", "hidden_size": 64, "intermediate_size": 128,
                                    "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 100,
                                    "max_position_embeddings": 64})");
    ASSERT_EQ(run("cost-table --model-config " + file("config.json") + " --arch " + kArch +
                  " --seq-len 32 --methods cp,svd --top-k 1 --max-axes 3 --ratios 0.2,0.4 --out " + file("table") +
                  " --json " + file("table.json") + " 2>/dev/null"),
              0);
  }
  static std::string file(const std::string& name) { return folder_ + "/" + name; }

  // A copy of the table in which the dense rows cost so many times what they were predicted.
  static std::string with_dense(const std::string& name, double factor) {
    fs::copy_file(file("table/cost_table.sqlite"), file(name), fs::copy_options::overwrite_existing);
    CostTable table = CostTable::open(file(name));
    for (CostRow row : table.rows()) {
      if (row.form.method != Form::kDense) continue;
      row.measured_energy_pj = row.energy_pj * factor;
      row.measured_latency_ns = row.latency_ns;
      table.insert(row);
    }
    return file(name);
  }
  static std::string schedule(const std::string& table, const std::string& more) {
    return "schedule --model-config " + file("config.json") + " --arch " + kArch + " --seq-len 32 --out " +
           file("s.json") + " --json " + file("out.json") + " --cost-table " + table + " " + more + " 2>" + file("err");
  }
  static json layers() { return json_of("s.json").at("workload").at("layers"); }
  static json json_of(const std::string& name) { return json::parse(base::read_file(file(name))); }

  static std::string folder_;
};
std::string ScheduleCostTable::folder_;

TEST_F(ScheduleCostTable, TakesTheFormsOfLeastEdpWithinTheRatio) {
  const std::string path = with_dense("dear.sqlite", 1000);
  ASSERT_EQ(run(schedule(path, "--method cp --ratio 0.4 --random-weights 3")), 0) << base::read_file(file("err"));
  const json out = json_of("out.json"), forms = layers();
  EXPECT_EQ(out.at("method"), "cp");
  ASSERT_EQ(out.at("cost_table").at("sizes").size(), 3u);
  EXPECT_EQ(forms.size(), 12u);
  CostTable table = CostTable::open(path);
  int shapes = 0;
  for (const spec::LayerForm& layer : spec::layer_forms_from_json(forms, "layers")) {
    const Form& form = layer.form;
    EXPECT_EQ(form.method, "cp");
    const auto chosen = table.find(row_key(form, 32));
    ASSERT_TRUE(chosen) << layer.layer;
    double most = 0;
    for (const CostRow& r : table.rows())
      if (r.form.method == "cp" && r.rows() == form.shape.rows() && r.cols() == form.shape.cols() && r.feasible &&
          r.ratio <= 0.4)
        most = std::max(most, r.ratio);
    EXPECT_GE(chosen->ratio, 0.9 * most);
    for (const CostRow& r : table.rows()) {
      if (r.form.method != "cp" || r.rows() != form.shape.rows() || r.cols() != form.shape.cols() || !r.feasible ||
          r.ratio > 0.4 || r.ratio < 0.9 * most)
        continue;
      ++shapes;
      EXPECT_GE(r.best_edp_js(), chosen->best_edp_js()) << r.key();
    }
  }
  EXPECT_GT(shapes, 12) << "there was a choice";
  const std::string said = base::read_file(file("err"));
  EXPECT_NE(said.find("64x64 (8 layers): cp "), std::string::npos) << said;
  EXPECT_NE(said.find("128x64 (2 layers): cp "), std::string::npos) << said;
  EXPECT_EQ(said.find("costs more"), std::string::npos) << said;
}

TEST_F(ScheduleCostTable, KeepsTheDenseLayerThatCostsLessUnlessToldOtherwise) {
  const std::string path = with_dense("cheap.sqlite", 1e-3);
  ASSERT_EQ(run(schedule(path, "--method svd --ratio 0.4")), 0) << base::read_file(file("err"));
  EXPECT_EQ(json_of("s.json").at("workload").at("method"), "dense");
  EXPECT_EQ(json_of("out.json").at("method"), "dense");
  for (const json& layer : json(layers())) EXPECT_EQ(layer.at("method"), "dense");
  const json sizes = json_of("out.json").at("cost_table").at("sizes");
  EXPECT_EQ(sizes.size(), 3u);
  for (const json& size : sizes) {
    EXPECT_TRUE(size.at("kept_dense").get<bool>());
    EXPECT_GT(size.at("edp_over_dense").get<double>(), 1);
  }
  const std::string said = base::read_file(file("err"));
  EXPECT_NE(said.find("costs more than the dense layer, which is kept (--keep-factorised takes it all the same)"),
            std::string::npos)
      << said;

  ASSERT_EQ(run(schedule(path, "--method svd --ratio 0.4 --keep-factorised")), 0);
  EXPECT_EQ(json_of("s.json").at("workload").at("method"), "svd");
  for (const json& layer : json(layers())) EXPECT_EQ(layer.at("method"), "svd");
  EXPECT_NE(base::read_file(file("err")).find(": costs more than the dense layer\n"), std::string::npos);
}

TEST_F(ScheduleCostTable, SomeLayersOfEachThenMixed) {
  const std::string path = with_dense("mixed.sqlite", 1e-3);
  {
    CostTable table = CostTable::open(path);
    for (CostRow row : table.rows()) {
      if (row.form.method != Form::kDense || row.rows() != 64 || row.cols() != 64) continue;
      row.measured_energy_pj = row.energy_pj * 1000;
      table.insert(row);
    }
  }
  ASSERT_EQ(run(schedule(path, "--method svd --ratio 0.4")), 0) << base::read_file(file("err"));
  EXPECT_EQ(json_of("s.json").at("workload").at("method"), "mixed");
  int dense = 0;
  for (const json& layer : json(layers())) dense += layer.at("method") == "dense";
  EXPECT_EQ(dense, 4);
  // One layer alone asks for its own size only.
  ASSERT_EQ(run(schedule(path, "--method svd --ratio 0.4 --layer encoder.layer.1.output.dense")), 0);
  EXPECT_EQ(json_of("out.json").at("cost_table").at("sizes").size(), 1u);
}

// The paper's level 1: of a size one shape, that of the lowest error on the front, at every ratio.
TEST_F(ScheduleCostTable, ByShapeStarThenOneShapeASizeWhateverTheRatio) {
  const std::string path = file("table/cost_table.sqlite");
  CostTable table = CostTable::open(path);
  std::map<std::string, spec::TensorShape> shapes[2];
  std::map<std::string, double> kept[2];
  const char* ratios[2] = {"0.2", "0.4"};
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(run(schedule(path, std::string("--method cp --table-rule s-star --max-ratio 0.4 --max-edp-ratio 1000 ") +
                                     "--keep-factorised --ratio " + ratios[i])),
              0)
        << base::read_file(file("err"));
    for (const spec::LayerForm& layer : spec::layer_forms_from_json(layers(), "layers")) {
      const auto chosen = table.find(row_key(layer.form, 32));
      ASSERT_TRUE(chosen) << layer.layer;
      EXPECT_LE(chosen->ratio, std::stod(ratios[i]));
      shapes[i][layer.layer] = layer.form.shape;
      kept[i][layer.layer] = chosen->ratio;
      // No row within the limits has less error than the best one of this shape.
      double of_shape = 1e9, of_all = 1e9;
      for (const CostRow& r : table.rows()) {
        if (r.form.method != "cp" || r.rows() != chosen->rows() || r.cols() != chosen->cols() || !r.feasible ||
            r.ratio > 0.4)
          continue;
        of_all = std::min(of_all, r.error);
        if (r.form.shape == layer.form.shape) of_shape = std::min(of_shape, r.error);
      }
      EXPECT_EQ(of_shape, of_all) << layer.layer;
    }
  }
  EXPECT_EQ(shapes[0], shapes[1]);
  EXPECT_EQ(shapes[0].size(), 12u);
  for (const auto& [layer, ratio] : kept[0]) EXPECT_LT(ratio, kept[1].at(layer)) << layer;
}

TEST_F(ScheduleCostTable, RefusesATableThatCannotSay) {
  const std::string table = file("table/cost_table.sqlite");
  fs::remove(file("s.json"));
  EXPECT_EQ(run(schedule(table, "--method tucker --ratio 0.1")), 2);
  const std::string missing = base::read_file(file("err"));
  for (const char* size : {"64x64", "128x64", "64x128"})
    EXPECT_NE(missing.find(std::string("no feasible tucker row of ") + size +
                           " at 32 tokens with at most 0.1 of the parameters; heat-offline cost-table makes it"),
              std::string::npos)
        << missing;
  EXPECT_EQ(run(schedule(file("none.sqlite"), "--method svd")), 2);
  EXPECT_FALSE(fs::exists(file("none.sqlite")));
  EXPECT_EQ(run(schedule(table, "--method dense")), 2);
  EXPECT_EQ(run("schedule --model-config " + file("config.json") + " --arch " + HEAT_SOURCE_DIR +
                "/configs/arch/simba.yaml --seq-len 32 --method svd --out " + file("s.json") + " --cost-table " +
                table + " 2>" + file("err")),
            2);
  EXPECT_NE(base::read_file(file("err")).find("another architecture"), std::string::npos);
  EXPECT_EQ(run("schedule --model-config " + file("config.json") + " --arch " + kArch +
                " --seq-len 32 --method svd --keep-factorised --out " + file("s.json") + " 2>" + file("err")),
            2);
  EXPECT_NE(base::read_file(file("err")).find("--keep-factorised: only with --cost-table"), std::string::npos);
  EXPECT_EQ(run("schedule --model-config " + file("config.json") + " --arch " + kArch +
                " --seq-len 32 --method svd --table-rule s-star --out " + file("s.json") + " 2>" + file("err")),
            2);
  EXPECT_NE(base::read_file(file("err")).find("--table-rule: s-star only with --cost-table"), std::string::npos);
  EXPECT_EQ(run(schedule(table, "--method svd --table-rule best")), 2);
  EXPECT_NE(base::read_file(file("err")).find("'best': expected edp or s-star"), std::string::npos);
  EXPECT_FALSE(fs::exists(file("s.json")));
}

}  // namespace
}  // namespace heat::offline
