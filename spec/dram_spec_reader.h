// How spec/dram_spec.h reads a file; internal to spec/.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "spec/dram_spec.h"

namespace heat::spec {

class DramSpecReader {
 public:
  DramSpecReader(std::string file, base::ConfigReader top, base::Problems& problems)
      : file_(std::move(file)), top_(std::move(top)), problems_(problems) {
    spec_.file = file_;
  }
  // Throws ConfigError with all problems.
  DramSpec run();

 private:
  void read_organization();
  void read_controller();
  void read_refresh(base::ConfigReader& section);
  void read_power_down();
  void read_energy();
  void read_timings(base::ConfigReader& timings);
  void read_mapping();
  std::vector<DramAddressBit> read_bits(base::ConfigReader& section, const std::string& key);
  bool parse_bits(const std::string& text, std::vector<DramAddressBit>& bits) const;
  void read_standard(base::ConfigReader& timings);
  void report_unused_timings(base::ConfigReader& timings, const std::string& standard_path);
  void read_constraint(base::ConfigReader& item);
  std::uint32_t read_commands(base::ConfigReader& item, const std::string& key);
  void require_timing(const std::string& key, const std::string& why);
  std::uint32_t usable_commands() const;

  // dram_spec_check.cpp
  void check_timings(base::ConfigReader& timings);
  void check_mapping(base::ConfigReader& mapping);
  void check_controller(base::ConfigReader& controller);

  std::string file_;
  base::ConfigReader top_;
  base::Problems& problems_;
  DramSpec spec_;
  std::vector<std::string> timing_names_in_formulas_;
};

}  // namespace heat::spec
