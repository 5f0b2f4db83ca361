#include "machines/calibration.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"

namespace heat::machines::simba {
namespace {

std::string path_of(const std::string& name) {
  return testing::TempDir() + name;
}

TEST(Calibration, RoundTripsThroughJson) {
  Calibration c;
  c.dram_bandwidth_factor = 0.83;
  c.overlap = 0.5;
  c.dram_pj_per_byte = 25.5;
  c.wave_overhead_cycles = 12;
  c.save(path_of("calibration.json"));
  EXPECT_EQ(Calibration::load(path_of("calibration.json")), c);
}

TEST(Calibration, WhenValuesAreImpossibleThenOneErrorNamesThemAll) {
  nlohmann::ordered_json json = to_json(Calibration{});
  json["overlap"] = 1.5;
  json["send_factor"] = "x";
  json["ovrlap"] = 1;
  base::write_file_atomically(path_of("bad.json"), json.dump());
  try {
    Calibration::load(path_of("bad.json"));
    FAIL() << "expected ConfigError";
  } catch (const base::ConfigError& e) {
    const std::string text = e.what();
    for (const char* word : {"overlap", "send_factor", "ovrlap"}) EXPECT_NE(text.find(word), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace heat::machines::simba
