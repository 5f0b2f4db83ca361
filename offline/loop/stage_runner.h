// Runs a pipeline's stages in order, each once: a stage whose key (hash of configuration and inputs) has its output on
// disk is not run again. An output is written whole, so that killing the process at any moment loses at most one stage.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

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

// A stage: the result it leaves for later ones is JSON; large files go beside it into `folder` (their names in the
// JSON).
struct Stage {
  std::string name;                 // of its folder and in progress lines
  std::vector<std::string> inputs;  // names of earlier stages whose results it reads
  nlohmann::json config;            // the part of the configuration that decides its result
  // Precondition: `folder` exists; what an interrupted run left there may still be in it (checkpoints to go on from).
  std::function<nlohmann::json(const std::map<std::string, nlohmann::json>& results, const std::string& folder,
                               StageProgress& progress)>
      run;
};

struct StageOptions {
  bool fresh = false;  // forget earlier results
  bool quiet = false;  // no progress lines
  int stop_after = 0;  // stop after so many stages (tests); 0: run all
};

// 64-bit FNV-1a of the text, as 16 hex digits.
std::string content_key(const std::string& text);

// Runs the stages below `root` (folder "<nn>-<name>-<key>" each; folders of other keys of the same stage are removed
// once the stage is done) and returns every stage's result by name.
std::map<std::string, nlohmann::json> run_stages(const std::string& root, const std::vector<Stage>& stages,
                                                 const StageOptions& options = {});

}  // namespace heat::offline
