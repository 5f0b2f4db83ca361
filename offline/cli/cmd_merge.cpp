// heat-offline merge: the parts that --shard left in a folder, put together.
#include <iostream>

#include "base/errors.h"
#include "offline/cli/command.h"
#include "offline/cost_table/parts.h"
#include "offline/train/score_parts.h"

namespace heat::offline::cli {

int run_merge(int argc, char** argv) {
  namespace po = boost::program_options;
  std::string out, json;
  po::options_description list("Options");
  list.add_options()("out", po::value(&out)->required(), "the folder that was the shards' --out")(
      "json", po::value(&json), "write the summary there (default: standard output)");
  po::variables_map values;
  if (!parse_options(
          argc, argv, list, "merge --out DIR",
          "  heat-offline cost-table ... --out table --shard 1/2    (and 2/2, anywhere that sees the folder)\n"
          "  heat-offline merge --out table\n",
          values))
    return base::kDone;
  nlohmann::ordered_json summary;
  if (has_parts(out)) {
    summary["table"] = table_file(out);
    summary["front"] = front_file(out);
    summary["added"] = merge_parts(out);
    summary["rows"] = CostTable::open(table_file(out)).rows().size();
  } else if (has_score_parts(out)) {
    summary["scores"] = scores_file(out);
    summary["subnets"] = merge_score_parts(out);
  } else {
    throw base::ConfigError(out + ": has no parts; expected the --out of commands that ran with --shard");
  }
  write_json(json, summary);
  return base::kDone;
}

}  // namespace heat::offline::cli
