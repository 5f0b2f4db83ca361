// heat-offline supernet: trains the Rank SuperNet of level 2.
#include <filesystem>
#include <iostream>

#include "base/atomic_file.h"
#include "offline/cli/command.h"
#include "offline/train/level_config.h"

namespace heat::offline::cli {
namespace {

nlohmann::ordered_json ladders_json(const SuperNet& net) {
  return {{"layers", to_json(net.ladders())}};
}

}  // namespace

int run_supernet(int argc, char** argv) {
  RunOptions o;
  if (!parse_run_options(argc, argv, "SuperNet configuration (YAML)", "folder for the SuperNet and its training state",
                         "  heat-offline supernet --config configs/train/wordnet-supernet.yaml --out out/supernet\n",
                         o))
    return base::kDone;
  base::Problems problems;
  base::ConfigReader r = base::ConfigReader::load(o.config, problems);
  problems.throw_if_any();
  const LevelCommon common = read_common(r);
  const DecompositionChoice choice = read_decomposition(r.section("decomposition"));
  const std::vector<double> fractions = r.numbers("fractions", {0.001, 1});
  const SuperNetConfig config = read_supernet(r.section("supernet"), common.seed);
  r.finish();
  problems.throw_if_any();
  LevelData data = begin_level(common);
  SuperNet net(data.teacher.model, layer_forms(data.teacher.model, choice), fractions, config.normalize_variance);
  if (!train_supernet(net, data.teacher.model, data.train, config, {o.out}, progress_to_stderr()))
    throw base::Error("interrupted; the training state is saved, run the same command to go on");
  save_checkpoint(o.out, data.teacher.config, net.model(), data.teacher.tokenizer.vocabulary(), DType::kF32);
  base::write_file_atomically((std::filesystem::path(o.out) / "ladders.json").string(),
                              ladders_json(net).dump(2) + "\n");
  nlohmann::ordered_json json = {{"seed", common.seed}, {"steps", config.steps}};
  json["teacher_dev_accuracy"] = evaluate(data.teacher.model, data.dev).accuracy;
  for (const auto& [name, subnet] : {std::pair("largest", net.largest()), std::pair("smallest", net.smallest())}) {
    net.activate(subnet);
    json[std::string(name) + "_params"] = net.params(subnet);
    json[std::string(name) + "_dev_accuracy"] = evaluate(net.model(), data.dev).accuracy;
  }
  write_json(o.json, json);
  return base::kDone;
}

}  // namespace heat::offline::cli
