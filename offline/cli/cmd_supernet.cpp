// heat-offline supernet: trains the Rank SuperNet of level 2.
#include <filesystem>
#include <iostream>

#include "offline/cli/command.h"
#include "offline/train/level_config.h"
#include "spec/atomic_file.h"

namespace heat::offline::cli {
namespace {

nlohmann::ordered_json ladders_json(const SuperNet& net) {
  auto layers = nlohmann::ordered_json::array();
  for (const RankLadder& l : net.ladders())
    layers.push_back({{"layer", l.layer},
                      {"method", method_name(l.method)},
                      {"shape", shape_text(l.shape, l.method)},
                      {"choices", l.choices},
                      {"params", l.params}});
  return {{"layers", layers}};
}

}  // namespace

int run_supernet(int argc, char** argv) {
  namespace po = boost::program_options;
  std::string config_path, out, json_path;
  po::options_description options("Options");
  options.add_options()("config", po::value(&config_path)->required(), "SuperNet configuration (YAML)")(
      "out", po::value(&out)->required(), "folder for the SuperNet and its training state")(
      "json", po::value(&json_path)->default_value(""), "result file (default: standard output)");
  po::variables_map values;
  if (!parse_options(argc, argv, options, "supernet --config F.yaml --out DIR [--json O]",
                     "  heat-offline supernet --config configs/train/wordnet-supernet.yaml --out out/supernet\n",
                     values))
    return spec::kDone;
  spec::Problems problems;
  spec::ConfigReader r = spec::ConfigReader::load(config_path, problems);
  problems.throw_if_any();
  const LevelCommon common = read_common(r);
  const DecompositionChoice choice = read_decomposition(r.section("decomposition"));
  const std::vector<double> fractions = r.numbers("fractions", {0.001, 1});
  const SuperNetConfig config = read_supernet(r.section("supernet"), common.seed);
  r.finish();
  problems.throw_if_any();
  prepare_process(common.threads);
  catch_interrupts();
  std::cerr << "seed " << common.seed << ", threads " << common.threads << "\n";
  LevelData data = load_level_data(common);
  SuperNet net(data.teacher.model, plan_layers(data.teacher.model, choice), fractions, config.normalize_variance);
  if (!train_supernet(net, data.teacher.model, data.train, config, {out}, progress_to_stderr()))
    throw spec::Error("interrupted; the training state is saved, run the same command to go on");
  save_checkpoint(out, net.model(), data.teacher.tokenizer.vocabulary(), DType::kF32);
  spec::write_file_atomically((std::filesystem::path(out) / "ladders.json").string(), ladders_json(net).dump(2) + "\n");
  nlohmann::ordered_json json = {{"seed", common.seed}, {"steps", config.steps}};
  json["teacher_dev_accuracy"] = evaluate(data.teacher.model, data.dev).accuracy;
  for (const auto& [name, subnet] : {std::pair("largest", net.largest()), std::pair("smallest", net.smallest())}) {
    net.activate(subnet);
    json[std::string(name) + "_params"] = net.params(subnet);
    json[std::string(name) + "_dev_accuracy"] = evaluate(net.model(), data.dev).accuracy;
  }
  write_json(json_path, json);
  return spec::kDone;
}

}  // namespace heat::offline::cli
