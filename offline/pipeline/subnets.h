// SubNets between stages: features for the predictor, parameters on disk.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "offline/pipeline/pipeline_config.h"
#include "offline/search/predictor.h"

namespace heat::offline {

// A SubNet's rank choices as numbers, one a layer.
std::vector<double> features_of(const SubNet& subnet);

// All parameters of a model under their names, F32.
void write_parameters(const TorchModel& model, const std::string& path,
                      const std::map<std::string, std::string>& metadata);
// Fills a model of the same structure. Throws spec::ConfigError naming what is absent or of another size.
void read_parameters(TorchModel& model, const std::string& path);

}  // namespace heat::offline
