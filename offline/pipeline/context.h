// What several stages need and what is loaded once, when the first of them asks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "machines/calibration.h"
#include "offline/model/checkpoint.h"
#include "offline/pipeline/pipeline_config.h"
#include "offline/schedule/lower_network.h"
#include "offline/tasks/text_task.h"
#include "offline/train/text_batches.h"
#include "spec/arch_spec.h"
#include "spec/energy_table.h"

namespace heat::offline {

// Runs the parts of the stage that is next, as `jobs` says, somewhere; `folder` as in base/jobs/run_commands.h.
using FarmOut = std::function<void(const base::JobsOption& jobs, const std::string& folder)>;

class PipelineContext {
 public:
  PipelineContext(const PipelineConfig& config, std::string out, FarmOut farm_out = nullptr);

  // Has a divided stage's parts done by other processes, where the configuration's jobs are such. They leave them in the
  // stage's folder.
  void farm_out() const;
  // A file of the run, as stages name it in their results, and back.
  std::string relative(const std::string& file) const;
  std::string absolute(const std::string& file) const { return out_ + "/" + file; }

  const PipelineConfig& config() const { return config_; }
  const std::string& out() const { return out_; }
  const spec::ArchSpec& arch() const { return arch_; }
  const spec::EnergyTable& energy() const { return energy_; }

  const TextTask& task();  // with the limits applied
  Checkpoint& teacher();
  const std::vector<EncodedText>& train();
  const std::vector<EncodedText>& dev();
  const std::vector<EncodedText>& test();
  // Of the dev split: what the student's weights are chosen on (distill.dev_limit).
  const std::vector<EncodedText>& student_dev();
  // What the teacher and its students compute, and the label of their schedules.
  const Graph& graph() { return teacher().model.graph(); }
  NetworkLabel label(const std::string& method);
  // Of the test split: what the quantised student is scored on (task.int8_limit).
  std::vector<EncodedText> int8_test();
  // Of them, those that run on the simulated machine (task.machine_limit).
  std::vector<EncodedText> machine_test();
  // Embedded texts of the dev split: some that fill the sequence (first), then whole ones at their own length.
  const std::vector<std::vector<float>>& calibration_inputs();

 private:
  const std::vector<EncodedText>& encode(std::vector<EncodedText>& into, const std::vector<TextExample>& examples);

  const PipelineConfig& config_;
  std::string out_;
  FarmOut farm_out_;
  spec::ArchSpec arch_;
  spec::EnergyTable energy_;
  std::unique_ptr<TextTask> task_;
  std::unique_ptr<Checkpoint> teacher_;
  std::vector<TextExample> student_dev_examples_;
  std::vector<EncodedText> train_, dev_, test_, student_dev_;
  std::vector<std::vector<float>> inputs_;
};

// The network of these layers without values: for schedules that only count. Layers not named are dense.
NetworkForms forms_without_values(const std::vector<LayerForm>& layers);

}  // namespace heat::offline
