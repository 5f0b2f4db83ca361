// heat-offline run: the whole of HEAT from one configuration (./heat demo).
#include <filesystem>
#include <iostream>

#include "base/errors.h"
#include "offline/cli/command.h"
#include "offline/pipeline/pipeline.h"
#include "offline/train/run_control.h"

namespace heat::offline::cli {

int run_run(int argc, char** argv) {
  namespace po = boost::program_options;
  std::string config_file, out, json;
  PipelineOptions options;
  po::options_description description("Options");
  description.add_options()("config", po::value(&config_file)->required(), "pipeline configuration (YAML)")(
      "out", po::value(&out)->required(), "folder of the results; an interrupted run goes on there")(
      "fresh", po::bool_switch(&options.fresh), "start over")("quiet", po::bool_switch(&options.quiet),
                                                              "no progress lines")(
      "stop-after", po::value(&options.stop_after)->default_value(0), "stop after so many stages (0: run all)")(
      "json", po::value(&json)->default_value(""), "also write the summary there");
  po::variables_map values;
  if (!parse_options(argc, argv, description, "run --config F.yaml --out DIR [--fresh] [--json O]",
                     "  heat-offline run --config configs/pipeline/demo.yaml --out out/demo\n", values))
    return base::kDone;
  const PipelineConfig config = PipelineConfig::load(config_file);
  options.out = std::filesystem::absolute(out).lexically_normal().string();
  std::cerr << "seed " << config.seed << "\n";
  prepare_process(config.threads);
  catch_interrupts();
  const nlohmann::ordered_json summary = run_pipeline(config, options);
  if (summary.empty()) return base::kDone;
  if (!json.empty()) write_json(json, summary);
  std::cout << summary_table(summary) << "  files: " << out
            << "/report.html, summary.json, schedule.json, weights.safetensors\n";
  return base::kDone;
}

}  // namespace heat::offline::cli
