// A stage is done when its folder holds result.json, which is written last and by rename. The key chains: a stage's key
// covers its inputs' keys, not their bytes, because the same key means the same bytes.
#include "offline/loop/stage_runner.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>

#include "base/atomic_file.h"
#include "base/errors.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string numbered(std::size_t number, const std::string& name) {
  char text[8];
  std::snprintf(text, sizeof text, "%02zu-", number % 1000);
  return text + name;
}

void remove_other_keys(const fs::path& root, const std::string& stem, const fs::path& keep) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root, error))
    if (entry.path().filename().string().rfind(stem + "-", 0) == 0 && entry.path() != keep)
      fs::remove_all(entry.path(), error);
}

std::string duration(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, seconds < 10 ? "%.1f s" : "%.0f s", seconds);
  return text;
}

// Chains the keys of the stages it reads. `keys`: of those before it.
std::string key_of(const Stage& stage, const std::map<std::string, std::string>& keys) {
  std::string identity = stage.name + "\n" + stage.config.dump() + "\n";
  for (const std::string& input : stage.inputs) {
    HEAT_CHECK(keys.count(input), "stage " + stage.name + " reads " + input + ", which does not come before it");
    identity += input + " " + keys.at(input) + "\n";
  }
  return content_key(identity);
}

}  // namespace

void StageProgress::report(const std::string& text) {
  if (quiet_) return;
  const double now = now_seconds();
  if (start_ < 0) start_ = now;
  const bool terminal = isatty(STDERR_FILENO) != 0;
  if (last_ >= 0 && now - last_ < (terminal ? 0.5 : 10)) return;
  last_ = now;
  std::fprintf(stderr, terminal ? "\r\033[K%s  %s  %s" : "%s  %s  %s\n", head_.c_str(), text.c_str(),
               duration(now - start_).c_str());
  std::fflush(stderr);
  line_open_ = terminal;
}

void StageProgress::done(const std::string& text, double seconds) {
  if (quiet_) return;
  std::fprintf(stderr, "%s%s  %s  %s\n", line_open_ ? "\r\033[K" : "", head_.c_str(), text.c_str(),
               duration(seconds).c_str());
  std::fflush(stderr);
}

std::string content_key(const std::string& text) {
  std::uint64_t hash = 14695981039346656037ull;
  for (unsigned char c : text) hash = (hash ^ c) * 1099511628211ull;
  char hex[17];
  std::snprintf(hex, sizeof hex, "%016llx", static_cast<unsigned long long>(hash));
  return hex;
}

void run_stages(const std::string& root, const std::vector<Stage>& stages, const StageOptions& options) {
  std::error_code error;
  if (options.fresh) fs::remove_all(root, error);
  fs::create_directories(root, error);
  if (error) throw base::FileError("cannot create folder '" + root + "': " + error.message());
  std::map<std::string, std::string> keys;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const Stage& stage = stages[i];
    keys[stage.name] = key_of(stage, keys);
    const std::string stem = numbered(i + 1, stage.name);
    const fs::path folder = fs::path(root) / (stem + "-" + keys[stage.name]), result = folder / "result.json";
    StageProgress progress("[" + std::to_string(i + 1) + "/" + std::to_string(stages.size()) + "] " + stage.name,
                           options.quiet);
    if (fs::exists(result)) {
      stage.restore(nlohmann::json::parse(base::read_file(result.string())));
      progress.done("kept from the last run", 0);
    } else {
      fs::create_directories(folder);
      const double start = now_seconds();
      if (!options.shard.is_whole()) {
        if (!stage.run_part)
          throw base::ConfigError("--shard: the next stage, " + stage.name +
                                  ", is not divided: run it without --shard first");
        stage.run_part(folder.string(), progress, options.shard);
        return progress.done("part " + options.shard.text() + " done", now_seconds() - start);
      }
      base::write_file_atomically(result.string(), stage.run(folder.string(), progress).dump(1) + "\n");
      progress.done("done", now_seconds() - start);
    }
    remove_other_keys(root, stem, folder);
    if (options.stop_after == static_cast<int>(i) + 1) break;
  }
}

}  // namespace heat::offline
