// A schedule: a workload and a plan of it. heat-offline writes it, simba-sim runs it.
//
// On disk: `<name>.json` (docs/formats.md) and beside it the file named by "dram_image" with the initial content of the
// tensors that are given before the run (inputs, weights, parameters), each at its address.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/errors.h"
#include "spec/plan.h"
#include "spec/workload.h"

namespace heat::spec {

// The value of the JSON's key "format". Files of another format are refused.
constexpr const char* kScheduleFormat = "heat-schedule/9";

struct Schedule {
  Workload workload;
  Plan plan;
  std::string dram_image;  // file name beside the JSON; empty: no data (timing only)
  std::string file;        // where it was read from (not part of the JSON)
  // Of the workload and the data that it is given (spec/dram_image.h); means something where there is an image.
  std::uint32_t data_crc32 = 0;

  // Reads the JSON and verifies it (spec/schedule_checks.h); the image is not looked at. Throws ScheduleError with all
  // problems.
  static Schedule load(const std::string& path);
};

nlohmann::ordered_json to_json(const Schedule& schedule);
nlohmann::ordered_json to_json(const Workload& workload);
// Writes the JSON whole. The DRAM image is written by its producer.
void save(const Schedule& schedule, const std::string& path);

}  // namespace heat::spec
