// Runs a pipeline's stages in order, each once: a stage whose key (hash of configuration and inputs) has its output on
// disk is not run again. An output is written whole, so that killing the process at any moment loses at most one stage.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/jobs/jobs_option.h"

namespace heat::offline {

// Says how far a stage is: "step 120/400". Cheap to call often; prints at most twice a second.
class StageProgress {
 public:
  StageProgress(std::string head, bool quiet) : head_(std::move(head)), quiet_(quiet) {}
  void report(const std::string& text);
  // The stage's last line.
  void done(const std::string& text, double seconds);

 private:
  std::string head_;
  bool quiet_;
  double last_ = -1;
  bool line_open_ = false;
  double start_ = -1;
};

// A stage: what it leaves for later ones is JSON on disk; large files go beside it into `folder` (their names in the
// JSON). Its owner keeps what `run` made or `restore` read in a form of its own.
struct Stage {
  std::string name;                 // of its folder and in progress lines
  std::vector<std::string> inputs;  // names of earlier stages whose results it reads
  nlohmann::json config;            // the part of the configuration that decides its result
  // Precondition: `folder` exists; what an interrupted run left there may still be in it (checkpoints to go on from).
  std::function<nlohmann::json(const std::string& folder, StageProgress& progress)> run;
  // Takes the result of an earlier run.
  std::function<void(const nlohmann::json& result)> restore;
  // Of a divided stage: leaves the shard's part in the folder, for `run` to take over. Empty: it is not divided.
  std::function<void(const std::string& folder, StageProgress& progress, const base::Shard& shard)> run_part;
};

struct StageOptions {
  bool fresh = false;  // forget earlier results
  bool quiet = false;  // no progress lines
  int stop_after = 0;  // stop after so many stages; 0: run all
  base::Shard shard;   // not the whole: this part of the first stage that is not done, and no more
};

// 64-bit FNV-1a of the text, as 16 hex digits.
std::string content_key(const std::string& text);

// Runs or restores the stages below `root` (folder "<nn>-<name>-<key>" each; folders of other keys of the same stage are
// removed once the stage is done). Throws base::ConfigError for a shard of a stage that is not divided.
void run_stages(const std::string& root, const std::vector<Stage>& stages, const StageOptions& options = {});

}  // namespace heat::offline
