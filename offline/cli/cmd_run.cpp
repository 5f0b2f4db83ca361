// heat-offline run: the whole of HEAT from one configuration (./heat demo).
#include <filesystem>
#include <iostream>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "base/jobs/interrupt.h"
#include "offline/cli/command.h"
#include "offline/pipeline/pipeline.h"
#include "offline/train/run_control.h"

namespace heat::offline::cli {

int run_run(int argc, char** argv) {
  namespace po = boost::program_options;
  std::string config_file, out, json;
  PipelineOptions options;
  JobsArguments jobs;
  po::options_description description("Options");
  description.add_options()("config", po::value(&config_file)->required(), "pipeline configuration (YAML)")(
      "out", po::value(&out)->required(), "folder of the results; an interrupted run goes on there")(
      "fresh", po::bool_switch(&options.fresh), "start over")("quiet", po::bool_switch(&options.quiet),
                                                              "no progress lines")(
      "stop-after", po::value(&options.stop_after)->default_value(0), "stop after so many stages (0: run all)")(
      "json", po::value(&json)->default_value(""), "also write the summary there");
  jobs.add_to(description);
  po::variables_map values;
  if (!parse_options(argc, argv, description, "run --config F.yaml --out DIR [--fresh] [--json O]",
                     "  heat-offline run --config configs/pipeline/demo.yaml --out out/demo\n"
                     "  heat-offline run --config configs/pipeline/demo.yaml --out /shared/demo --jobs slurm:16\n",
                     values))
    return base::kDone;
  PipelineConfig config = PipelineConfig::load(config_file);
  config.jobs = jobs.resolve_jobs(config.jobs);
  options.shard = jobs.resolve_shard();
  if (options.fresh && !options.shard.is_whole())
    throw base::ConfigError("--fresh: not with --shard, whose parts go on");
  options.out = std::filesystem::absolute(out).lexically_normal().string();
  options.farm_out = [&](const base::JobsOption& how, const std::string& folder) {
    run_shards({argv[0], "--config", config_file, "--out", out, "--quiet"}, {}, how, folder);
  };
  std::cerr << "seed " << config.seed << "\n";
  prepare_process(config.threads);
  base::catch_interrupts();
  const std::optional<Summary> summary = run_pipeline(config, options);
  if (!summary) return base::kDone;
  if (!json.empty()) base::write_file_atomically(json, summary_json(*summary));
  std::cout << summary_table(*summary) << "  files: " << out
            << "/report.html, summary.json, schedule.json, weights.safetensors\n";
  return base::kDone;
}

}  // namespace heat::offline::cli
